"""The terminal's face: commands, live progress, and the question of consent."""
