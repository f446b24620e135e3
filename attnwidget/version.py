"""The version, defined here alone; js/package.json repeats it, and a test compares them."""

__version__ = "0.1.0"
