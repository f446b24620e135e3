"""How much the answer rests on each head."""

from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np

from attnwidget.arguments import one_of, whole_from_zero
from attnwidget.engine import AttentionModel, Trace, go_on, silenced_runs
from attnwidget.experiments.effects.answers import Asked, answer_of, logits_at
from attnwidget.experiments.effects.estimated_heads import HeadEstimates, agreement_of, estimated, sample_of
from attnwidget.experiments.progress import shown_progress
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.results import HeadScores, RankedHead

SILENCED_BY = {"zero": "silenced", "mean": "replaced by its mean over the text"}

HOW = ("exact", "estimate")
"""By running the model, or by one backward pass."""

CHECKED = 12
"""Heads on which an estimate is compared with exact runs."""


def head_effects(
    model: Any,
    trace: Any,
    *,
    answer: Any = None,
    at: Any = None,
    unit: Any = "log probability",
    by: Any = "zero",
    how: Any = "exact",
    check: Any = CHECKED,
    seed: Any = 0,
    part: str | None = None,
    progress: Any = None,
) -> HeadScores:
    """How much the answer falls when each head is silenced, one at a time: (layer head), measured by running the model.

    Positive numbers mean that the head helps the answer. `answer` is None (what the model says itself), a token or class
    as text or id, a pair (the first rather than the second), or a function of the logits; `at` is its position, the last
    by default; `unit` is "log probability" (nats; of a pair the difference of both), "logit" or "probability". `by` is
    what a silenced head gives: "zero", or its "mean" over the text.

    Costs one run for every head, which begins at its layer where the model allows that; a layer's heads run as one batch.
    `how="estimate"` costs one pass and one back for all heads: gradient x (output - what replaces it), right for small
    changes. It is then run exactly for `check` heads, drawn by `seed`, and the recipe says how well the ranks agree;
    `.agreement` and `.checked` have the numbers, `check=0` leaves it out.
    `progress` None shows a bar if it takes long, False shows nothing, a function hears (layers done, of how many). Silenced alone, two heads that do the same work both seem not to matter.
    Raises AttnWidgetError for an answer that the model cannot give, and for an estimate where no gradient can be had
    (quantised weights, attention in code of its own); Cancelled inside `stopping_when`.
    Source: Michel et al. 2019 (arXiv 1905.10650), one head masked at a time; the estimate as in Nanda 2023, attribution
    patching.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> trace = model.trace("The capital of Veldt is Miro. The capital of Veldt is")
    >>> aw.head_effects(model, trace).shape
    (4, 4)
    >>> len(aw.head_effects(model, trace, how="estimate").checked)
    12
    """
    asked = answer_of(model, trace, answer, at, unit)
    one_of("by", by, SILENCED_BY)
    one_of("how", how, HOW)
    counts = trace.heads(part)
    if how == "exact":
        every = [(layer, head) for layer, count in enumerate(counts) for head in range(count)]
        values = np.full((len(counts), max(counts)), np.nan)
        for one in _run(model, trace, asked, by, part, every, progress):
            values[one.layer, one.head] = one.value
        return HeadScores(values, silenced_alone(trace, asked, part, by))
    size, drawn = whole_from_zero("check", check), whole_from_zero("seed", seed)
    found = head_estimates(model, trace, asked, part, by)
    return checked_heads(model, trace, asked, found, part, by, check=size, seed=drawn, progress=progress)


def silenced_alone(trace: Trace, asked: Asked, part: str | None, by: str = "zero") -> str:
    """The recipe of effects of heads."""
    return f"fall of {asked.recipe}, each head {SILENCED_BY[by]} alone{said_setting(trace, part)}"


def head_estimates(
    model: AttentionModel, trace: Trace, asked: Asked, part: str | None, by: str = "zero"
) -> HeadEstimates:
    """The estimates of all heads, not compared with any run yet. Raises AttnWidgetError where no gradient can be had."""
    values = estimated(model, trace, asked, by, part)
    return HeadEstimates(values, f"estimated {silenced_alone(trace, asked, part, by)}: gradient x what is lost")


def checked_heads(
    model: AttentionModel,
    trace: Trace,
    asked: Asked,
    found: HeadEstimates,
    part: str | None,
    by: str = "zero",
    *,
    check: int = CHECKED,
    seed: int = 0,
    progress: Any = None,
) -> HeadEstimates:
    """Estimates, compared with exact runs of some heads."""
    sample = sample_of(trace.heads(part), check, seed)
    checked = _run(model, trace, asked, by, part, sample, progress) if sample else ()
    agreement = agreement_of([found.values[one.layer, one.head] for one in checked], [one.value for one in checked])
    trust = f", rank agreement with exact runs of {len(checked)} heads {agreement:.2f}" if agreement is not None else ""
    return replace(found, recipe=found.recipe + trust, agreement=agreement, checked=checked)


def _run(
    model: AttentionModel,
    trace: Trace,
    asked: Asked,
    by: str,
    part: str | None,
    heads: list[tuple[int, int]],
    progress: Any,
) -> tuple[RankedHead, ...]:
    """The exact effects of some heads, in their order; those of a layer run together."""
    before = asked.score(logits_at(trace, asked))
    runs = silenced_runs(model, trace, asked.row, by)
    layers = [(layer, [head for _, head in own]) for layer, own in groupby(heads, key=lambda one: one[0])]
    found: list[RankedHead] = []
    with shown_progress(progress, "layers of heads") as step:
        for done, (layer, own) in enumerate(layers):
            go_on()
            step(done, len(layers))
            after = runs.logits(layer, own, part)
            found += [RankedHead(layer, head, before - asked.score(row)) for head, row in zip(own, after, strict=True)]
        step(len(layers), len(layers))
    return tuple(found)
