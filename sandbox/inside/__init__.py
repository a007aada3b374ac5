"""What runs as the first process of a sandbox: the standard library alone, Python 3.9 or later."""
