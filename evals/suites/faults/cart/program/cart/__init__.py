"""A shopping cart: exact money, vouchers, taxes and postage."""
