"""The workflows: which step follows which."""

WORKFLOWS = {"repair": "graph.repair.workflow:drawing"}
"""Name of a workflow to the function that draws its graph."""
