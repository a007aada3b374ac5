"""What Anton shows of himself: events, logs, and no secrets."""
