"""What a linear classifier can say from what a model computes: from its hidden states, or from its attention alone."""
