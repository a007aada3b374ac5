"""What thinks: the roles of a workflow, by rules or by a model, behind one port."""
