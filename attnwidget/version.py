"""The one place that says the version; js/package.json carries the same and a test compares them."""

__version__ = "0.1.0"
