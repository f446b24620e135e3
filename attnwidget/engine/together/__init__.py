"""Many short texts in one pass: padded to one length, and a trace for each as if it had been read alone."""
