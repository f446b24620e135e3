"""Whether a fact that a text states is looked at, encoded and used where the model answers."""
