"""Two texts, or two runs, beside each other."""
