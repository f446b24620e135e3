"""Tokens that a model produces, one by one, and one trace of all of them."""
