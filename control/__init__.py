"""The control plane: what runs, and under whose eye."""

VERSION = "0.1.0"
