"""How well the validator tells right patches from wrong ones, and what each of its gates catches."""
