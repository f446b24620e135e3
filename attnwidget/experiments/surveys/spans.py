"""Stretches of a text that an item names -> the tokens there."""

from collections.abc import Sequence
from itertools import pairwise

from attnwidget.engine import NO_SPAN, Tokens, Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.surveys.records import Item, SpanPlace
from attnwidget.measures.places import tokens_named


def places_called(item: Item, name: str) -> tuple[SpanPlace, ...]:
    """The places that an item has under a name. Raises AttnWidgetError if it has none."""
    found = item.spans.get(name)
    if not found:
        known = f"it names {', '.join(map(repr, item.spans))}" if item.spans else "it names none"
        raise AttnWidgetError(f"This text does not say where its {name!r} stands: {known}.")
    return tuple(found)


def tokens_in_span(trace: Trace, item: Item, place: SpanPlace) -> tuple[int, ...]:
    """The tokens of a stretch of the text. Raises AttnWidgetError if there are none, or the words stand there twice."""
    text = trace.text
    if isinstance(place, str):
        found = tokens_named(text, place)
        if any(after - before > 1 for before, after in pairwise(found)):
            raise AttnWidgetError(
                f"{place!r} stands in this text more than once. Give the code points where it begins and ends."
            )
        return found
    start, stop = place
    before = text.text.find(item.text) if isinstance(item.text, str) else 0  # a prompt may come first
    found = _covered(text, start + max(0, before), stop + max(0, before))
    if not found:
        raise AttnWidgetError(
            f"There is no token at {start}:{stop} of this text, which has {len(text.text)} code points."
        )
    return found


def _covered(text: Tokens, start: int, stop: int) -> tuple[int, ...]:
    return tuple(
        at
        for at, (begin, end) in enumerate(text.spans)
        if (begin, end) != NO_SPAN and begin < stop and end > start and end > begin
    )


def belonging(queries: Sequence[SpanPlace], keys: Sequence[SpanPlace]) -> list[tuple[SpanPlace, tuple[SpanPlace, ...]]]:
    """Which keys belong to which query: the first to the first where there are as many, else all to each.

    >>> belonging([(0, 2), (9, 11)], [(4, 6), (5, 7)])
    [((0, 2), ((4, 6),)), ((9, 11), ((5, 7),))]
    >>> belonging(["it"], ["the cat", "the mat"])
    [('it', ('the cat', 'the mat'))]
    """
    if len(queries) == len(keys):
        return [(query, (key,)) for query, key in zip(queries, keys, strict=True)]
    return [(query, tuple(keys)) for query in queries]
