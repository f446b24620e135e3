"""What an explorer shows, as plain data: to keep, to share, and to start from."""

from collections.abc import Mapping
from typing import Any

from traitlets import HasTraits

from attnwidget.errors import AttnWidgetError
from attnwidget.export.kept_finding import KeptFinding
from attnwidget.widget.answering.requests import AskedAnswer, Request
from attnwidget.widget.selection.changing import TURN
from attnwidget.widget.selection.what_if import switched_on

STATE_NAMES = (
    *("part", "text", "pair", "layer", "head", "heads", "direction", "query", "view", "filter", "look"),
    *("edits", "question"),
)
"""In the order in which they are set: each may depend on those before it."""

MEDIA_KEYS = ("pictures", "sounds", "videos")
"""Beside them, where a text names a picture or a sound: these, by name."""

ASKED = ("text", "pair", "part", "layer", "head", "query", "direction", "source", "fusion", "words", "sinks", "weight")
"""The traits with a request field of the same name."""


def explorer_state(explorer: HasTraits, model: str) -> dict[str, Any]:
    """Everything that decides what is on screen, with the name of the model instead of the model."""
    with TURN:
        return {"model": model, **{name: as_lists(getattr(explorer, name)) for name in STATE_NAMES}}


def request_of(explorer: HasTraits, kind: str) -> Request:
    """The request of a page that shows this."""
    with TURN:
        chosen = {name: getattr(explorer, name) for name in (*ASKED, "heads", "edits", "question", "shows")}
    heads, edits, shows = chosen.pop("heads"), switched_on(chosen.pop("edits")), chosen.pop("shows")
    return Request(
        id="",
        kind=kind,
        heads=heads if len(heads) > 1 else (),
        edits=() if shows == "before" else edits,
        shows="difference" if shows == "difference" and edits else "after",
        question=AskedAnswer(**chosen.pop("question")),
        **chosen,
    )


def as_lists(value: Any) -> Any:
    """Tuples as lists, so that data is equal after a JSON round trip.

    >>> as_lists(((1, 2), {"a": (3,)}))
    [[1, 2], {'a': [3]}]
    """
    if isinstance(value, tuple | list):
        return [as_lists(item) for item in value]
    if isinstance(value, Mapping):
        return {key: as_lists(item) for key, item in value.items()}
    return value


def checked_state(state: Any) -> dict[str, Any]:
    """The state without the model's name. Raises AttnWidgetError for an invalid state, naming unknown keys.

    >>> checked_state({"model": "gpt2", "layer": 3})
    {'layer': 3}
    """
    state = state.state if isinstance(state, KeptFinding) else state
    if not isinstance(state, Mapping):
        raise AttnWidgetError(
            f"state={type(state).__name__} is not valid: give the dictionary that ex.state() returns."
        )
    strange = [str(name) for name in state if name not in (*STATE_NAMES, *MEDIA_KEYS, "model")]
    if strange:
        raise AttnWidgetError(f"A state has no {strange[0]!r}. Its keys are {', '.join(('model', *STATE_NAMES))}.")
    return {name: state[name] for name in (*STATE_NAMES, *MEDIA_KEYS) if name in state}


def name_to_load(state: Any) -> str | None:
    """What to load for a state; None where it names no model."""
    state = state.state if isinstance(state, KeptFinding) else state
    return state.get("model") if isinstance(state, Mapping) else None


def unsaid(state: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a state that given arguments leave open: a given head overrides the heads of the state.

    >>> unsaid({"layer": 1, "head": 2, "heads": [[1, 2]], "view": "lines"}, {"layer": 3})
    {'view': 'lines'}
    >>> unsaid({"look": {"words": True, "sinks": "hide"}}, {"words": False})
    {'look': {'sinks': 'hide'}}
    """
    places = {"layer", "head", "heads"}
    gone = set(said) | (places if places & set(said) else set())
    kept = {name: value for name, value in state.items() if name not in gone}
    if "look" in kept and isinstance(kept["look"], Mapping):
        kept["look"] = {name: value for name, value in kept["look"].items() if name not in said}
    return kept
