"""Servers that are killed while they run sandboxes, and what then is left."""
