"""All that an agent can do; to audit Anton, list this folder."""
