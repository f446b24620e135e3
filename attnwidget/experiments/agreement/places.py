"""What is compared: the words of a text, or its tokens, and which of them are none that anybody wrote."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float

from attnwidget.engine import Tokens, Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.heads.sinks import sink_tokens
from attnwidget.measures.places import template_tokens, tokens_named, word_ranges, written_as
from attnwidget.measures.portions import portions, reads_itself

PlaceKind = Literal["", "special", "template", "sink", "after"]

LEFT_OUT: tuple[PlaceKind, ...] = ("special", "template", "sink")
"""What may be left out of a comparison, and is by default."""

CALLED = {
    "special": ("special token", "special tokens"),
    "template": ("token of the chat template", "tokens of the chat template"),
    "sink": ("sink", "sinks"),
}
"""One of a kind, and several."""


@dataclass(frozen=True)
class WordPlace:
    """A word, or a token: tokens `start` to `stop`, without the last. `kind` says what it is if it is not plain text.

    "special" (padding too), "template" (of a chat: who speaks, and the line breaks around it), "sink" (attended to
    whatever the query), "after" (the answer's position and what follows it, where the model reads causally).
    """

    start: int
    stop: int
    piece: str
    kind: PlaceKind = ""

    def __repr__(self) -> str:
        return f"{self.start} {self.piece!r}{f' ({self.kind})' if self.kind else ''}"


@dataclass(frozen=True)
class Places:
    """All words or tokens of the keys of a part, and the numbers of those that are compared.

    `units` is what they are called; `before` is the position that the answer is given at, where nothing after it can matter; None if all can.
    """

    every: tuple[WordPlace, ...]
    compared: tuple[int, ...]
    left_out: str
    before: int | None
    units: str = "words"

    def sums(self, values: Float[np.ndarray, " key"]) -> Float[np.ndarray, " word"]:
        """What each place has of numbers of the tokens: their sum."""
        return np.array([values[place.start : place.stop].sum() for place in self.every])

    def hidden(self, number: int) -> tuple[int, ...]:
        """The tokens of a place that can matter to the answer."""
        place = self.every[number]
        return tuple(range(place.start, place.stop if self.before is None else min(place.stop, self.before)))


def places_of(
    trace: Trace,
    part: str | None,
    position: int | None,
    units: Any = "words",
    leave_out: Any = LEFT_OUT,
    over: Any = None,
) -> Places:
    """The words (or `units="tokens"`) of a trace's keys, what kind they are, and which are compared.

    `over` compares only what it names: a phrase, positions, or several of either. Raises AttnWidgetError for unknown
    units and kinds, a phrase that the text does not have, and if nothing remains.
    """
    if not isinstance(units, str) or units not in {"words", "tokens"}:
        raise AttnWidgetError(f"units={units!r:.60} is not valid: give 'words' or 'tokens'.")
    kinds = (leave_out,) if isinstance(leave_out, str) else tuple(leave_out or ())
    if any(kind not in LEFT_OUT for kind in kinds):
        raise AttnWidgetError(
            f"leave_out={leave_out!r:.60} is not valid: give some of {', '.join(map(repr, LEFT_OUT))}."
        )
    _, text = trace.tokens(part)
    before = position if reads_before(trace, part) else None
    ranges = word_ranges(text) if units == "words" else tuple((token, token + 1) for token in range(len(text)))
    kind_of = _kinds(trace, part, text, before)
    every = tuple(
        WordPlace(start, stop, written_as(text, start, stop), _joined([kind_of[token] for token in range(start, stop)]))
        for start, stop in ranges
    )
    asked = None if over is None else set(tokens_named(text, over))
    compared = tuple(
        number
        for number, place in enumerate(every)
        if place.kind != "after"
        and place.kind not in kinds
        and (asked is None or not asked.isdisjoint(range(place.start, place.stop)))
    )
    if not compared:
        raise AttnWidgetError(
            "Nothing remains to be compared. Leave out less with leave_out=(), or name other words with over=."
        )
    return Places(every, compared, _said(every, kinds, asked is not None), before, str(units))


def reads_before(trace: Trace, part: str | None) -> bool:
    """Whether nothing after a position can matter to it: all layers of the only part read causally."""
    return len(trace.parts) == 1 and all(block.causal and block.part != "cross" for block in trace.part_blocks(part))


def _kinds(trace: Trace, part: str | None, text: Tokens, before: int | None) -> list[PlaceKind]:
    template, sinks = template_tokens(text), mean_sinks(trace, part)

    def kind(token: int) -> PlaceKind:
        if before is not None and token >= before:
            return "after"
        if text.special[token] or text.padding[token]:
            return "special"
        if token in template:
            return "template"
        return "sink" if token in sinks else ""

    return [kind(token) for token in range(len(text))]


def _joined(kinds: list[PlaceKind]) -> PlaceKind:
    """The kind of a word: that of its first token."""
    return kinds[0]


def mean_sinks(trace: Trace, part: str | None) -> frozenset[int]:
    """Keys that get more than 0.3 of the later queries' attention, in the mean over all heads and layers, and say nothing.

    What says nothing: the first token, special ones, and those without a letter or digit. See `measures.heads.sinks`.
    """
    _, keys = trace.tokens(part)
    own = reads_itself(trace, part)
    got = torch.zeros(len(keys), dtype=torch.float64, device="cpu")
    readers = torch.zeros(len(keys), dtype=torch.long, device="cpu")
    for portion in portions(trace, part):
        seen, summed = portion.visible.clone(), portion.maps.sum(0, dtype=torch.float64)
        if own:  # itself does not count
            at = torch.arange(len(portion.rows), device="cpu"), portion.own
            seen[at], summed[at] = False, 0
        got += summed.sum(0)
        readers += seen.sum(0) * len(portion.heads)
    total = sum(trace.heads(part))
    return frozenset(sink_tokens((got / total).float(), keys, readers // total, crossed=not own))


def _said(every: tuple[WordPlace, ...], kinds: tuple[PlaceKind, ...], named: bool) -> str:
    counts = {kind: sum(place.kind == kind for place in every) for kind in (*kinds, "after")}
    found = [f"{counts[kind]} {CALLED[kind][counts[kind] > 1]}" for kind in kinds if counts[kind]]
    found += ["what stands at the answer's position or after it"] if counts["after"] else []
    return "; ".join([*found, *(["what was not asked for"] if named else [])])
