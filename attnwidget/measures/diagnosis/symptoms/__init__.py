"""One symptom of a failing model per function: Examined -> Finding, or None where it is not there."""
