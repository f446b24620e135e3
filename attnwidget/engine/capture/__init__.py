"""Attention as it goes by in one forward pass -> a Trace."""
