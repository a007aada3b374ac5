"""What runs in the sandbox on behalf of the tools."""
