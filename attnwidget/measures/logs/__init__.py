"""The numbers of every head, kept text by text: written where a model is at work, read again to compare."""
