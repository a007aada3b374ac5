"""Invoices of many parcels."""

from parcel.tariff import price

DISCOUNTS = [(10, 0.05), (50, 0.10), (100, 0.15)]
"""From how many parcels on, and the share taken off."""


def discount_for(count):
    """The share that is taken off for so many parcels."""
    for least, share in DISCOUNTS:
        if count >= least:
            return share
    return 0.0


def total(parcels):
    """The sum of an invoice; parcels are dicts with grams, country and maybe size."""
    gross = sum(price(p["grams"], p["country"], p.get("size")) for p in parcels)
    return round(gross * (1 - discount_for(len(parcels))), 2)


def lines(parcels):
    """One line of text for each parcel."""
    return [
        f"{p['country']} {p['grams']} g {price(p['grams'], p['country'], p.get('size')):.2f}"
        for p in parcels
    ]
