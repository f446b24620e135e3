"""What may be wrong with a model on a text, as far as its attention tells."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from attnwidget.engine.recompute import indices
from attnwidget.engine.trace import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.entropy import normalised_entropy
from attnwidget.measures.places import tokens_named
from attnwidget.measures.portions import Statistic, head_means
from attnwidget.measures.report import SEVERITIES, Finding, Report
from attnwidget.measures.share import mass_on
from attnwidget.measures.similar_heads import redundancy
from attnwidget.measures.symptoms.context import attention_to_padding, ignored_context, padding_of, spurious_attention
from attnwidget.measures.symptoms.examined import Examined, producing
from attnwidget.measures.symptoms.generated import repetition, thin_attention
from attnwidget.measures.symptoms.heads import collapse, position_bias, redundant_heads, uniform_attention
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


def diagnose(trace: Trace, relevant: Any = None, *, query: Any = None, part: str | None = None) -> Report:
    """Look for the symptoms of a failing model: what attention shows, how grave, the likely cause, what to try next.

    `relevant` says what should have been read: a phrase of the text, positions, a sequence of these, or a mapping of
    names to such, the first of which is what is relevant ({"fact": "Paris", "question": "What is"}). `query` is the
    position where it went wrong; without it the steps that produced the generated tokens, or the last position. The
    report is a table in a notebook, and has `text()`, `html()` and `json()`. It reads the trace three times and takes
    about as long as the entropies of all heads. Thresholds are those of attnwidget/measures/symptoms, chosen on small
    models: they point to where one should look, and prove nothing. Raises AttnWidgetError for phrases that the text
    does not have, and for an ambiguous part.
    Source: the symptoms practitioners look for; lift is the share of the attention to content over the share of content.

    >>> import attnwidget as aw
    >>> text = "The capital of France is Paris. What is the capital of France? The capital of France is"
    >>> report = diagnose(aw.load().trace(text), "Paris")
    >>> report["relevant tokens were read"].evidence["best head"] > 0.9
    True
    """
    trace.part_blocks(part)
    queries, keys = trace.tokens(part)
    groups = relevant if isinstance(relevant, Mapping) else {} if relevant is None else {"relevant": relevant}
    named = {str(name): tokens_named(keys, what) for name, what in groups.items()}
    asked = _asked(trace, part, query, len(queries))
    examined = Examined(trace, part, asked, named, _statistics(trace, part))
    skipped = _skipped(examined)
    found = {name: check(examined) for name, check in CHECKS.items() if name not in skipped}
    findings = sorted(filter(None, found.values()), key=lambda finding: SEVERITIES.index(finding.severity))
    clear = tuple(name for name, finding in found.items() if finding is None)
    return Report(_subject(trace, queries.pieces, asked), tuple(findings), clear, skipped)


def _asked(trace: Trace, part: str | None, query: Any, length: int) -> Indices:
    if query is not None:
        found = indices(query, length, "query")
        if len(found) == 0:
            raise AttnWidgetError(f"{query!r} names no query. Give a position, or several.")
        return found
    produced = producing(trace, part)
    return torch.tensor([length - 1], device="cpu") if produced is None else produced


def _statistics(trace: Trace, part: str | None) -> dict[str, np.ndarray]:
    queries, keys = trace.tokens(part)
    statistics: dict[str, Statistic] = {
        "normalised entropy": normalised_entropy,
        "padding": mass_on(padding_of(keys), keys),
        "first": mass_on("first", keys),
    }
    if queries.ids == keys.ids and not any(block.part == "cross" for block in trace.part_blocks(part)):
        statistics |= {kind: mass_on(kind, keys) for kind in ("previous", "next", "self")}
    return {**head_means(trace, part, statistics), "redundancy": redundancy(trace, part=part).values}


def _skipped(examined: Examined) -> dict[str, str]:
    skipped = {}
    if not examined.named:
        skipped["ignored context"] = "say what is relevant"
    if not examined.trace.steps:
        skipped["repetition loop"] = skipped["thin attention"] = "nothing was generated"
    if not padding_of(examined.keys).any():
        skipped["attention to padding"] = "no padding"
    if "self" not in examined.heads:
        skipped["position bias"] = "queries and keys are of two texts"
    return skipped


def _subject(trace: Trace, pieces: tuple[str, ...], asked: Indices) -> str:
    at = int(asked[-1])
    where = f"query {pieces[at].strip()!r} at {at}" if len(asked) == 1 else f"{len(asked)} produced tokens"
    return f"{trace.model.name}, {len(pieces)} tokens, {where}"
