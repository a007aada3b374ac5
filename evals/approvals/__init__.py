"""Consent under faults: many questions, four channels, and what goes wrong in between."""
