"""What the answer changes with, to first order: gradients by words, by attention and by heads."""
