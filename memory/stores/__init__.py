"""Stores of tasks, approvals, effects and audit, by kind."""

STORES = {"sqlite": "memory.stores.sqlite:SqliteStores"}
