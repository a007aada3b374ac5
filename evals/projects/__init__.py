"""Real projects as they are published: prepared, tested, and compared with a plain run outside."""
