"""What is chosen: traits, what a change brings with it, state, links."""
