"""Whether maps of a text agree with what the answer rests on, and whether they hold when tokens are hidden by them."""
