"""Models on texts made for the question."""
