"""A to-do list over HTTP."""
