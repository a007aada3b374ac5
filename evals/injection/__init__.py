"""Prompt injection: an obedient model does what planted text says, and invariants are checked."""
