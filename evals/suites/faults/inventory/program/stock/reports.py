"""Figures about a warehouse."""


def value(warehouse, day):
    """What all good stock is worth, in cents."""
    return sum(b.amount * b.article.price for b in warehouse.batches if b.is_good(day))


def orders(warehouse, day):
    """How much to order of each article that has come down to its limit, in whole packs."""
    wanted = {}
    for sku, article in warehouse.articles.items():
        have = warehouse.available(sku, day)
        if have > article.reorder_at:
            continue
        packs = 1
        while have + packs * article.reorder_amount <= article.reorder_at:
            packs += 1
        wanted[sku] = packs * article.reorder_amount
    return wanted


def movements(log, sku=None):
    """Total amounts by kind of movement, for one article or for all."""
    totals = {"in": 0, "out": 0, "gone": 0}
    for kind, moved, amount in log:
        if sku is None or moved == sku:
            totals[kind] += amount
    return totals


def bestsellers(log, count=3):
    """The articles that went out most, the greatest amount first, names deciding ties."""
    sold = {}
    for kind, sku, amount in log:
        if kind == "out":
            sold[sku] = sold.get(sku, 0) + amount
    ranked = sorted(sold.items(), key=lambda pair: (-pair[1], pair[0]))
    return ranked[:count]
