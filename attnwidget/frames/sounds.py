"""The sounds that tokens stand in, as the page hears of them."""

from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import torch

from attnwidget.engine import Sound, TimePlace, Tokens, Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.frames.axes import Axes
from attnwidget.frames.frame import Selection
from attnwidget.frames.maps.readers import token_rows
from attnwidget.measures.comparison.word_times import word_times

Spoken: TypeAlias = tuple[int, int, float, float, str]

SECONDS = 4
"""Decimals of a time: a tenth of a millisecond."""


def sounds_told(trace: Trace) -> list[dict[str, Any]]:
    """What the page needs to lay tokens along sounds; the spectrogram and the sound itself are asked for by name."""
    return [_sound_told(sound) for sound in trace.sounds]


def _sound_told(sound: Sound) -> dict[str, Any]:
    rows, columns = sound.spectrogram.shape
    lengths = {"seconds": sound.seconds, "read": sound.read_seconds, "played": sound.played}
    rounded = {name: round(value, SECONDS) for name, value in lengths.items()}
    size = {"rows": rows, "columns": columns, "top": sound.top}
    return {"name": sound.name, **rounded, **size, "playable": sound.playable, "note": sound.note}


def times_told(tokens: Tokens) -> list[list[float] | None]:
    """Where each token begins and ends, in seconds; None for one that stands in no sound.

    >>> times_told(Tokens.in_sound([TimePlace(0.0, 0.02)]))
    [[0.0, 0.02]]
    """
    return [
        [round(place.start, SECONDS), round(place.stop, SECONDS)] if isinstance(place, TimePlace) else None
        for place in tokens.places
    ]


_spoken: "WeakKeyDictionary[Trace, list[Spoken] | None]" = WeakKeyDictionary()


def spoken_told(trace: Trace) -> list[Spoken] | None:
    """When each word was said: (its first token, the one after its last, begins and ends in seconds, the word); computed once per trace.

    None for a model that names no heads whose attention follows a sound; nothing where there are no words yet.
    """
    if trace not in _spoken:
        _spoken[trace] = _told_words(trace) if trace.model.alignment_heads and "cross" in trace.parts else None
    return _spoken[trace]


def _told_words(trace: Trace) -> list[Spoken]:
    try:
        found = word_times(trace)
    except AttnWidgetError:
        return []
    return [(*own.tokens, round(own.start, SECONDS), round(own.stop, SECONDS), own.word) for own in found]


def padding_share(trace: Trace, selection: Selection, axes: Axes) -> float | None:
    """How much of the query's row lies on the padding behind a sound; None where it has none, or no row says so."""
    padded = trace.whole is not None and len(axes.keys) < len(trace.whole.tokens(selection.part)[1])
    if not padded or selection.direction != "reads" or selection.weight != "attention" or selection.source == "rollout":
        return None
    if selection.fusion == "max" and (selection.source == "layer" or len(selection.chosen) > 1):
        return None
    rows = torch.arange(*selection.query, device="cpu")
    return max(0.0, 1.0 - float(token_rows(trace, selection)(rows).sum(-1).mean()))


def sound_named(trace: Trace, name: str) -> Sound | None:
    """A sound of this trace by its name; None if there is none, as when it has been replaced since."""
    return next((sound for sound in trace.sounds if sound.name == name), None)
