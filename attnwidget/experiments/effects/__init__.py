"""What the output rests on: the computation changed, and the answer compared."""
