"""Which zone a country lies in."""

ZONES = {"DE": 1, "AT": 1, "FR": 2, "IT": 2, "US": 3, "JP": 3}


def zone_of(country):
    """The zone of a country code, 3 for those that are not listed."""
    return ZONES.get(country.upper(), 3)
