"""The numbers to log for a trace, flat and plain."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

from attnwidget.engine import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.heads.concentration import of_largest
from attnwidget.measures.heads.confidence import largest
from attnwidget.measures.heads.distance import far
from attnwidget.measures.heads.entropy import normalised_entropy, plain_entropy
from attnwidget.measures.heads.share import mass_on
from attnwidget.measures.measure import measure
from attnwidget.measures.portions import Statistic, head_means, reads_itself
from attnwidget.measures.rows import read_rows

SummaryValue: TypeAlias = float | int | str

LEVELS = ("model", "layer", "head")
LARGEST = 5
UNIFORM = 0.95
SINK = 0.3


@measure
def summary(trace: Trace, *, part: str | None = None, per: Any = "head") -> dict[str, SummaryValue]:
    """All head statistics as one flat dict of plain numbers and strings, ready for json.dumps and any logger.

    `per` is how deep it goes: "model" for means over heads, "layer" for the means of each layer too, "head" for every
    head too. All are computed in one pass over the part. The keys, which do not change:

    - model, path: what was traced, and how. tokens, layers, heads: tokens that are not padding, layers including those
      without attention, heads of the widest layer. keys: attended tokens, if they are another sequence.
    - entropy (nats), normalised_entropy (1 is uniform), confidence, concentration (mass on the 5 largest weights),
      distance (tokens), share_special, share_punctuation, share_first, share_self, share_previous: as the measures
      of these names define them. share_first is the sink score of the first token.
    - uniform_heads, sink_heads: the shares of heads with a normalised entropy above 0.95 and with share_first above 0.3.
    - Each of these alone is the mean over heads; with `.L0` it is that of a layer, with `.L0H1` of a head.

    Without `part`, a trace of several parts gives them all, their keys after the name of the part: cross.entropy.L0H1.
    Undefined numbers are left out: NaN, and distance, share_self and share_previous in cross-attention. Raises
    AttnWidgetError for an unknown part or level, and NotNumbers for weights that are NaN.
    Source: those of the measures, see their docstrings; the threshold of sink_heads is that of arXiv 2410.10781.

    >>> import attnwidget as aw
    >>> found = summary(aw.load().trace("The cat sat on the mat."), per="layer")
    >>> found["model"], found["tokens"], len([name for name in found if name.startswith("entropy")])
    ('tiny-causal', 7, 5)
    """
    if per not in LEVELS:
        raise AttnWidgetError(f"per={per!r} is not valid: give {', '.join(map(repr, LEVELS[:-1]))} or {LEVELS[-1]!r}.")
    found: dict[str, SummaryValue] = {"model": trace.model.name, "path": trace.path}
    for name in trace.parts if part is None else (part,):
        prefix = f"{name}." if part is None and len(trace.parts) > 1 else ""
        found.update((prefix + key, fact) for key, fact in _of_part(trace, name, LEVELS.index(per)))
    return found


def _of_part(trace: Trace, part: str, depth: int) -> Iterator[tuple[str, SummaryValue]]:
    queries, keys = trace.tokens(part)
    yield "tokens", len(read_rows(queries))
    yield "layers", trace.layers(part)
    yield "heads", max(trace.heads(part))
    if not reads_itself(trace, part):
        yield "keys", len(read_rows(keys))
    tables = head_means(trace, part, _statistics(trace, part))
    tables["uniform_heads"] = _above(tables["normalised_entropy"], UNIFORM)
    tables["sink_heads"] = _above(tables["share_first"], SINK)
    for level in range(depth + 1):
        for name, table in tables.items():
            if level < LEVELS.index("head") or name not in {"uniform_heads", "sink_heads"}:
                yield from _of_level(name, table, level)


def _of_level(name: str, table: np.ndarray, level: int) -> Iterator[tuple[str, SummaryValue]]:
    if level == 0:
        groups = [(name, table)]
    elif level == 1:
        groups = [(f"{name}.L{layer}", row) for layer, row in enumerate(table)]
    else:
        groups = [(f"{name}.L{layer}H{head}", table[layer, head]) for layer, head in np.ndindex(table.shape)]
    for key, numbers in groups:
        known = numbers[~np.isnan(numbers)]
        if known.size:
            yield key, float(known.mean(dtype=np.float64))


def _statistics(trace: Trace, part: str) -> dict[str, Statistic]:
    _, keys = trace.tokens(part)
    found: dict[str, Statistic] = {
        "entropy": plain_entropy,
        "normalised_entropy": normalised_entropy,
        "confidence": largest,
        "concentration": of_largest(LARGEST),
    }
    kinds = ["special", "punctuation", "first"]
    if reads_itself(trace, part):
        found["distance"] = far
        kinds += ["self", "previous"]
    return {**found, **{f"share_{kind}": mass_on(kind, keys) for kind in kinds}}


def _above(table: np.ndarray, limit: float) -> np.ndarray:
    return np.where(np.isnan(table), np.nan, (table > limit).astype(np.float32))
