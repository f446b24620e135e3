"""What the cards of the bundled models share: they are written from figures of the folder as it lies on disk."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


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
