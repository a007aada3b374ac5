"""The engine that needs no model: each role is a handful of rules over recorded facts."""
