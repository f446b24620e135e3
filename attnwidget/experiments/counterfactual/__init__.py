"""Attention that a model could have had instead: patterns in the place of its own, and what becomes of the answer."""
