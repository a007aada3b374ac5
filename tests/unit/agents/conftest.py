"""A place to work at, for every test of what uses tools."""

from tests.unit.tools.places import place

__all__ = ["place"]
