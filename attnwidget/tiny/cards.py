"""What the cards of the bundled models share: they are written from figures of the folder as it lies on disk."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class ReadingHead:
    """The head that gives most of its attention to something; layer and head count from 0.

    `score` is the mean weight, `at_random` what a head that spreads its attention evenly would give.
    """

    layer: int
    head: int
    score: float
    at_random: float

    @classmethod
    def highest(cls, scores: Tensor, evenly: Sequence[float]) -> "ReadingHead":
        """The one with the highest of [layer head]; `evenly` are the weights that an even head has for it, text by text."""
        layer, head = divmod(int(scores.argmax()), scores.shape[1])
        return cls(layer, head, round(scores[layer, head].item(), 4), round(sum(evenly) / len(evenly), 4))


def readers_as_rows(readers: Mapping[str, ReadingHead]) -> str:
    """The rows of a table: what is read, the head that reads it, its weight, and evenly.

    >>> readers_as_rows({"the negator": ReadingHead(1, 2, 0.5, 0.0625)})
    '| the negator | layer 1, head 2 | 0.500 | 0.062 |'
    """
    return "\n".join(
        f"| {name} | layer {one.layer}, head {one.head} | {one.score:.3f} | {one.at_random:.3f} |"
        for name, one in readers.items()
    )


def shares_as_rows(shares: Mapping[str, float]) -> str:
    """The rows of a table: what, and the share of it that is right.

    >>> shares_as_rows({"facts": 0.98765})
    '| facts | 0.988 |'
    """
    return "\n".join(f"| {kind} | {share:.3f} |" for kind, share in shares.items())


def recipe_as_lines(recipe: Mapping[str, object]) -> str:
    """A recipe as an indented block, whose first line is indented where it is put.

    >>> recipe_as_lines({"seed": 0, "peak": 0.001}).split()
    ['seed', '=', '0', 'peak', '=', '0.001']
    """
    return "\n    ".join(f"{name} = {value}" for name, value in recipe.items())


def put_beside(
    folder: Path, card: str, figures: Mapping[str, object], recipe: Mapping[str, object], minutes: float
) -> None:
    """Write README.md and figures.json next to the weights."""
    kept = {"figures": figures, "recipe": dict(recipe), "minutes": round(minutes, 1)}
    (folder / "figures.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(card, encoding="utf-8")


@contextmanager
def eagerly(model: Any) -> Iterator[None]:
    """Inside, a model of transformers computes its attention eagerly, and can hand out its weights."""
    kernel = model.config._attn_implementation
    model.set_attn_implementation("eager")
    try:
        yield
    finally:
        model.set_attn_implementation(kernel)
