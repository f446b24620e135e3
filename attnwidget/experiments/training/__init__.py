"""Heads over training."""
