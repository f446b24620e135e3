"""What a measure was given: whether it is a trace, and which of its parts was read."""

from typing import Any

from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import AttnWidgetError


def require_trace(trace: Any) -> None:
    """Raises AttnWidgetError, with the call that gives a trace, for anything else.

    >>> require_trace("The cat sat.")
    Traceback (most recent call last):
    ...
    attnwidget.errors.AttnWidgetError: A Trace is needed, and str was given. Say model.trace(text).
    """
    if not isinstance(trace, Trace):
        raise AttnWidgetError(f"A Trace is needed, and {type(trace).__name__} was given. Say model.trace(text).")


def said_part(trace: Trace, part: str | None) -> str:
    """The end of a recipe: which part was read, where a trace has several.

    >>> import torch
    >>> maps = torch.eye(2)[None]
    >>> said_part(Trace.from_weights({"decoder": [maps], "cross": [maps]}, ["a", "b"], ["x", "y"]), "cross")
    ", part 'cross'"
    """
    return f", part {part!r}" if len(trace.parts) > 1 else ""
