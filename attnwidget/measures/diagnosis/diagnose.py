"""What may be wrong with a model on a text, as far as its attention tells."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from attnwidget.engine import Trace, indices
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.diagnosis.report import SEVERITIES, Finding, Report
from attnwidget.measures.diagnosis.symptoms.context import (
    attention_to_padding,
    ignored_context,
    padding_of,
    spurious_attention,
)
from attnwidget.measures.diagnosis.symptoms.examined import Examined, producing, wrote
from attnwidget.measures.diagnosis.symptoms.generated import repetition, thin_attention
from attnwidget.measures.diagnosis.symptoms.heads import collapse, position_bias, redundant_heads, uniform_attention
from attnwidget.measures.heads.entropy import normalised_entropy
from attnwidget.measures.heads.share import mass_on
from attnwidget.measures.measure import measure
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

SHORTEST_TEXT = 8
"""Visible tokens below which heads of any kind look alike."""

PAIRS_OF_WEIGHTS, FEWEST_ROWS = 2 * 10**8, 4
"""The budget for comparing every two heads, in pairs of weights (about a second), and the rows that it needs."""


@measure
def diagnose(trace: Trace, relevant: Any = None, *, query: Any = None, part: str | None = None) -> Report:
    """Look for symptoms of a failing model: what attention shows, how severe it is, the likely cause, what to try next.

    `relevant` says what the model should have attended to: a phrase of the text, positions, a sequence of these, or a
    mapping from names to them, with the relevant one first ({"fact": "Paris", "question": "What is"}). `query` is the
    position where it went wrong; by default the steps that generated tokens, or the last position that is not padding.

    The report is a table in a notebook, and has `text()`, `html()` and `json()`. It takes two passes over the trace,
    and compares every two heads on a few rows. The thresholds, in attnwidget/measures/diagnosis/symptoms, were chosen
    on small models: they show where to look, and prove nothing. Raises AttnWidgetError for phrases that are not in the
    text, for queries that are padding, and for an ambiguous part.
    Source: symptoms that practitioners look for; lift is the share of attention to content over the share of content.

    >>> import attnwidget as aw
    >>> text = "The capital of France is Paris. What is the capital of France? The capital of France is"
    >>> report = diagnose(aw.load().trace(text), "Paris")
    >>> report["relevant tokens were read"].evidence["best head"] > 0.9
    True
    """
    queries, keys = trace.tokens(part)
    groups = relevant if isinstance(relevant, Mapping) else {} if relevant is None else {"relevant": relevant}
    named = {str(name): tokens_named(keys, what) for name, what in groups.items()}
    asked = _asked(trace, part, query, queries.padding)
    statistics = _statistics(trace, part)
    if np.isnan(statistics["padding"]).all():
        raise AttnWidgetError(
            "No query of this text attends to anything: all of it is padding or masked. Give a text with other tokens "
            "than padding."
        )
    examined = Examined(trace, part, asked, named, statistics)
    skipped = _skipped(examined)
    found = {name: check(examined) for name, check in CHECKS.items() if name not in skipped}
    findings = sorted(filter(None, found.values()), key=lambda finding: SEVERITIES.index(finding.severity))
    clear = tuple(name for name, finding in found.items() if finding is None)
    generated = query is None and wrote(trace, part)
    return Report(_subject(trace, queries.pieces, asked, generated=generated), tuple(findings), clear, skipped)


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
