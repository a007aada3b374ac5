"""From a model's text to a changed tree, or to refusals that say what to send instead."""
