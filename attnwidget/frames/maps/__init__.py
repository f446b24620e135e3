"""The maps, rows and tiles of a frame."""
