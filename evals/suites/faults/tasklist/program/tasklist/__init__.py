"""A to-do list with due days, tags and a plain text format."""
