"""Read delimited text, compute with its rows, print them as a table."""
