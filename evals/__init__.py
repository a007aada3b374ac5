"""How well Anton works, measured."""
