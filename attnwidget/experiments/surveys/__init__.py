"""A question asked of many texts, with controls beside the answers."""
