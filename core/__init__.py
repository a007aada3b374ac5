"""The vocabulary of the house: values and protocols, from standard library and pydantic alone."""
