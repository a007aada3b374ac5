"""Memory measured: whether rules that roles learn help, fail safely, and cannot be planted."""
