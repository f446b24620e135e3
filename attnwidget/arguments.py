"""Numbers, flags and words out of a few that a user gives, checked and made plain Python values."""

import math
import operator
from collections.abc import Collection
from typing import Any

from attnwidget.errors import AttnWidgetError


def whole_number(value: Any) -> int | None:
    """An integer of any kind, numpy's and torch's included, as a Python int; None for anything else, also for booleans.

    >>> import numpy as np
    >>> whole_number(np.int64(3)), whole_number(2.0), whole_number(np.array([1, 2]))
    (3, None, None)
    """
    try:
        return None if _is_truth(value) or getattr(value, "ndim", 0) != 0 else operator.index(value)
    except (TypeError, ValueError, RuntimeError):  # arrays of several numbers, or of fractions
        return None


def real_number(value: Any) -> float | None:
    """A number of any kind, numpy's and torch's included, as a Python float; None for NaN, booleans, text and arrays.

    >>> import numpy as np
    >>> real_number(np.float32(0.5)), real_number(2), real_number("0.5"), real_number(float("nan"))
    (0.5, 2.0, None, None)
    """
    if _is_truth(value) or isinstance(value, str | bytes | bytearray) or getattr(value, "ndim", 0) != 0:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None
    return None if math.isnan(number) else number


def truth(value: Any) -> bool | None:
    """True or False, numpy's and torch's included, as a Python bool; None for anything else."""
    return bool(value) if _is_truth(value) and getattr(value, "ndim", 0) == 0 else None


def truth_of(name: str, value: Any) -> bool:
    """The given value as a Python bool. Raises AttnWidgetError for anything but True and False.

    >>> import numpy as np
    >>> truth_of("causal", np.bool_(True))
    True
    """
    found = truth(value)
    if found is None:
        raise AttnWidgetError(f"{name}={value!r:.60} is not valid: give True or False.")
    return found


def one_of(name: str, value: Any, choices: Collection[str]) -> str:
    """The given value, one of a few words. Raises AttnWidgetError for anything else.

    >>> one_of("by", "mean", ("zero", "mean"))
    'mean'
    """
    if not isinstance(value, str) or value not in choices:
        raise AttnWidgetError(f"{name}={value!r:.60} is not valid: give one of {', '.join(map(repr, choices))}.")
    return value


def share_or_none(value: Any) -> float | None:
    """A number from 0 to 1 as a Python float; None for anything else."""
    number = real_number(value)
    return number if number is not None and 0 <= number <= 1 else None


def whole_from_one(name: str, value: Any) -> int:
    """The given value as a positive Python int. Raises AttnWidgetError for anything but a whole number of 1 or more.

    >>> whole_from_one("count", 3)
    3
    """
    number = whole_number(value)
    if number is None or number < 1:
        raise AttnWidgetError(f"{name}={value!r} is not valid: give a whole number of 1 or more.")
    return number


def whole_from_zero(name: str, value: Any) -> int:
    """The given value as a Python int, 0 or more. Raises AttnWidgetError for anything else.

    >>> whole_from_zero("seed", 0)
    0
    """
    number = whole_number(value)
    if number is None or number < 0:
        raise AttnWidgetError(f"{name}={value!r:.60} is not valid: give a whole number, 0 or more.")
    return number


def so_many(count: Any) -> int:
    """How many results `top` returns; negative numbers mean none. Raises AttnWidgetError for anything but an integer.

    >>> so_many(5), so_many(-1)
    (5, 0)
    """
    number = whole_number(count)
    if number is None:
        raise AttnWidgetError(f"top({count!r}) is not valid: give a whole number, for example top(5).")
    return max(0, number)


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool) or str(getattr(value, "dtype", "")) in {"bool", "torch.bool"}
