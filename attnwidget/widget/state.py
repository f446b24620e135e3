"""What an explorer shows, as plain data: to keep, to send to somebody, and to begin with."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attnwidget.errors import AttnWidgetError

if TYPE_CHECKING:
    from attnwidget.widget.explorer import Explorer

KEPT = ("text", "pair", "part", "layer", "head", "heads", "query", "direction", "view", "filter", "look")
"""In the order in which they are set: each may speak of those before it."""


def state_of(explorer: "Explorer") -> dict[str, Any]:
    """Everything that decides what is on screen, but for the model itself, of which it has the name."""
    return {"model": explorer.model.name, **{name: plain(getattr(explorer, name)) for name in KEPT}}


def plain(value: Any) -> Any:
    """Tuples as lists, so that what comes back from JSON is equal to what went there.

    >>> plain(((1, 2), {"a": (3,)}))
    [[1, 2], {'a': [3]}]
    """
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return value


def checked_state(state: Any) -> dict[str, Any]:
    """The state without the model's name. Raises AttnWidgetError for what is no state, naming what is not known.

    >>> checked_state({"model": "gpt2", "layer": 3})
    {'layer': 3}
    """
    if not isinstance(state, Mapping):
        raise AttnWidgetError(f"A state is what ex.state() returns, a dict; {type(state).__name__} was given.")
    strange = [str(name) for name in state if name not in (*KEPT, "model")]
    if strange:
        raise AttnWidgetError(f"A state has no {strange[0]!r}. It may have {', '.join(('model', *KEPT))}.")
    return {name: state[name] for name in KEPT if name in state}
