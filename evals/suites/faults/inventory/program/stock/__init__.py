"""Goods in a warehouse: what there is, what is promised, what to order."""
