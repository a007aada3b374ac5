"""Orders on their way from the basket to the door."""
