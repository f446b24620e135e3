"""How maps are shown: the parts of the trait `look`, each also a trait of its own in Python."""

from collections.abc import Mapping
from typing import Any

from attnwidget.arguments import truth, whole_number
from attnwidget.errors import AttnWidgetError
from attnwidget.text import LARGEST_TEXT, well_formed
from attnwidget.tones import read_scale
from attnwidget.widget.selection.fixed import Fixed

CHOICES: Mapping[str, tuple[Any, ...]] = {
    "source": ("head", "layer", "rollout"),
    "fusion": ("mean", "max"),
    "words": (False, True),
    "sinks": ("show", "hide", "renormalise"),
    "weight": ("attention", "norm"),
    "layers": ("mean", "single", "max"),
    "shows": ("after", "before", "difference"),
    "over": ("colour", "light"),
    "size": ("normal", "compact", "projector"),
}
"""The choices for each part; the first is the default."""

AGAINST = "against"
"""The part that is a text: the text to compare with, "" for none."""

SCALE = "scale"
"""The part that is a weight, that of the full tone, or "stretch"."""

HEIGHT_PART = "height"
"""The part that is a height in pixels; None for as high as the window suggests."""

HEIGHTS = (320, 4000)
"""The smallest and the largest."""

KEPT_BY_EACH = frozenset({HEIGHT_PART, "size"})
"""The parts that say how large an explorer is. Each has its own, linked or not."""

PLAIN_LOOK: Mapping[str, Any] = {
    **{name: choices[0] for name, choices in CHOICES.items()},
    AGAINST: "",
    SCALE: 1.0,
    HEIGHT_PART: None,
}


class FixedLook(Fixed):
    """A look as it is returned.

    >>> FixedLook(PLAIN_LOOK)["words"]
    False
    """

    how = (
        "A look cannot be changed in place, as the explorer would not notice. Set a part by name, ex.words = True, "
        'or several together: ex.look = {"words": True, "sinks": "hide"}.'
    )


def read_part(name: str, value: Any) -> Any:
    """A valid value for one part of a look. Raises AttnWidgetError for others, and lists the choices.

    >>> read_part("sinks", "hide")
    'hide'
    """
    if name == AGAINST:
        if not isinstance(value, str) or len(value) > LARGEST_TEXT:
            raise AttnWidgetError(f"against must be a text to compare with, or '' for none, not {value!r:.60}.")
        return well_formed(value)
    if name == SCALE:
        return read_scale(value)
    if name == HEIGHT_PART:
        return None if value is None else _read_height(value)
    plain = value if truth(value) is None else truth(value)
    for possible in CHOICES[name]:
        if type(plain) is type(possible) and plain == possible:
            return possible
    raise AttnWidgetError(f"{name} must be one of {', '.join(map(repr, CHOICES[name]))}, not {value!r}.")


def _read_height(value: Any) -> int:
    pixels = whole_number(value)
    if pixels is None or not HEIGHTS[0] <= pixels <= HEIGHTS[1]:
        least, most = HEIGHTS
        raise AttnWidgetError(
            f"height must be a number of pixels from {least} to {most:,}, or None, not {value!r:.60}."
        )
    return pixels


def read_look(value: Any, before: Mapping[str, Any]) -> FixedLook:
    """A whole look: parts that are not named keep their value. Raises AttnWidgetError for unknown parts.

    >>> read_look({"words": True}, PLAIN_LOOK)["words"], read_look({}, PLAIN_LOOK) == dict(PLAIN_LOOK)
    (True, True)
    """
    if not isinstance(value, Mapping):
        raise AttnWidgetError(
            f"look must be a dictionary with the keys {', '.join(PLAIN_LOOK)}, not {type(value).__name__}."
        )
    unknown = [name for name in value if not isinstance(name, str) or name not in PLAIN_LOOK]
    if unknown:
        raise AttnWidgetError(f"look has no {unknown[0]!r}. Give one of {', '.join(PLAIN_LOOK)}.")
    return FixedLook({name: read_part(name, value.get(name, before[name])) for name in PLAIN_LOOK})
