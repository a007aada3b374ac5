"""A small bank: accounts, transfers and statements, in whole cents."""
