"""The tariff: what a parcel costs by zone and weight."""

from parcel.zones import zone_of

BANDS = [(1000, 4.50), (5000, 7.00), (10000, 10.50), (31500, 19.00)]
"""Greatest weight in grams, and the price in zone 1."""
ZONE_FACTOR = {1: 1.0, 2: 1.6, 3: 2.5}
BULKY = 1.25


class TooHeavy(ValueError):
    """No tariff takes parcels of this weight."""


def band_price(grams):
    """The price of the lightest band that takes the weight."""
    for limit, price in BANDS:
        if grams <= limit:
            return price
    raise TooHeavy(f"{grams} g")


def girth(length, width, height):
    """Longest side plus the way around the two others, in centimetres."""
    longest, middle, shortest = sorted((length, width, height), reverse=True)
    return longest + 2 * (middle + shortest)


def is_bulky(length, width, height):
    """Whether a parcel needs to be carried by hand."""
    return girth(length, width, height) > 300 or max(length, width, height) > 120


def price(grams, country, size=None):
    """What a parcel costs, in euros, rounded to cents."""
    total = band_price(grams) * ZONE_FACTOR[zone_of(country)]
    if size and is_bulky(*size):
        total *= BULKY
    return round(total, 2)
