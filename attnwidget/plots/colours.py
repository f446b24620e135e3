"""The colours of a chart in the light and in the dark: the explorer's own (js/src/lib/colour.ts, js/src/style/theme.css).

Orange is *reads*, blue is *is read by*. Differences are purple and green, so that neither side is taken for one of
these. Categories are Okabe and Ito's, which people with any colour vision can tell apart.
"""

from dataclasses import dataclass

from bokeh.palettes import Colorblind8

from attnwidget.errors import AttnWidgetError
from attnwidget.tones import DARK_RAMPS, RAMPS

Ramp = tuple[str, ...]
"""Colours from zero to the maximum, or from the most below zero to the most above."""


@dataclass(frozen=True)
class Look:
    """One theme. Within a look every colour has one role, so that a figure can be moved from one look to another."""

    name: str
    ground: str
    text: str
    muted: str
    hairline: str
    edge: str
    hatch: str
    dim: str
    reads: str
    reads_bar: str
    reads_tint: str
    read_by: str
    read_by_bar: str
    ramps: dict[str, Ramp]
    categories: tuple[str, ...]
    patterns: dict[str, str]


def ramp(stops: str, *, root: bool = False) -> Ramp:
    """256 colours between these, evenly spaced; with `root` spaced by the square root, so that small weights are visible.

    >>> ramp("#000000 #ffffff")[:2], ramp("#000000 #ffffff", root=True)[1]
    (('#000000', '#010101'), '#101010')
    """
    colours = [[int(code[start : start + 2], 16) for start in (1, 3, 5)] for code in stops.split()]

    def colour(place: float) -> str:
        left = min(int(place * (len(colours) - 1)), len(colours) - 2)
        share = place * (len(colours) - 1) - left
        mixed = [round(a + (b - a) * share) for a, b in zip(colours[left], colours[left + 1], strict=True)]
        return "#" + "".join(f"{channel:02x}" for channel in mixed)

    places = [index / 255 for index in range(256)]
    return tuple(colour(place**0.5 if root else place) for place in places)


def both_ways(below: str, above: str) -> Ramp:
    """256 colours on either side of nothing, by the square root, so that small changes are visible too.

    >>> both_ways("#ffffff #000000", "#ffffff #00ff00")[:-2:170]
    ('#000000', '#6c6c6c', '#6dff6d')
    """
    return *reversed(ramp(below, root=True)), *ramp(above, root=True)


_BLUE, _AMBER, _, _GREEN, _SKY, _VERMILION, _PINK, _ = (colour.lower() for colour in Colorblind8)

_ORANGE_LIGHT = "#fff4ea #feeddc #fdd6b0 #fcb77d #f79350 #e86f26 #c44e0a #8d3204 #5c1f04"
_ORANGE_DARK = "#211910 #2b1c10 #4a2910 #743a10 #a44f14 #d56a20 #f78f42 #ffb98a #ffe3cf"
_BLUE_LIGHT = "#9dc3ed #6fa6e2 #4484cf #2463b0 #154585 #0d2c59"
_BLUE_DARK = "#1b4b80 #2567ad #3b87d6 #6aaaf0 #a3cdf9 #dbebfe"

KINDS = {
    "previous token": ("near", ""),
    "next token": ("near", "/"),
    "diagonal": ("near", "."),
    "offset": ("near", "x"),
    "induction": ("lookup", ""),
    "duplicate token": ("lookup", "/"),
    "off-diagonal": ("lookup", "."),
    "first token": ("place", ""),
    "separator": ("place", "/"),
    "vertical": ("place", "."),
    "vertical + diagonal": ("place", "x"),
    "block diagonal": ("block", ""),
    "peaked": ("peaked", ""),
    "uniform": ("even", ""),
    "no single pattern": ("none", ""),
}
"""The kind of each pattern, which has one colour in every figure and on the page (js/src/heads/kinds.ts), and the hatching
that tells kin apart."""

LIGHT = Look(
    name="light",
    ground="#ffffff",
    text="#1f2328",
    muted="#656d76",
    hairline="#e3e6ea",
    edge="#d0d7de",
    hatch="#c3cad1",
    dim="#b4bcc5",
    reads="#d4540a",
    reads_bar="#ee8747",
    reads_tint="#fdeadb",
    read_by="#2463b0",
    read_by_bar="#5a93d6",
    ramps={
        "heads": ramp(_ORANGE_LIGHT),
        "weights": ramp(RAMPS["reads"], root=True),
        "changes": both_ways("#ffffff #ded0e8 #b08fcb #7b4aa3 #431a68", "#ffffff #cfe6d3 #86c493 #2f8a4e #0b4f28"),
        "layers": ramp(_BLUE_LIGHT),
        "differences": ramp("#4d1f73 #8551a6 #b893cc #f5f4f6 #93c795 #3f8f4f #0d5226"),
    },
    categories=(_BLUE, _VERMILION, _GREEN, _PINK, _AMBER, _SKY, "#6b4c9a", "#8a5a2b"),
    patterns={
        "near": "#74c2ba",
        "lookup": "#b695dd",
        "place": "#dfc069",
        "block": "#9bcb7a",
        "peaked": "#ea9caf",
        "even": "#b9c0c8",
        "none": "#eceef0",
    },
)

DARK = Look(
    name="dark",
    ground="#14181d",
    text="#e6e8eb",
    muted="#9aa3ad",
    hairline="#2b3138",
    edge="#3d444d",
    hatch="#4a525b",
    dim="#5b646e",
    reads="#ff9145",
    reads_bar="#d2743a",
    reads_tint="#3d2716",
    read_by="#6aaaf0",
    read_by_bar="#4c86cc",
    ramps={
        "heads": ramp(_ORANGE_DARK),
        "weights": ramp(DARK_RAMPS["reads"], root=True),
        "changes": both_ways("#14181d #4a2d69 #8450b8 #b98ae6 #e6d3fb", "#14181d #1d4a2e #2c8450 #62c587 #c6f3d3"),
        "layers": ramp(_BLUE_DARK),
        "differences": ramp("#e0c5f5 #b183d6 #6b4788 #22272d #2c6a3c #55b067 #b7ecc0"),
    },
    categories=("#3d9bd9", "#f0772b", "#1db88b", "#dd8fb9", "#f0b429", "#8fd0f5", "#a88bd6", "#c08e5a"),
    patterns={
        "near": "#2a7470",
        "lookup": "#70509b",
        "place": "#80671f",
        "block": "#4c762e",
        "peaked": "#97475c",
        "even": "#59626b",
        "none": "#23282e",
    },
)

LOOKS = {look.name: look for look in (LIGHT, DARK)}


def look_of(theme: object) -> Look:
    """The look of a theme; None is light. Raises AttnWidgetError for any other than "light" and "dark".

    >>> look_of(None).name
    'light'
    """
    if theme is None:
        return LIGHT
    if not isinstance(theme, str) or theme not in LOOKS:
        raise AttnWidgetError(f"theme={theme!r} is not valid: give 'light' or 'dark'.")
    return LOOKS[theme]
