"""Language models: whichever is chosen for a role, asked with patience and within budgets."""
