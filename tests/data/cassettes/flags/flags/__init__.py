"""Feature flags from a file of settings."""
