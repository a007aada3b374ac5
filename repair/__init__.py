"""The technique: how a fault is found, and a patch searched and judged; no model, no vendor."""
