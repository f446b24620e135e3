"""`aw.view`: the explorer over weights from anywhere."""

from typing import Any

from attnwidget.engine.trace import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.widget.explorer import Explorer
from attnwidget.widget.given import GivenModel


def view(
    weights: Any,
    tokens: Any = None,
    key_tokens: Any = None,
    part: str | None = None,
    *,
    causal: Any = None,
    layer: int | None = None,
    head: int = 0,
    query: Any = None,
    direction: str = "reads",
    view: str = "matrix",
) -> Explorer:
    """An explorer over attention weights from anywhere, or over a Trace: everything but the editing.

    `weights`, `tokens`, `key_tokens` and `causal` are those of `Trace.from_weights`, and so is `part` where weights are
    given ("self" by default); of a trace, `part` is the one to begin with. The rest is as in `explore`. Raises
    AttnWidgetError for what cannot be shown.

    >>> import attnwidget as aw, numpy as np
    >>> ex = aw.view(np.full((1, 2, 3, 3), 1 / 3), ["The", "river", "bank"])     # layer head query key
    >>> ex
    Explorer(given weights, 'The river bank', layer 0, head 0)
    """
    if isinstance(weights, Trace):
        if tokens is not None or key_tokens is not None or causal is not None:
            raise AttnWidgetError("A trace has its tokens. Give aw.view(trace) alone, or weights and tokens.")
        trace, shown = weights, part
    elif tokens is None:
        raise AttnWidgetError(
            "Weights alone do not say what they are between. Give tokens too: aw.view(weights, tokens)."
        )
    else:
        trace, shown = Trace.from_weights(weights, tokens, key_tokens, part or "self", causal=causal), None
    chosen = {"query": query, "direction": direction, "part": shown, "view": view}
    return Explorer(GivenModel(trace), "", layer=layer, head=head, **chosen)
