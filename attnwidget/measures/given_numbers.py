"""The numbers that a measure is given: what counts as a whole one."""

import operator
from typing import Any

from attnwidget.errors import AttnWidgetError


def whole_number(value: Any) -> int | None:
    """An integer of any kind, numpy's and torch's too, as a plain one; None for anything else, True and False included.

    >>> import numpy as np
    >>> whole_number(np.int64(3)), whole_number(2.0), whole_number(np.array([1, 2]))
    (3, None, None)
    """
    try:
        return None if isinstance(value, bool) else operator.index(value)
    except (TypeError, ValueError, RuntimeError):  # arrays of several, and of no whole numbers
        return None


def whole_from_one(name: str, value: Any) -> int:
    """A positive integer. Raises AttnWidgetError for anything else.

    >>> whole_from_one("count", 3)
    3
    """
    number = whole_number(value)
    if number is None or number < 1:
        raise AttnWidgetError(f"{name}={value!r} is no number of things. Give an integer from 1.")
    return number


def so_many(count: Any) -> int:
    """How many of the best are asked for; below 0 is none. Raises AttnWidgetError for what is no integer.

    >>> so_many(5), so_many(-1)
    (5, 0)
    """
    number = whole_number(count)
    if number is None:
        raise AttnWidgetError(
            f"top takes how many are wanted, and {count!r} is no whole number. Write for example top(5)."
        )
    return max(0, number)
