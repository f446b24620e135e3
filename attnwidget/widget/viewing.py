"""`aw.view`: the explorer for weights from anywhere."""

from typing import Any

from attnwidget.engine import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.widget.explorer import Explorer
from attnwidget.widget.exploring import restored
from attnwidget.widget.given import GivenModel


def view(
    weights: Any,
    tokens: Any = None,
    key_tokens: Any = None,
    part: str | None = None,
    *,
    causal: Any = None,
    layer: int | None = None,
    head: int | None = None,
    query: Any = None,
    direction: str | None = None,
    view: str | None = None,
    heads: Any = None,
    filter: Any = None,  # noqa: A002  the trait's name
    look: Any = None,
    source: str | None = None,
    fusion: str | None = None,
    words: bool | None = None,
    sinks: str | None = None,
    weight: str | None = None,
    layers: str | None = None,
    against: str | None = None,
    scale: float | str | None = None,
    over: str | None = None,
    size: str | None = None,
    height: int | None = None,
    state: Any = None,
) -> Explorer:
    """An explorer for attention weights from anywhere, or for a Trace: everything but editing.

    `weights`, `tokens`, `key_tokens` and `causal` are as in `Trace.from_weights`. For a single set of weights, `part`
    is its name ("self" by default); for a trace, or weights by part, it is the part to show first. The rest is as in
    `explore`. Raises AttnWidgetError for input that cannot be shown.

    >>> import attnwidget as aw, numpy as np
    >>> ex = aw.view(np.full((1, 2, 3, 3), 1 / 3), ["The", "river", "bank"])     # layer head query key
    >>> ex
    Explorer(given weights, 'The river bank', layer 0, head 0)
    """
    if isinstance(weights, Trace):
        if tokens is not None or key_tokens is not None or causal is not None:
            raise AttnWidgetError("A trace has its own tokens. Use aw.view(trace) alone, or give weights and tokens.")
        trace = weights
    elif tokens is None:
        raise AttnWidgetError("Weights need tokens. Give both: aw.view(weights, tokens).")
    else:
        trace = Trace.from_weights(weights, tokens, key_tokens, "self" if part is None else part, causal=causal)
    given = {"layer": layer, "head": head, "query": query, "direction": direction, "part": part, "view": view}
    given |= {"heads": heads, "filter": filter, "look": look, "source": source, "fusion": fusion, "words": words}
    given |= {"sinks": sinks, "weight": weight, "layers": layers, "against": against, "scale": scale, "over": over}
    given |= {"size": size, "height": height}
    chosen = {name: value for name, value in given.items() if value is not None}
    return restored(Explorer(GivenModel(trace), "", **chosen), state, chosen)
