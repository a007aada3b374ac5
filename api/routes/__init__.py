"""The addresses, a file for each kind of thing."""
