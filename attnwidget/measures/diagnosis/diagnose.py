"""What may be wrong with a model on a text, as far as its attention tells."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from attnwidget.engine import AttentionModel, Tokens, Trace, indices, parse_head
from attnwidget.errors import AttnWidgetError, Cancelled
from attnwidget.measures.diagnosis.report import SEVERITIES, Finding, HeadRow, Report
from attnwidget.measures.diagnosis.symptoms.context import (
    attention_to_padding,
    ignored_context,
    padding_of,
    spurious_attention,
)
from attnwidget.measures.diagnosis.symptoms.examined import Examined, producing, wrote
from attnwidget.measures.diagnosis.symptoms.generated import repetition, thin_attention
from attnwidget.measures.diagnosis.symptoms.heads import collapse, position_bias, redundant_heads, uniform_attention
from attnwidget.measures.diagnosis.symptoms.over_texts import over_smoothing, pattern_of_position
from attnwidget.measures.diagnosis.symptoms.steps import repeating, step_of
from attnwidget.measures.heads.entropy import normalised_entropy
from attnwidget.measures.heads.share import mass_on
from attnwidget.measures.measure import measure
from attnwidget.measures.over_texts.position_reliance import position_reliance
from attnwidget.measures.over_texts.smoothing import smoothing
from attnwidget.measures.places import tokens_named
from attnwidget.measures.portions import Statistic, head_means, reads_itself
from attnwidget.measures.similarity.similar_heads import redundancy
from attnwidget.shapes import Indices

CHECKS: Mapping[str, Callable[[Examined], Finding | None]] = {
    "ignored context": ignored_context,
    "repetition loop": repetition,
    "thin attention": thin_attention,
    "attention to padding": attention_to_padding,
    "collapsed heads": collapse,
    "uniform attention": uniform_attention,
    "position bias": position_bias,
    "redundant heads": redundant_heads,
    "spurious attention": spurious_attention,
}
OF_HEADS = ("collapsed heads", "uniform attention", "position bias", "redundant heads")

OVER_TEXTS: Mapping[str, Callable[[Any, Sequence[Any], str | None], Finding | None]] = {
    "pattern of position": lambda model, texts, part: pattern_of_position(position_reliance(model, texts, part=part)),
    "over-smoothing": lambda model, texts, _part: over_smoothing(smoothing(model, texts)),
}
"""Checks of a model on a set of texts."""

FEWEST_SET = 8
"""Texts below which a set says no more than one text."""

HEAD_NAME = re.compile(r"L\d+H\d+")
"""A head's name among the places of a finding, which may be tokens too."""

SHORTEST_TEXT = 8
"""Visible tokens below which heads of any kind look alike."""

PAIRS_OF_WEIGHTS, FEWEST_ROWS = 2 * 10**8, 4
"""The budget for comparing every two heads, in pairs of weights (about a second), and the rows that it needs."""


@measure
def diagnose(
    trace: Trace,
    relevant: Any = None,
    *,
    query: Any = None,
    part: str | None = None,
    model: Any = None,
    texts: Any = None,
) -> Report:
    """Look for symptoms of a failing model: what attention shows, how severe it is, the likely cause, what to try next.

    `relevant` says what the model should have attended to: a phrase of the text, positions, a sequence of these, or a
    mapping from names to them, with the relevant one first ({"fact": "Paris", "question": "What is"}). `query` is the
    position where it went wrong; by default the steps that generated tokens, or the last position that is not padding.
    Of a generated text, a phrase means its tokens in the prompt, if it stands there; the step that says a relevant token is
    named first, and steps whose own token is one are set apart: they repeat it.

    With `texts`, a set of at least eight, and the `model` to run, two more symptoms are looked for: heads whose pattern is the
    same whatever the words (`aw.position_reliance`), and tokens that become alike through the layers (`aw.smoothing`).

    The report is a table in a notebook, and has `text()`, `html()` and `json()`. Findings have `places`, the rows to look at:
    `aw.view(trace, query=place.query, layer=place.layer, head=place.head)` shows one, in an explorer of the same text
    `ex.query = place.query; ex.show(place.name)`. It takes up to four passes over the trace, and compares every two heads on a few rows. The thresholds, in attnwidget/measures/diagnosis/symptoms, were chosen
    on small models: they show where to look, and prove nothing. Raises AttnWidgetError for phrases that are not in the
    text, for queries that are padding, and for an ambiguous part.
    Source: symptoms that practitioners look for; lift is the share of attention to content over the share of content.

    >>> import attnwidget as aw
    >>> text = "The capital of France is Paris. What is the capital of France? The capital of France is"
    >>> report = diagnose(aw.load().trace(text), "Paris")
    >>> report["relevant tokens were read"].evidence["best head"] > 0.9
    True
    >>> report["relevant tokens were read"].places[0]
    query 18, L1H1: 1.00
    """
    queries, keys = trace.tokens(part)
    groups = relevant if isinstance(relevant, Mapping) else {} if relevant is None else {"relevant": relevant}
    generated = query is None and producing(trace, part) is not None
    begin = min(step.position for step in trace.steps) if generated and reads_itself(trace, part) else len(keys)
    named = {str(name): _named(keys, what, begin) for name, what in groups.items()}
    every = _asked(trace, part, query, queries.padding)
    relevant_tokens = next(iter(named.values()), ())
    repeats = repeating(queries, every.tolist(), keys, relevant_tokens) if generated else []
    kept = [at for at in every.tolist() if at not in repeats]
    asked = torch.tensor(kept, dtype=torch.long, device="cpu") if kept else every
    statistics = _statistics(trace, part)
    if np.isnan(statistics["padding"]).all():
        raise AttnWidgetError(
            "No query of this text attends to anything: all of it is padding or masked. Give a text with other tokens "
            "than padding."
        )
    examined = Examined(trace, part, asked, named, statistics, generated, tuple(repeats) if kept else ())
    skipped = _skipped(examined)
    found = {name: _placed(check(examined), examined) for name, check in CHECKS.items() if name not in skipped}
    if texts is not None:
        over, left_out = _over_texts(model, texts, part)
        found, skipped = found | over, skipped | left_out
    findings = sorted(filter(None, found.values()), key=lambda finding: SEVERITIES.index(finding.severity))
    clear = tuple(name for name, finding in found.items() if finding is None)
    return Report(_subject(trace, queries.pieces, every, generated=generated), tuple(findings), clear, skipped)


