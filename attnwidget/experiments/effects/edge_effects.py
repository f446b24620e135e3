"""How much the answer rests on each reading of one token by another."""

from typing import Any

import numpy as np

from attnwidget.engine import Cut, Run, Trace, indices, many_runs, visible
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.effects.answers import Asked, answer_of, logits_at
from attnwidget.experiments.progress import shown_progress
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.results import TokenMap


def edge_effects(
    model: Any,
    trace: Any,
    *,
    answer: Any = None,
    at: Any = None,
    unit: Any = "log probability",
    queries: Any = None,
    heads: Any = (),
    part: str | None = None,
    progress: Any = None,
) -> TokenMap:
    """How much the answer falls when one query no longer reads one key: (query key), measured by running the model.

    `queries` are the rows that are tried, by default the answer's own position alone; `heads` are names or (layer, head),
    like "L5H3" or "L5", by default all heads of all layers at once. The other weights of a row are renormalised (see
    `Cut`). Positive numbers mean that the answer rests on the edge. 0 where a query does not look, and for queries after the
    answer's position in a causal model; NaN where the key is the only one that a query may read. `answer`, `at`, `unit` and
    `progress` as in `token_effects`.

    Costs one run for every edge, several as one batch where the model allows that. Raises AttnWidgetError for an answer that
    the model cannot give, heads and queries that do not exist, and an answer without a position if no queries are given;
    Cancelled inside `stopping_when`.
    Source: Geva et al. 2023 (arXiv 2304.14767), attention knockout.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> trace = model.trace("The capital of Veldt is Miro. The capital of Veldt is")
    >>> aw.edge_effects(model, trace, heads="L3").shape
    (1, 12)
    """
    asked = answer_of(model, trace, answer, at, unit)
    read, keys = trace.tokens(part)
    if queries is None and asked.position is None:
        raise AttnWidgetError(
            f"{trace.model.name} answers for the whole text, so there is no query of its own to cut from. Give queries=, for "
            "example 0."
        )
    rows = indices(asked.position if queries is None else queries, len(read), "query").tolist()
    values = np.zeros((len(rows), len(keys)))
    pairs = []
    for place, query in enumerate(rows):
        seen = _seen(trace, part, heads, query)
        if not _matters(trace, part, asked, query):
            continue
        if len(seen) == 1:
            values[place, seen] = np.nan
        else:
            pairs += [(place, query, key) for key in seen]
    before = asked.score(logits_at(trace, asked))
    runs = [Run(asked.row, (Cut(query, key, heads=heads, part=part),)) for _, query, key in pairs]
    with shown_progress(progress, "edges") as step:
        after = many_runs(model, trace).logits(runs, lambda done: step(done, len(runs))) if runs else ()
    for (place, _, key), row in zip(pairs, after, strict=True):
        values[place, key] = before - asked.score(row)
    named = Cut(0, 0, heads=heads, part=part)
    where = str(named).partition(" in ")[2] or "all heads"
    return TokenMap(
        values,
        f"fall of {asked.recipe}, each edge cut alone in {where}{said_setting(trace, part)}",
        tuple(read.pieces[row] for row in rows),
        keys.pieces,
        tuple(rows),
    )


def _seen(trace: Trace, part: str | None, heads: Any, query: int) -> list[int]:
    """The keys that a query may read in some layer where edges are cut."""
    blocks = trace.part_blocks(part)
    depth = trace.layers(part)
    layers = {layer % depth for layer, _ in Cut(0, 0, heads=heads).heads if -depth <= layer < depth}
    chosen = [block for block in blocks if not layers or block.layer in layers]
    found = sum(visible(block, query)[0].int() for block in chosen)
    return np.flatnonzero(np.asarray(found)).tolist()


def _matters(trace: Trace, part: str | None, asked: Asked, query: int) -> bool:
    """Whether the answer can rest on what a query reads."""
    own = len(trace.parts) == 1 or part in {"decoder", "cross"}
    causal = all(block.causal for block in trace.part_blocks("decoder" if "decoder" in trace.parts else part))
    return asked.position is None or not (own and causal) or query <= asked.position
