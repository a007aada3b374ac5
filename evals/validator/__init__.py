"""How well the validator tells right patches from wrong ones, and what each gate catches."""
