"""The session of one explorer: what was read is used again."""
