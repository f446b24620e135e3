"""Frozen records <-> JSON data, by their annotations alone: nothing from a file is ever executed."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints


class Unfit(Exception):
    """A value does not fit its annotation. Never reaches a user."""


def as_data(value: Any) -> Any:
    """Records, tuples and mappings as dictionaries and lists of strings and numbers.

    >>> from attnwidget.engine.trace.records import Candidate
    >>> as_data((Candidate(5, "bank", 0.25), None))
    [{'id': 5, 'piece': 'bank', 'probability': 0.25}, None]
    """
    if is_dataclass(value):
        return {own.name: as_data(getattr(value, own.name)) for own in fields(value)}
    if isinstance(value, Mapping):
        return {name: as_data(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_data(one) for one in value]
    return value


def from_data(kind: Any, value: Any) -> Any:
    """The value that `as_data` was given, of the annotated kind. Raises Unfit for anything else.

    Supports bool, int, float, str, None, unions, tuples, dicts with string keys, and records of these. Fields with a
    default may be missing; unknown fields are refused.

    >>> from_data(tuple[tuple[int, str], ...], [[1, "a"], [2, "b"]])
    ((1, 'a'), (2, 'b'))
    """
    origin, options = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return _one_of(options, value)
    if origin is tuple:
        if not isinstance(value, list) or (options[-1] is not ... and len(value) != len(options)):
            raise Unfit(f"{_shown(value)} is not a list of the right length")
        kinds = [options[0]] * len(value) if options[-1] is ... else options
        return tuple(from_data(own, one) for own, one in zip(kinds, value, strict=True))
    if origin is dict:
        return {from_data(options[0], name): from_data(options[1], one) for name, one in _entries(value).items()}
    if is_dataclass(kind):
        return _record(kind, _entries(value))
    if kind is float and type(value) is int:
        return float(value)
    # `type`, not `isinstance`: True is not a number here. Tensors and other objects that are not plain data never fit.
    if kind not in {bool, int, float, str, NoneType} or type(value) is not kind:
        raise Unfit(f"{_shown(value)} is not {getattr(kind, '__name__', kind)}")
    return value


def _record(kind: Any, entries: dict[str, Any]) -> Any:
    hints = _hints(kind)
    unknown = entries.keys() - hints.keys()
    if unknown:
        raise Unfit(f"{kind.__name__} has no field {_shown(min(unknown))}")
    found = {name: from_data(hints[name], one) for name, one in entries.items()}
    try:
        return kind(**found)
    except TypeError:
        raise Unfit(f"a field of {kind.__name__} is missing") from None


def _one_of(options: tuple[Any, ...], value: Any) -> Any:
    for kind in options:
        try:
            return from_data(kind, value)
        except Unfit:
            continue
    raise Unfit(f"{_shown(value)} fits none of the allowed types")


def _entries(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unfit(f"{_shown(value)} is not a dictionary")
    return value


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
