"""Columns of numbers and words as a table."""

from collections.abc import Mapping, Sequence
from typing import Any


def table_of(columns: Mapping[str, Sequence[Any]]) -> Any:
    """A DataFrame where pandas is installed, else the columns.

    >>> list(table_of({"order": ["random"], "right": [0.5]}))
    ['order', 'right']
    """
    try:
        from pandas import DataFrame
    except ImportError:
        return columns
    return DataFrame(columns)
