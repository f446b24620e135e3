"""The pattern of every head, by name."""
