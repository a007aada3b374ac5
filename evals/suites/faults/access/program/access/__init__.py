"""Who may do what: roles that inherit, grants on resources, and a log of decisions."""
