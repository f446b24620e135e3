"""Passes with gradients, on the copy of the user's model: what an answer changes with."""
