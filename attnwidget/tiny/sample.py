"""A held-out text or picture of a bundled model, with the answer and the words, or patches, that decide it."""

from typing import NamedTuple

from PIL.Image import Image

from attnwidget.text import Span


class Sample(NamedTuple):
    """A text whose truth is known by construction.

    `answer` is what the model should say: the text of its next token, or the name of a class. `deciding` are the words of
    `text` that decide it: a word decides if another one of its kind in its place, the text still making sense, has another
    answer. `target` is what an encoder-decoder has written before the answer, and `aligned` its words beside the words of
    `text` that they translate: (in the target, in the text).
    """

    kind: str
    text: str
    answer: str
    deciding: tuple[Span, ...]
    target: str | None = None
    aligned: tuple[tuple[Span, Span], ...] = ()


class PictureSample(NamedTuple):
    """A picture whose truth is known by construction: its class, and (row, column) of the patches that decide it, counted from 0."""

    kind: str
    picture: Image
    answer: str
    deciding: tuple[tuple[int, int], ...]
