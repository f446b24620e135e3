"""What is told of a bundled model: where it is, what shows what its heads do, where an explorer of it begins."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from PIL.Image import Image


class Example(NamedTuple):
    """A text or picture of the explorer's menu, and what to look for on it: a sentence, and where it shows.

    `head` is (layer, head), `query` a token, `view` one of the explorer's; `pair` is a second text (the target of an
    encoder-decoder) and `part` where in the model to look. None leaves it as it is. `picture` draws the picture of a model that
    reads pictures, whose `text` is "".
    """

    title: str
    text: str
    look: str = ""
    head: tuple[int, int] | None = None
    query: int | None = None
    view: str | None = None
    pair: str | None = None
    part: str | None = None
    picture: Callable[[], Image] | None = None


@dataclass(frozen=True)
class Bundled:
    """A model that comes with the package. `first_head` is (layer, head)."""

    name: str
    folder: Path
    examples: tuple[Example, ...]
    first_head: tuple[int, int]
