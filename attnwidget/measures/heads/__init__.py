"""One number per head, from its rows."""
