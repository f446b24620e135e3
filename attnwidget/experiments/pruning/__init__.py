"""Heads taken out one after another, and what is left of the answers."""
