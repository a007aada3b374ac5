"""The control plane: what runs, and under whose eye."""
