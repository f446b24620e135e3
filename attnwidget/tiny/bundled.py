"""What is told of a bundled model: where it is, texts that show what its heads do, where an explorer of it begins."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Example(NamedTuple):
    """A text of the explorer's menu, and what to look for on it: a sentence, and where it shows.

    `head` is (layer, head), `query` a token, `view` one of the explorer's; `pair` is a second text (the target of an
    encoder-decoder) and `part` where in the model to look. None leaves it as it is.
    """

    title: str
    text: str
    look: str = ""
    head: tuple[int, int] | None = None
    query: int | None = None
    view: str | None = None
    pair: str | None = None
    part: str | None = None


@dataclass(frozen=True)
class Bundled:
    """A model that comes with the package. `first_head` is (layer, head)."""

    name: str
    folder: Path
    examples: tuple[Example, ...]
    first_head: tuple[int, int]
