"""Heads with something to be seen on a text: those whose rows show a pattern by themselves, and the word that shows it best.

A glance for whoever opens a model: a few patterns, from the maps that the overview reads as well. `patterns` has them all.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import one_hot

from attnwidget.engine import Tokens, Trace, exactly, kept_whole
from attnwidget.measures.heads.sinks import FEWEST_QUERIES
from attnwidget.measures.patterns import shapes
from attnwidget.measures.patterns.patterns import THRESHOLDS
from attnwidget.measures.places import words_said
from attnwidget.measures.rows import spread_rows
from attnwidget.shapes import Indices, LayerMaps

SEEN = ("induction", "duplicate token", "previous token", "next token")
"""What a single row shows: where it points depends on the query, and says something of it. A head at rest shows nothing."""

ROWS_OF_A_LONG_TEXT = 32
"""Rows of a long text that are looked at: as many as a thumbnail has."""

CLEAR = 0.5
"""The weight on the keys of a pattern from which one row shows it."""

MOST = 24
"""The most heads that are told."""


@dataclass(frozen=True)
class Sight:
    """A head that shows a pattern, how clearly (0 chance, 1 always), and the token that shows it best."""

    layer: int
    head: int
    pattern: str
    score: float
    query: int


@exactly()
def sights(trace: Trace, part: str | None = None) -> tuple[Sight, ...]:
    """The heads of a part with a clear pattern: the clearest of each pattern, best first, then the others.

    Scores are those of `patterns`, over at most 32 evenly spaced rows of a long text. The query is the last word if it
    shows the pattern, else the word that shows it best. None between two texts. Raises
    AttnWidgetError for an ambiguous part.

    >>> from attnwidget import Trace
    >>> previous = torch.eye(6).roll(-1, 1)
    >>> sights(Trace.from_weights([previous[None]], ["a", "b", "c", "d", "e", "."]))
    (Sight(layer=0, head=0, pattern='previous token', score=1.0, query=4),)
    """
    queries, keys = trace.tokens(part)
    blocks = trace.part_blocks(part)
    own = shapes.own_or_none(blocks[0], queries, keys)
    if own is None or len(queries) < FEWEST_QUERIES:
        return ()
    words = words_said(queries)
    rows = _rows(len(queries), len(keys), words)
    marks = _marks(keys, own[rows])
    masses = [_mass(trace.weights(block.layer, part=part, queries=rows), marks) for block in blocks]
    causal = torch.tensor(
        [block.causal for block in blocks for _ in range(block.heads)], dtype=torch.bool, device="cpu"
    )
    visible = torch.stack([torch.full_like(rows, len(keys)), own[rows] + 1])
    chances = marks.sum(-1) / visible[:, None]  # (causal pattern query)
    counted = marks.any(-1) & (chances < 1)
    chance, number = (chances * counted).sum(-1)[causal.long()], counted.sum(-1)[causal.long()]
    mass = torch.cat(masses)
    scores = ((mass * counted[causal.long()]).sum(-1) - chance) / (number - chance)
    told = counted & torch.isin(rows, torch.tensor(words, dtype=torch.long, device="cpu"))
    scores[(number < FEWEST_QUERIES) | ~told.any(-1)[causal.long()]] = 0.0
    least = torch.tensor([THRESHOLDS[name] for name in SEEN], dtype=torch.float32, device="cpu")
    best, pattern = scores.where(scores >= least, 0.0).max(-1)
    heads = [(block.layer, head) for block in blocks for head in range(block.heads)]
    ranked = sorted(best.nonzero()[:, 0].tolist(), key=lambda place: (-round(float(best[place]), 4), heads[place]))
    firsts: dict[int, int] = {}
    for place in ranked:
        firsts.setdefault(int(pattern[place]), place)
    leading = list(firsts.values())
    found = []
    for place in [*leading, *(place for place in ranked if place not in leading)][:MOST]:
        at = int(pattern[place])
        query = int(rows[_telling(mass[place, at], told[int(causal[place]), at])])
        layer, head = heads[place]
        found.append(Sight(layer, head, SEEN[at], round(float(best[place]), 4), query))
    return tuple(found)


def _mass(maps: LayerMaps, marks: Bool[Tensor, "pattern query key"]) -> Float[Tensor, "head pattern query"]:
    return torch.einsum("hqk,pqk->hpq", maps, marks.float())


def _rows(queries: int, keys: int, words: tuple[int, ...]) -> Indices:
    if kept_whole(queries, keys):
        return torch.arange(queries, device="cpu")
    even = spread_rows(queries, ROWS_OF_A_LONG_TEXT)
    return torch.cat([even, torch.tensor([words[-1]], dtype=torch.long, device="cpu")]).unique()


def _marks(keys: Tokens, own: Indices) -> Bool[Tensor, "pattern query key"]:
    """Where each pattern has its keys."""
    ground, width = shapes.ground_of(keys), len(keys)

    def beside(step: int) -> Tensor:
        there = (own + step >= 0) & (own + step < width)
        return one_hot((own + step).clamp(0, width - 1), width).bool() & there[:, None]

    looked_up = shapes.after_earlier_equal(ground, own), shapes.earlier_equal(ground, own)
    return torch.stack([*looked_up, beside(-1), beside(1)]) & ~ground.padding


def _telling(mass: Float[Tensor, " query"], told: Bool[Tensor, " query"]) -> int:
    """The last word if its row is clear, else the clearest; of equal ones the last."""
    places = told.nonzero()[:, 0].tolist()
    if float(mass[places[-1]]) >= CLEAR:
        return int(places[-1])
    return int(max(places, key=lambda place: (round(float(mass[place]), 4), place)))
