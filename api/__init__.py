"""REST and its streams: what other programs see of Anton."""
