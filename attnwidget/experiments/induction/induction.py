"""Which heads look up what came next before: attention on repeated random tokens."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attnwidget.arguments import whole_number
from attnwidget.engine import AttentionModel, Trace, go_on, indices, visible
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.induction.random_tokens import repeated
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.portions import Portion, head_means
from attnwidget.measures.results import HeadScores

SHIFTS = {"induction": 1, "duplicate": 0}
"""The key that counts, relative to the earlier occurrence of the query's token."""


@dataclass(frozen=True, eq=False, repr=False)
class InductionScores:
    """Mean weight of every head, (layer head), on the repeats, and how it was measured."""

    induction: HeadScores
    duplicate: HeadScores
    previous: HeadScores
    recipe: str

    def __repr__(self) -> str:
        layers, heads = self.induction.shape
        tops = [
            f"  {name:<10}{', '.join(map(str, getattr(self, name).top(4)))}"
            for name in ("induction", "duplicate", "previous")
        ]
        return "\n".join([f"InductionScores({layers} x {heads}; {self.recipe})", *tops])


def induction_scores(
    model: Any,
    *,
    length: Any = 50,
    repeats: Any = 2,
    count: Any = 4,
    seed: Any = 0,
    part: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> InductionScores:
    """Induction, duplicate-token and previous-token scores of every head, (layer head), on repeated random tokens.

    `count` sequences of `length` different random tokens, which go round `repeats` times, are read; they begin with
    the special tokens that the model's tokenizer begins a text with, if any. From the second time on, each query's
    weight is averaged: `induction` on the tokens that followed its own token earlier (prefix matching), `duplicate` on
    its earlier occurrences, `previous` on the token before it. 1 is a perfect head, a uniform one has about 1 / n. No
    chance is taken off, and weight on the first token counts as weight elsewhere: such a head may rest there. Queries
    whose window or chunk does not reach back that far do not count; NaN where that is all of them, and without attention. The
    same `seed` gives the same tokens; torch's generator is not touched. `progress` hears (sequences done, of how
    many). Runs the model `count` times.
    Raises AttnWidgetError for a model that does not read causally, for numbers that make no repetition, for more
    tokens than the model reads or has, and for an ambiguous part.
    Source: Olsson et al. 2022 (arXiv 2209.11895), prefix matching.

    >>> import attnwidget as aw
    >>> found = induction_scores(aw.load(), length=20, count=1)
    >>> found.induction.top(1)[0][:2], found.previous.top(1)[0][:2]
    ((1, 0), (0, 2))
    """
    length, repeats, count, seed = _checked(model, length, repeats, count, seed)
    start, sequences = repeated(model, length, repeats, count, seed)
    found: list[dict[str, np.ndarray]] = []
    for done, ids in enumerate(sequences):
        go_on()
        progress(done, count)
        trace = model.trace(ids)
        _refuse_later_keys(model, trace, part)
        found.append(on_repeats(trace, start, length, part))
    progress(count, count)
    begun = ", after the tokenizer's own first tokens" if start else ""
    recipe = (
        f"mean weight where {length} random tokens repeat ({repeats} times in total{begun}), {count} sequences, seed "
        f"{seed}, not corrected for chance{said_setting(trace, part)}"
    )
    means = {name: HeadScores(np.mean([one[name] for one in found], axis=0), f"{name}: {recipe}") for name in found[0]}
    return InductionScores(**means, recipe=recipe)


def on_repeats(trace: Trace, start: int, length: int, part: str | None = None) -> dict[str, np.ndarray]:
    """The three scores, (layer head), of a trace in which the same `length` tokens repeat from `start` on."""
    statistics = {name: partial(_of_rows, shift=shift, start=start, length=length) for name, shift in SHIFTS.items()}
    return head_means(trace, part, {**statistics, "previous": partial(_previous, begin=start + length)})


def _of_rows(portion: Portion, *, shift: int, start: int, length: int) -> Float[Tensor, "head query"]:
    """Weight on all earlier occurrences, moved by `shift`; NaN in the first round, and if a window hides them."""
    rows, seen = portion.own, portion.visible
    found = torch.full(portion.maps.shape[:2], torch.nan, dtype=torch.float32, device="cpu")
    for back in range(length, portion.maps.shape[-1], length):
        keys = (rows - back + shift).clamp_min(0)[:, None]
        there = (rows >= start + back) & seen.gather(-1, keys)[:, 0]
        mass = portion.maps.gather(-1, keys.expand(len(portion.maps), -1, -1))[..., 0]
        found = torch.where(there, found.nan_to_num() + mass, found)
    return found


def _previous(portion: Portion, *, begin: int) -> Float[Tensor, "head query"]:
    rows = portion.own
    keys = (rows - 1).clamp_min(0)[:, None]
    there = (rows >= begin) & portion.visible.gather(-1, keys)[:, 0]
    found = portion.maps.gather(-1, keys.expand(len(portion.maps), -1, -1))[..., 0]
    return torch.where(there, found, torch.nan)


def _checked(model: Any, length: Any, repeats: Any, count: Any, seed: Any) -> list[int]:
    """The four numbers as integers. Raises AttnWidgetError for invalid ones, and for models that are not decoders."""
    if not isinstance(model, AttentionModel):
        raise AttnWidgetError(
            f"induction_scores needs a model, not {type(model).__name__}. Give one from aw.load; for a Trace, "
            "patterns(trace) on a text with repeats shows its induction heads."
        )
    numbers = []
    for name, value, least in (("length", length, 3), ("repeats", repeats, 2), ("count", count, 1), ("seed", seed, 0)):
        number = whole_number(value)
        if number is None or number < least:
            raise AttnWidgetError(f"{name}={value!r} is not valid: give a whole number of {least} or more.")
        numbers.append(number)
    if not model.facts.kind:  # any torch module
        raise AttnWidgetError(
            f"{model.name} is a plain torch module whose vocabulary is unknown, so no tokens can be drawn. Use "
            "patterns(model.trace(ids)) with repeated ids: it shows which heads attend to what followed an equal token."
        )
    if model.facts.kind != "decoder":
        raise _not_causal(model)
    return numbers


def _refuse_later_keys(model: AttentionModel, trace: Trace, part: str | None) -> None:
    for block in trace.part_blocks(part):
        _, length, width = block.shape
        # The first query decides: a causal one sees only itself; on the eager path this is inferred from the maps.
        if length != width or bool(visible(block, indices(0, length, "query"))[0, 1:].any()):
            raise _not_causal(model)


def _not_causal(model: AttentionModel) -> AttnWidgetError:
    return AttnWidgetError(
        f"{model.name} is not a causal decoder, so nothing in it predicts by induction. Use patterns(trace) on a text "
        "with repeats to see which heads attend to what followed an equal token."
    )
