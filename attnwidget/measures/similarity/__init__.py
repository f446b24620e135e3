"""Heads compared with heads."""
