"""What stands beside an answer, so that one can tell what it says: the words shuffled, another head, an untrained model."""

from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from attnwidget.engine import AttentionModel, is_chat, untrained_copy, words_in
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.surveys.claim import ReadsSpans
from attnwidget.experiments.surveys.questions import TextQuestion
from attnwidget.experiments.surveys.records import Item, SpanPlace

CONTROLS = {
    "uniform": "what uniform attention over the visible keys would give",
    "shuffled words": "the same text with its words in another order, drawn for each text",
    "another head": "another head on the same text, drawn for each text and head",
    "same distance": "all other plain tokens of the text that are as far apart",
    "untrained": "the same architecture with its initial random weights",
}
"""Controls by name, and what each is. Of a claim from span to span, another name of spans is one too: read instead."""

ORDERS_TRIED = 20
"""Draws until the words stand in another order than before."""

_untrained: "WeakKeyDictionary[AttentionModel, AttentionModel]" = WeakKeyDictionary()


def controls_of(given: Any, question: TextQuestion) -> tuple[str, ...]:
    """The controls by name; None is those that go with the question. Raises AttnWidgetError for others.

    >>> import attnwidget as aw
    >>> controls_of(None, aw.claim("L1H2", reads="previous token"))
    ('uniform', 'shuffled words', 'another head')
    """
    if given is None:
        return question.controls
    names = (given,) if isinstance(given, str) else given
    if not isinstance(names, tuple | list) or not all(isinstance(name, str) for name in names):
        raise AttnWidgetError(
            f"controls={given!r:.60} is not valid: give names such as 'shuffled words', or () for none."
        )
    for name in names:
        if name not in CONTROLS and not isinstance(question, ReadsSpans):
            raise AttnWidgetError(f"There is no control {name!r}. Give some of {', '.join(map(repr, CONTROLS))}.")
        question.refuse_control(name)
    return tuple(dict.fromkeys(names))


def untrained_of(model: AttentionModel, seed: int) -> AttentionModel:
    """The untrained copy of a model, made once while the model lives. Raises AttnWidgetError for one that is too large."""
    if model not in _untrained:
        _untrained[model] = untrained_copy(model, seed)
    return _untrained[model]


def another_head(values: np.ndarray, lot: np.random.Generator) -> np.ndarray:
    """Of every head with a number, the number of another head, drawn anew for each. Raises AttnWidgetError for one head.

    >>> another_head(np.array([[1.0, 2.0]]), np.random.default_rng(0)).tolist()
    [[2.0, 1.0]]
    """
    known = np.argwhere(~np.isnan(values)) if values.ndim == 2 else np.empty((0, 2))
    if len(known) < 2:
        raise AttnWidgetError("The control 'another head' needs one number a head, and two heads.")
    found = np.full_like(values, np.nan)
    drawn = lot.integers(1, len(known), len(known))
    for at, step in enumerate(drawn):
        found[tuple(known[at])] = values[tuple(known[(at + step) % len(known)])]
    return found


def shuffled_item(item: Item, lot: np.random.Generator) -> Item:
    """The item with the words of its text in another order, those of the pair too; spans move with their words.

    Signs and blanks stay; a stretch that the item names moves as one, and of several the first stays the first, so that a
    model that reads from left to right can read as before. Raises AttnWidgetError for a text of a single word, and
    for code points in a chat.

    >>> item = Item(0, "The cat sat, and it slept.", spans={"it": ((17, 19),)})
    >>> found = shuffled_item(item, np.random.default_rng(1))
    >>> found.text, [found.text[slice(*place)] for place in found.spans["it"]]
    ('it The sat, cat slept and.', ['it'])
    """
    pair = None if item.pair is None else shuffled_words(item.pair, (), lot)[0]
    places = [place for places in item.spans.values() for place in places]
    if is_chat(item.text):
        if any(not isinstance(place, str) for place in places):
            raise AttnWidgetError(
                "Of a chat, name spans by their words: the code points of its template do not move with them."
            )
        turns = [
            {**turn, "content": shuffled_words(turn["content"], _kept(turn["content"], places), lot)[0]}
            for turn in item.text
        ]
        return replace(item, text=turns, pair=pair)
    kept = _kept(item.text, places)
    text, moved = shuffled_words(item.text, kept, lot)
    where = dict(zip(kept, moved, strict=True))

    def now(place: SpanPlace) -> SpanPlace:
        return place if isinstance(place, str) else where[place]

    return replace(
        item, text=text, pair=pair, spans={name: tuple(map(now, places)) for name, places in item.spans.items()}
    )


def _kept(text: str, places: list[SpanPlace]) -> tuple[tuple[int, int], ...]:
    """The stretches of a text that stay together."""
    found = [place for place in places if not isinstance(place, str)]
    words = [place for place in places if isinstance(place, str) and place in text]
    found += [(text.index(place), text.index(place) + len(place)) for place in words]
    return tuple(dict.fromkeys(found))


def shuffled_words(
    text: str, kept: tuple[tuple[int, int], ...], lot: np.random.Generator
) -> tuple[str, list[tuple[int, int]]]:
    """(the text with its words in another order, where the stretches that were kept together are now).

    >>> shuffled_words("one two", ((4, 7),), np.random.default_rng(0))
    ('two one', [(0, 3)])
    """
    units = _units([*words_in(text), *kept])
    own = [next(at for at, unit in enumerate(units) if unit[0] <= start and stop <= unit[1]) for start, stop in kept]
    said = [text[start:stop] for start, stop in units]
    if len(set(said)) < 2:
        raise AttnWidgetError("The words of a text cannot be shuffled where it has only one.")
    order = np.arange(len(said))
    for _ in range(ORDERS_TRIED):
        order = _in_their_order(lot.permutation(len(said)), own)
        if [said[at] for at in order] != said:
            break
    pieces: list[str] = []
    size, behind = 0, 0
    starts: dict[int, int] = {}
    for slot, source in zip(units, order, strict=True):
        gap = text[behind : slot[0]]
        starts[int(source)] = size + len(gap)
        pieces += [gap, said[source]]
        size += len(gap) + len(said[source])
        behind = slot[1]
    pieces.append(text[behind:])
    now = [
        (starts[at] + start - units[at][0], starts[at] + stop - units[at][0])
        for at, (start, stop) in zip(own, kept, strict=True)
    ]
    return "".join(pieces), now


def _in_their_order(order: np.ndarray, kept: list[int]) -> np.ndarray:
    """The order, with these units on the places that they got, but one after the other as before."""
    slots = np.flatnonzero(np.isin(order, kept))
    found = order.copy()
    found[slots] = np.sort(order[slots])
    return found


def _units(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches that overlap as one."""
    found: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        elif stop > start:
            found.append((start, stop))
    return found
