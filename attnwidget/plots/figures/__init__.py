"""The figures, one kind of chart per file."""
