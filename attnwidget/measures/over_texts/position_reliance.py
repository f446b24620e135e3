"""How far a head's pattern is the same whatever the words: of texts, beside the same places with other words in them."""

from collections.abc import Callable
from math import log
from random import Random
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attnwidget.arguments import whole_from_zero
from attnwidget.engine import Trace, exactly, go_on
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.heads.entropy import row_entropy
from attnwidget.measures.over_texts.set_of_texts import content_of, replaced_ids, shuffled_ids, tokens_of_set
from attnwidget.measures.portions import portions, reads_itself
from attnwidget.measures.results import HeadScores

LEAST_MASS = 0.1
"""Weight on content below which a row rests elsewhere, and says nothing about its pattern."""

LEAST_CONTENT = 4
"""Visible tokens of content below which patterns of any kind are alike."""


def position_reliance(
    model: Any,
    texts: Any,
    *,
    part: str | None = None,
    seed: Any = 0,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> HeadScores:
    """How far each head attends to the same places whatever the words, (layer head): 1 the very same, 0 always others.

    Every text is read as it is, with its words (tokens) shuffled, and with words drawn from all the texts in their places.
    A row's weights on content (no special token, nor the first one, where heads rest) are compared with those of the same
    row there: 1 - Jensen-Shannon divergence / log 2. Rows that give content less than a tenth in either, or see fewer than four
    tokens of it, do not count; NaN for a head that always rests elsewhere. Uniform attention counts as position: it is the same for
    all words. `seed` draws the words; `progress` hears (texts done, of how many). Costs three traces a text.
    Texts of one sentence pattern keep some of it when words change places: give texts of many kinds. Raises AttnWidgetError for texts
    of which none can be read, and for an ambiguous part; Cancelled inside `stopping_when`.
    Source: heads that attend by position (Voita et al. 2019, P19-1580), tested by changing the words.

    >>> import attnwidget as aw
    >>> texts = ["The cat sat on the mat and the dog ran to the road.", "Anna lost the key, so she went to the shop."]
    >>> found = aw.position_reliance(aw.load(), texts)
    >>> found.top(1)[0][:2], bool(found[0, 2] > 0.9)                # the previous-token head
    ((0, 2), True)
    """
    number = whole_from_zero("seed", seed)
    every = tokens_of_set(model, texts)
    pool = sorted({tokens.ids[at] for tokens in every for at in content_of(tokens)})
    total: Any = 0.0
    rows: Any = 0.0
    said = ""
    for done, tokens in enumerate(every):
        go_on()
        progress(done, len(every))
        random = Random(f"{number} {done}")  # noqa: S311  nothing secret
        plain = model.trace(list(tokens.ids))
        said = said_setting(plain, part)
        for ids in (shuffled_ids(tokens, random), replaced_ids(tokens, pool, random)):
            likeness, counted = likeness_of_rows(plain, model.trace(ids), content_of(tokens), part)
            total, rows = total + likeness, rows + counted
    progress(len(every), len(every))
    with np.errstate(invalid="ignore"):
        values = np.where(rows > 0, total / rows, np.nan).astype(np.float32)
    return HeadScores(
        values,
        f"likeness of rows over content to those with the words shuffled or replaced (1 - JSD / log 2), {len(every)} texts, seed "
        f"{number}{said}",
    )


@exactly()
def likeness_of_rows(
    one: Trace, other: Trace, content: list[int], part: str | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The sum over rows of 1 - JSD / log 2 of two traces of equal length, on these keys, and how many rows: (layer head) each.

    Raises AttnWidgetError for traces whose queries and keys are two texts.
    """
    if not reads_itself(one, part):
        raise AttnWidgetError("The words of one text are changed, so a self-attention part is needed. Choose one.")
    counts = one.heads(part)
    sums, rows = np.zeros((2, len(counts), max(counts)))
    keys = torch.tensor(content, dtype=torch.long, device="cpu")
    for mine, its in zip(portions(one, part), portions(other, part), strict=True):
        seen = mine.visible[:, keys].sum(-1) >= LEAST_CONTENT
        first, second = mine.maps[..., keys], its.maps[..., keys]
        counted = (first.sum(-1) > LEAST_MASS) & (second.sum(-1) > LEAST_MASS) & seen
        alike = 1 - _divergence(_shares(first), _shares(second)) / log(2)
        layer = mine.block.layer
        sums[layer, mine.heads] += torch.where(counted, alike, 0).double().sum(-1).numpy()
        rows[layer, mine.heads] += counted.sum(-1).numpy()
    return sums, rows


def _shares(maps: Float[Tensor, "head query key"]) -> Float[Tensor, "head query key"]:
    return maps / maps.sum(-1, keepdim=True).clamp_min(1e-12)


def _divergence(
    one: Float[Tensor, "head query key"], other: Float[Tensor, "head query key"]
) -> Float[Tensor, "head query"]:
    return (row_entropy((one + other) / 2) - (row_entropy(one) + row_entropy(other)) / 2).clamp_min(0)
