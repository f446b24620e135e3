"""Whether a measure was given a trace."""

from typing import Any

from attnwidget.engine.trace import Trace
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
