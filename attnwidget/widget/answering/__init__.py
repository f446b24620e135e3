"""Requests from the page, and their answers."""