def _over_texts(model: Any, texts: Any, part: str | None) -> tuple[dict[str, Finding | None], dict[str, str]]:
    """What is found over a set of texts, and which checks could not be made, and why."""
    if not isinstance(model, AttentionModel):
        raise AttnWidgetError("A set of texts is run by the model: give it as model=, beside texts=.")
    every = list(texts) if hasattr(texts, "__iter__") and not isinstance(texts, str) else []
    if len(every) < FEWEST_SET:
        return {}, dict.fromkeys(OVER_TEXTS, f"fewer than {FEWEST_SET} texts")
    found: dict[str, Finding | None] = {}
    skipped: dict[str, str] = {}
    for name, check in OVER_TEXTS.items():
        try:
            found[name] = check(model, every, part)
        except Cancelled:
            raise
        except AttnWidgetError as error:
            skipped[name] = str(error)
    return found, skipped


def _named(keys: Tokens, what: Any, begin: int) -> tuple[int, ...]:
    """The tokens that are named: of a phrase those before a position, if there are any; what follows may repeat it."""
    found: set[int] = set()
    for one in what if isinstance(what, Sequence) and not isinstance(what, str) and len(what) else [what]:
        tokens = tokens_named(keys, one)
        earlier = [at for at in tokens if at < begin] if isinstance(one, str) else []
        found.update(earlier or tokens)
    return tuple(sorted(found))


def _placed(finding: Finding | None, examined: Examined) -> Finding | None:
    """A finding about heads leads to their rows of the last judged query, unless it has places of its own."""
    if finding is None or finding.places:
        return finding
    query = int(examined.asked[-1])
    step = step_of(examined.trace, query) if examined.generated else None
    heads = [parse_head(name) for name in finding.where if HEAD_NAME.fullmatch(name)]
    return replace(
        finding, places=tuple(HeadRow(query, layer, head, step) for layer, head in heads if head is not None)
    )


def _asked(trace: Trace, part: str | None, query: Any, padding: Sequence[bool]) -> Indices:
    if query is None:
        produced = producing(trace, part)
        last = [at for at, mark in enumerate(padding) if not mark][-1:]
        return torch.tensor(last, dtype=torch.long, device="cpu") if produced is None else produced
    found = indices(query, len(padding), "query")
    if len(found) == 0 or any(padding[at] for at in found.tolist()):
        raise AttnWidgetError(f"query={query!r} is padding. Give positions that are not padding.")
    return found


def _statistics(trace: Trace, part: str | None) -> dict[str, np.ndarray]:
    _, keys = trace.tokens(part)
    statistics: dict[str, Statistic] = {
        "normalised entropy": normalised_entropy,
        "padding": mass_on(padding_of(keys), keys),
        "first": mass_on("first", keys),
    }
    if reads_itself(trace, part):
        statistics |= {kind: mass_on(kind, keys) for kind in ("previous", "next", "self")}
    found = head_means(trace, part, statistics)
    # Every pair of heads is compared: with many heads only a few rows are used, and with very many none.
    pairs = sum(trace.heads(part)) ** 2 // 2
    rows = min(64, PAIRS_OF_WEIGHTS // max(1, pairs * len(keys)))
    return found | ({"redundancy": redundancy(trace, part=part, rows=rows).values} if rows >= FEWEST_ROWS else {})


def _skipped(examined: Examined) -> dict[str, str]:
    skipped = {}
    if not examined.named:
        skipped["ignored context"] = "say what is relevant"
    elif not np.nan_to_num(examined.rows).any():
        skipped["ignored context"] = "the query attends to nothing"
    elif not examined.readable[list(examined.relevant)].any():
        skipped["ignored context"] = "the relevant tokens come after the query, or are masked there"
    if not wrote(examined.trace, examined.part):
        skipped["repetition loop"] = skipped["thin attention"] = "these queries generated nothing"
    elif "self" not in examined.heads:
        skipped["repetition loop"] = "queries and keys are two texts"
    if not padding_of(examined.keys).any():
        skipped["attention to padding"] = "no padding"
    if "self" not in examined.heads:
        skipped["position bias"] = "queries and keys are two texts"
    if "redundancy" not in examined.heads:
        skipped["redundant heads"] = "so many heads take minutes: see aw.redundancy"
    if int(examined.readable.sum()) < SHORTEST_TEXT:
        skipped |= dict.fromkeys(OF_HEADS, f"fewer than {SHORTEST_TEXT} visible tokens")
    return skipped


def _subject(trace: Trace, pieces: tuple[str, ...], asked: Indices, *, generated: bool) -> str:
    at = int(asked[-1])
    several = f"{len(asked)} {'produced tokens' if generated else 'queries'}"
    where = f"query {pieces[at].strip()!r} at {at}" if len(asked) == 1 else several
    return f"{trace.model.name}, {len(pieces)} tokens, {where}"
