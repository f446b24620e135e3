"""What restoring a part of the computation brings back of an answer that another text has spoiled."""

from typing import Any

import numpy as np

from attnwidget.arguments import one_of, truth_of
from attnwidget.engine import PatchedRuns, Trace, go_on, patched_runs
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.effects.answers import Asked, answer_of, logits_at
from attnwidget.experiments.progress import shown_progress
from attnwidget.measures.given_trace import require_trace, said_setting
from attnwidget.measures.results import HeadScores, PlaceScores

RESTORED = {"heads": "each head's output", "layers": "what each layer hands on at each token"}
"""What can be taken from the clean run, in words."""

LEAST_APART = 1e-6
"""How far apart the answers of two runs must be for a share of their difference to say anything."""


def patching(
    model: Any,
    clean: Any,
    corrupted: Any,
    *,
    answer: Any = None,
    at: Any = None,
    unit: Any = "log probability",
    what: Any = "heads",
    part: str | None = None,
    normalised: Any = True,
    progress: Any = None,
) -> HeadScores | PlaceScores:
    """What the corrupted run gets back of the answer when one thing in it is as in the clean run, one at a time.

    `clean` and `corrupted` are traces of two texts with as many tokens, one of which gives the answer and the other does
    not. `what="heads"` restores a head's output before its projection, at all tokens: (layer head). `what="layers"`
    restores the residual stream after a layer at one token: (layer token), the map of causal tracing. `normalised` numbers
    are shares of the difference between both runs: 0 is the corrupted answer, 1 the clean one, beyond these is possible;
    otherwise they are the rise of the answer in its unit. `answer`, `at` and `unit` as in `head_effects`, on the clean
    run.

    Costs a run for every head, or for every token of every layer at which both runs differ; runs begin at the layer where
    the model allows that, several as one batch, and the recipe says if they do not. `progress` as in `head_effects`. Raises AttnWidgetError for texts of different lengths, for runs whose answers do not differ, and for an answer
    that the model cannot give; Cancelled inside `stopping_when`.
    Source: Meng et al. 2022 (arXiv 2202.05262), causal tracing; Wang et al. 2022 (arXiv 2211.00593), activation patching.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> clean, corrupted = (model.trace(f"The capital of Veldt is {city}. The capital of Veldt is") for city in ("Miro", "Yssel"))
    >>> found = aw.patching(model, clean, corrupted, answer="Miro", what="layers")
    >>> found.key_pieces[int(found.values[0].argmax())]
    'Miro'
    """
    asked = answer_of(model, clean, answer, at, unit)
    require_trace(corrupted)
    one_of("what", what, RESTORED)
    tokens = _same_length(clean, corrupted, part)
    good, bad = (asked.score(logits_at(one, asked)) for one in (clean, corrupted))
    shares = truth_of("normalised", normalised)
    if shares and abs(good - bad) < LEAST_APART:
        raise AttnWidgetError(
            f"Both runs give the answer {asked.words} alike ({good:.4g}), so there is nothing to bring back. Give two texts "
            "whose answers differ, or normalised=False."
        )
    runs = patched_runs(model, corrupted, clean, asked.row)
    counts = corrupted.heads(part)
    values = np.full((len(counts), max(counts) if what == "heads" else tokens), np.nan)
    with shown_progress(progress, "patched layers") as step:
        for layer, heads in enumerate(counts):
            go_on()
            step(layer, len(counts))
            if heads:
                found = (
                    _rows(runs, layer, heads if what == "heads" else tokens, part, asked, heads=what == "heads") - bad
                )
                values[layer, : len(found)] = found
        step(len(counts), len(counts))
    values = values / (good - bad) if shares else values
    recipe = _recipe(what, runs, asked, (good, bad), part, shares=shares)
    if what == "heads":
        return HeadScores(values, recipe)
    names = tuple(f"L{layer}" for layer in range(len(counts)))
    return PlaceScores(values, recipe, names, clean.tokens(part)[0].pieces)


def _same_length(clean: Trace, corrupted: Trace, part: str | None) -> int:
    one, other = (len(trace.tokens(part)[0]) for trace in (clean, corrupted))
    if one != other or len(clean.text) != len(corrupted.text):
        raise AttnWidgetError(
            f"The clean run has {one} tokens and the corrupted one {other}: what stands at a token of one stands elsewhere "
            "in the other. Give two texts of as many tokens."
        )
    return one


def _rows(runs: PatchedRuns, layer: int, count: int, part: str | None, asked: Asked, *, heads: bool) -> np.ndarray:
    """How much there is of the answer with each head, or each token, of a layer as in the clean run."""
    named = part if len(runs.trace.parts) > 1 else None
    places = list(range(count)) if heads else [at for at in runs.apart(layer) if at < count]
    values = np.full(count, asked.score(logits_at(runs.trace, asked)))
    if places:
        logits = (runs.heads if heads else runs.rows)(layer, places, named)
        values[places] = [asked.score(row) for row in logits]
    return values


def _recipe(
    what: str, runs: PatchedRuns, asked: Asked, ends: tuple[float, float], part: str | None, *, shares: bool
) -> str:
    whole = ", each a whole pass" if runs.whole else ""
    return (
        f"{'share brought back' if shares else 'rise'} of {asked.recipe} (clean {ends[0]:.4g}, corrupted {ends[1]:.4g}), "
        f"{RESTORED[what]} alone as in the clean run{'' if shares else ', not normalised'}{whole}"
        f"{said_setting(runs.trace, part)}"
    )
