"""What runs inside the sandbox to judge candidates: the standard library and pytest alone.

The package is sent over standard input, so that no file of ours lies in the workspace.
"""
