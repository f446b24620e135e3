"""What every measure starts with: a check of its trace, and arithmetic independent of the caller's torch settings."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import ParamSpec, TypeVar

from attnwidget.engine import exactly
from attnwidget.measures.given_trace import require_trace

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def measure(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Decorate a function of a trace: any other first argument is refused; gradients and autocast are off inside.

    >>> @measure
    ... def layers(trace, *, part=None):
    ...     return trace.layers(part)
    >>> layers("The cat sat.")
    Traceback (most recent call last):
    ...
    attnwidget.errors.AttnWidgetError: This needs a Trace, not str. Make one with model.trace(text).
    """
    first = next(iter(signature(function).parameters))

    @wraps(function)
    def measured(*given: Arguments.args, **named: Arguments.kwargs) -> Result:
        if given or first in named:  # else Python says what is missing
            require_trace(given[0] if given else named[first])
        with exactly():
            return function(*given, **named)

    return measured
