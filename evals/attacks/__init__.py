"""Attacks on a sandbox, each with what it must not achieve."""
