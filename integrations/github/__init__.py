"""GitHub, spoken to by REST alone."""
