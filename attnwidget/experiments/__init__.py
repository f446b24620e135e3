"""Models run again and again: numbers that no single trace can give."""
