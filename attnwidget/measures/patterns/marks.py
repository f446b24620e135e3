"""What the rows of a layer could show, whatever a head does with them: made once for all heads that read these rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from attnwidget.measures.patterns import shapes
from attnwidget.measures.patterns.shapes import Ground, own_or_none
from attnwidget.measures.portions import Portion
from attnwidget.shapes import Indices

Chance: TypeAlias = Float[Tensor, " query"]
"""How much of a pattern a row would have if the head read all visible keys alike; NaN for rows that say nothing:
without a key of the pattern, or without any other key."""

KeyMarks: TypeAlias = Float[Tensor, "query key"]
"""1 for the keys that count, 0 for the others."""

MARKS_KEPT = 2**23
"""Entries of query x key whose marks are kept at once, a few times over."""


@dataclass(frozen=True, eq=False)
class Marks:
    """Keys of each pattern among these rows, with their chance; in cross-attention, `own` and `places` are None.

    `masses` are patterns by what lies on their keys. `others` are the keys that a query can read beside itself, none
    where there is a single one; `choices` counts all that it can read.
    """

    own: Indices | None
    choices: Float[Tensor, " query"]
    others: KeyMarks
    masses: tuple[tuple[str, KeyMarks, Chance], ...]
    first: Chance
    separator: Chance
    block: tuple[KeyMarks, Chance, Float[Tensor, " query"]] | None
    places: Int[Tensor, "query offset"] | None
    distances: Float[Tensor, "offset query"] | None
    monotone: Bool[Tensor, "query key"] | None


def marks_of(portion: Portion, ground: Ground) -> Marks:
    """The marks of the rows of a portion."""
    seen, own = portion.visible, own_or_none(portion, portion.rows)
    choices = seen.sum(-1, dtype=torch.float32)
    first = torch.arange(seen.shape[-1], device="cpu") == ground.first
    not_itself = seen if own is None else seen & (own != ground.first)[:, None]
    others = (but_itself(seen, own) & (choices > 1)[:, None]).float()
    always = _chance(first & not_itself, choices), _chance(ground.separators & seen, choices)
    if own is None:
        near = shapes.monotone(portion.rows, *portion.block.shape[1:])
        line = ("diagonal", near.float(), _chance(near & seen, choices))
        return Marks(None, choices, others, (line,), *always, None, None, None, near)
    equal = {"duplicate token": shapes.earlier_equal, "induction": shapes.after_earlier_equal}
    keys = {name: shape(ground, own) for name, shape in equal.items()}
    masses = tuple((name, each.float(), _chance(each & seen, choices)) for name, each in keys.items())
    places, there = shapes.offsets(own, seen.shape[-1])
    single = there & seen.gather(-1, places) & (choices > 1)[:, None]
    alone = torch.where(single, 1 / choices[:, None], torch.nan).T
    return Marks(own, choices, others, masses, *always, _blocks(ground, own, seen, choices), places, alone, None)


def remembered(ground: Ground) -> Callable[[Portion], Marks]:
    """`marks_of`, which is not asked again for rows of one layer that come again with the next head."""
    known: dict[tuple[int, int, int], Marks] = {}

    def marks(portion: Portion) -> Marks:
        rows = portion.rows
        name = int(rows[0]), int(rows[-1]), len(rows)
        if name not in known:
            if (len(known) + 1) * portion.maps[0].numel() > MARKS_KEPT:
                known.clear()
            known[name] = marks_of(portion, ground)
        return known[name]

    return marks


def but_itself(seen: Bool[Tensor, "query key"], own: Indices | None) -> Bool[Tensor, "query key"]:
    """What a query can read beside itself."""
    if own is None:
        return seen
    return seen & (torch.arange(seen.shape[-1], device="cpu") != own[:, None])


def _blocks(
    ground: Ground, own: Indices, seen: Bool[Tensor, "query key"], choices: Float[Tensor, " query"]
) -> tuple[KeyMarks, Chance, Float[Tensor, " query"]] | None:
    """Keys of the query's own block, their chance, and how many can be read; None where there is only one block."""
    block = shapes.same_block(ground, own)
    if not bool(block.any()):
        return None
    several = (block & seen).sum(-1, dtype=torch.float32)
    return block.float(), torch.where(several > 1, _chance(block & seen, choices), torch.nan), several


def _chance(keys: Bool[Tensor, "query key"], choices: Float[Tensor, " query"]) -> Chance:
    """The share of a row that uniform attention would put there; NaN where it is nothing or all there is."""
    count = keys.sum(-1, dtype=torch.float32)
    return torch.where((count > 0) & (count < choices), count / choices, torch.nan)
