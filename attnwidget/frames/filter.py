"""Which weights of a row are kept: one rule for lines, text, matrix, strip and exports."""

import math
import re
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from attnwidget.arguments import real_number, whole_number
from attnwidget.errors import AttnWidgetError

Kind: TypeAlias = Literal["auto", "all", "mass", "top", "least"]

MOST_KEPT = 10_000
"""The most weights of a row that "top" may keep."""

POSSIBLE_FILTERS = 'Give "auto", "all", "70 %" (of the mass), "top 5", or a smallest weight like 0.01.'


@dataclass(frozen=True)
class Filter:
    """What is kept of every row: the fewest weights that hold `amount` of it ("mass"), the `amount` strongest ("top"),
    those of at least `amount` ("least"), or "all". "auto" leaves it to the view: lines keep 70 %, other views keep all.

    >>> str(Filter("mass", 0.7)), str(Filter("top", 5)), str(Filter("all"))
    ('mass 0.7', 'top 5', 'all')
    """

    kind: Kind
    amount: float = 0

    def __str__(self) -> str:
        return self.kind if self.kind in {"auto", "all"} else f"{self.kind} {self.amount:g}"


def read_filter(value: Any) -> Filter:
    """A filter, in any of its notations. Raises AttnWidgetError for anything else, and lists what is possible.

    >>> [str(read_filter(value)) for value in ("70 %", "top 5", ("mass", 0.7), 0.01, 3, "auto")]
    ['mass 0.7', 'top 5', 'mass 0.7', 'least 0.01', 'top 3', 'auto']
    """
    if isinstance(value, Filter):
        value = str(value)
    kind, amount = _parts(value)
    if kind in {"auto", "all"} and amount is None:
        return Filter("auto" if kind == "auto" else "all")
    if kind == "mass" and amount is not None and 0 < amount <= 1:
        return Filter("mass", amount)
    if kind == "top" and amount is not None and 1 <= amount <= MOST_KEPT and amount == int(amount):
        return Filter("top", int(amount))
    if kind == "least" and amount is not None and 0 < amount <= 1:
        return Filter("least", amount)
    raise AttnWidgetError(f"{value!r} is not a filter. {POSSIBLE_FILTERS}")


def _parts(value: Any) -> tuple[str, float | None]:
    if isinstance(value, str):
        return _written(value)
    if isinstance(value, list | tuple) and len(value) == 2 and isinstance(value[0], str):
        return value[0], _finite(value[1])
    return "least" if whole_number(value) is None else "top", _finite(value)


_WRITTEN = re.compile(r"\s*(?:(auto|all|mass|top|least|>=|≥)\s*)?(?:(\d*\.?\d+(?:e-?\d+)?)\s*(%)?)?\s*", re.IGNORECASE)
_BY_SIGN = {">=": "least", "≥": "least"}


def _written(text: str) -> tuple[str, float | None]:
    match = _WRITTEN.fullmatch(text) if len(text) < 40 else None
    if match is None:
        return "", None
    word, number, percent = match[1], match[2], match[3]
    kind = _BY_SIGN.get(word, word.lower()) if word else ("mass" if percent else "least")
    amount = None if number is None else float(number) / (100 if percent else 1)
    return ("", None) if percent and kind != "mass" else (kind, amount)


def _finite(value: Any) -> float | None:
    found = real_number(value)
    return found if found is not None and math.isfinite(found) else None
