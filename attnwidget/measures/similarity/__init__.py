"""Heads beside heads."""
