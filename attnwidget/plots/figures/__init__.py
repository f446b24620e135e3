"""The figures, one kind of chart a file."""
