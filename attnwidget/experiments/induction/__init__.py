"""Models on specially made texts."""
