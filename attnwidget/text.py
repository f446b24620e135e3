"""Text that Jupyter can carry, how much of it is accepted, and stretches of it."""

from typing import TypeAlias

Span: TypeAlias = tuple[int, int]
"""A stretch of a text: its first code point, and the one behind its last."""

LARGEST_TEXT = 200_000
"""Characters. Beyond this the result is too large to look at, and tokenising alone would stall the kernel."""


def well_formed(text: str) -> str:
    """The text with every lone surrogate replaced by U+FFFD: neither tokenizers nor Jupyter accept them.

    >>> well_formed("a" + chr(0xD800) + "b") == "a" + chr(0xFFFD) + "b"
    True
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
