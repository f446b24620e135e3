"""Attention observed in one forward pass -> a Trace."""
