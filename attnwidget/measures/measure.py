"""What every measure begins with: its trace is one, and nothing of the caller's settings reaches its arithmetic."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import ParamSpec, TypeVar

from attnwidget.engine import exactly
from attnwidget.measures.given_trace import require_trace

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def measure(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """A function whose first argument is a trace: anything else is refused, gradients and autocast are off inside.

    >>> @measure
    ... def layers(trace, *, part=None):
    ...     return trace.layers(part)
    >>> layers("The cat sat.")
    Traceback (most recent call last):
    ...
    attnwidget.errors.AttnWidgetError: A Trace is needed, and str was given. Say model.trace(text).
    """
    first = next(iter(signature(function).parameters))

    @wraps(function)
    def measured(*given: Arguments.args, **named: Arguments.kwargs) -> Result:
        if given or first in named:  # else Python says what is missing
            require_trace(given[0] if given else named[first])
        with exactly():
            return function(*given, **named)

    return measured
