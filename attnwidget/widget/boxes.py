"""Boxes of ipywidgets: a cell that shows one keeps the stills of the explorers in it, whom the box never tells of the cell."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from IPython import get_ipython
from ipywidgets import Box


def watch_boxes(kind: type[Any], shown: Callable[[Any, Any], Any]) -> None:
    """From now on IPython asks `shown(widget, bundle)` of every widget of a kind that it shows in a box.

    The bundle is what the cell shows of the box, and so is what is returned. Who has a form of their own for boxes
    keeps it.
    """

    def bundle_of(box: Box) -> Any:
        bundle = box._repr_mimebundle_()
        with suppress(Exception):  # a box is shown, whatever is in it
            for widget in _inside(box, kind):
                bundle = shown(widget, bundle)
        return bundle

    with suppress(AttributeError):  # without IPython there are no forms
        forms = get_ipython().display_formatter.mimebundle_formatter
        if forms.for_type(Box) is None:
            forms.for_type(Box, bundle_of)


def _inside(box: Box, kind: type[Any]) -> Iterator[Any]:
    """The widgets of a kind among the children, theirs and so on, each once and in their order."""
    known, left = set(), [box]
    while left:
        widget = left.pop()
        if id(widget) in known:
            continue
        known.add(id(widget))
        if isinstance(widget, kind):
            yield widget
        elif isinstance(widget, Box):
            left.extend(reversed(widget.children))
