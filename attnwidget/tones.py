"""How strong a number is painted: one rule for every picture, the same as in js/src/lib/colour.ts."""

from typing import Any

import numpy as np

from attnwidget.arguments import real_number
from attnwidget.errors import AttnWidgetError

Scale = float | str
"""What has the full tone: a weight, or "stretch", the largest weight of the query outside sinks."""

TONE_STEPS = (0.01, 0.05, 0.25, 1.0)
"""The shares of the full tone that a legend shows."""

FAINTEST = 0.001
"""Of the full tone: less is not painted, as nobody could tell it from nothing."""

RAMPS = {
    "reads": "#ffffff #feeddc #fdd6b0 #fcb77d #f79350 #e86f26 #c44e0a #8d3204 #5c1f04",
    "read_by": "#ffffff #e3eefb #c5dbf5 #9dc3ed #6fa6e2 #4484cf #2463b0 #154585 #0d2c59",
}
"""In the light, from nothing to the full tone, as on the page."""

CHANGE_RAMPS = {
    "more": "#ffffff #cfe6d3 #86c493 #2f8a4e #0b4f28",
    "less": "#ffffff #ded0e8 #b08fcb #7b4aa3 #431a68",
}
"""Of what is read more than before an edit, and of what is read less."""

DARK_RAMPS = {
    "reads": "#14181d #2b1c10 #4a2910 #743a10 #a44f14 #d56a20 #f78f42 #ffb98a #ffe3cf",
    "read_by": "#14181d #122238 #163457 #1b4b80 #2567ad #3b87d6 #6aaaf0 #a3cdf9 #dbebfe",
}


def full_tone(scale: Scale, largest: float) -> float:
    """The weight of the full tone. By default 1: a number looks the same in every view, head and text.

    >>> full_tone(1.0, 0.3), full_tone("stretch", 0.3)
    (1.0, 0.3)
    """
    return largest if isinstance(scale, str) else scale


def tones(weights: Any, full: float) -> np.ndarray:
    """The tone of each weight, 0 to 1: the square root of its share of the full tone.

    >>> tones([0.25, 1.5, 0.0001], 1.0).tolist()
    [0.5, 1.0, 0.0]
    """
    values = np.asarray(weights, np.float64)
    shares = np.nan_to_num(values / full) if full > 0 else np.zeros_like(values)
    return np.where(shares < FAINTEST, 0.0, np.sqrt(np.clip(shares, 0, 1)))


def behind_letters(tone: float) -> float:
    """How opaque the ground of a letter is at a tone: as on the page (js/src/lib/colour.ts).

    >>> behind_letters(0.5), behind_letters(1.0)
    (0.6875, 1.0)
    """
    return tone * (1.75 - 0.75 * tone)


def read_scale(value: Any) -> Scale:
    """A valid scale. Raises AttnWidgetError for anything but a number above 0 and "stretch".

    >>> read_scale(1), read_scale("stretch")
    (1.0, 'stretch')
    """
    if isinstance(value, str) and value == "stretch":
        return value
    number = real_number(value)
    if number is None or not 0 < number < float("inf"):
        raise AttnWidgetError(
            f"scale={value!r:.60} is not valid: give the weight that has the full tone, a number above 0 such as 1, or "
            "'stretch' for the largest weight of the query outside sinks."
        )
    return number
