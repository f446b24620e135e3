"""Generation that nobody asked for in so many words: its settings are ours, and so is what is said about them."""

from collections.abc import Iterator
from contextlib import contextmanager

from transformers import logging


@contextmanager
def quietly() -> Iterator[None]:
    """Without what transformers says of settings that a user did not choose; errors are said.

    Whisper's own `generate` warns of what it passes on itself.
    """
    before = logging.get_verbosity()
    logging.set_verbosity(max(before, logging.ERROR))
    try:
        yield
    finally:
        logging.set_verbosity(before)
