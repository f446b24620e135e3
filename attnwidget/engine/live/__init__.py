"""The session of one explorer: earlier forward passes are reused."""
