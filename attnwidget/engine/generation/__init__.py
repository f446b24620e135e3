"""Tokens that a model generates, one by one, and one trace of all of them."""
