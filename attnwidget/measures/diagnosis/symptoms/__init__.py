"""One symptom of a failing model per function: Examined -> Finding, or None if it is absent."""
