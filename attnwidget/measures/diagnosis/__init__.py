"""What may be wrong with a model on a text."""
