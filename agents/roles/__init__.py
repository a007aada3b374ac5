"""The roles: one file each, with the prompt of the same name in `agents/prompts`."""
