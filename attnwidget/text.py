"""Text that Jupyter can carry, and how much of it is accepted."""

LARGEST_TEXT = 200_000
"""Characters. Beyond this the result is too large to look at, and tokenising alone would stall the kernel."""


def well_formed(text: str) -> str:
    """The text with every lone surrogate replaced by U+FFFD: neither tokenizers nor Jupyter accept them.

    >>> well_formed("a" + chr(0xD800) + "b") == "a" + chr(0xFFFD) + "b"
    True
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
