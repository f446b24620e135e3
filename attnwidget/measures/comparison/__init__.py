"""Two texts, or two runs, compared."""
