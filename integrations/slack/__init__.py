"""Slack: cards as Block Kit, the channel that shows them, and what people send back."""
