"""User input -> the arguments of the forward pass."""
