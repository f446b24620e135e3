"""How heads, tokens and numbers are written in a chart: the same as on the page (js/src/lib/format.ts)."""

import re
import textwrap
from collections.abc import Sequence
from itertools import count

import numpy as np

LONGEST_PIECE = 14
LONGEST_LINE = 44
LONGEST_TITLE = 42
"""Characters of a caption and of a title: what fits in a chart 480 px wide, beside long labels."""

_DRAWN = {"\n": "⏎", "\r": "␍", "\t": "⇥", "\u00a0": "⍽", "\u200b": "·", "\x7f": "␡"}


def head_name(layer: int, head: int) -> str:
    """A head as people write it.

    >>> head_name(5, 3)
    'L5H3'
    """
    return f"L{layer}H{head}"


def number(value: float) -> str:
    """A number with three decimals, never a false zero; NaN is a dash.

    >>> number(1.2345), number(-0.0001), number(12345.6), number(float("nan"))
    ('1.234', '>-0.001', '12,346', '–')
    """
    if np.isnan(value):
        return "–"
    if value != 0 and abs(value) < 0.0005:
        return "<0.001" if value > 0 else ">-0.001"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}"


def number_ticks(size: int, most: int) -> range:
    """The numbers below a size that stand along an axis, in round steps: at most so many.

    >>> [*number_ticks(879, 6)]
    [0, 200, 400, 600, 800]
    """
    steps = (step * 10**power for power in count() for step in (1, 2, 5))
    return range(0, size, next(step for step in steps if size / step <= most))


def piece_label(piece: str, longest: int = LONGEST_PIECE) -> str:
    r"""A token as a label: outer blanks dropped, pure white space and invisible characters made visible, long ones cut.

    >>> piece_label(" cat"), piece_label("\n"), piece_label("  "), piece_label(""), piece_label("a" * 20)
    ('cat', '⏎', '␣␣', '∅', 'aaaaaaaaaaaaa…')
    """
    bare = piece.strip(" ")
    if not bare:
        return "␣" * min(len(piece), 4) or "∅"
    shown = "".join(_seen(sign) for sign in bare)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def _seen(sign: str) -> str:
    if sign in _DRAWN:
        return _DRAWN[sign]
    code = ord(sign)
    if code < 0x20:
        return chr(0x2400 + code)
    return "\ufffd" if 0x80 <= code < 0xA0 or 0xD800 <= code < 0xE000 else sign


def without_tex(text: str) -> str:
    """The text, drawn as it is: Bokeh would take what stands between these delimiters for TeX.

    >>> without_tex("$$x$$") == "$$x$$"
    False
    """
    # A word joiner: it has no width, and separates the two characters of a delimiter.
    return re.sub(r"(\$|\\)(?=[$\[\]()])", "\\1\u2060", text)


def token_labels(pieces: Sequence[str], size: int, longest: int = LONGEST_PIECE) -> list[str]:
    """The labels of this many tokens; those without a given piece are numbered."""
    return [without_tex(piece_label(pieces[at], longest)) if at < len(pieces) else str(at) for at in range(size)]


def token_name(pieces: Sequence[str], at: int) -> str:
    """A token by its position and label, which tells repeated ones apart.

    >>> token_name((" a", " rose"), 1)
    '#1 “rose”'
    """
    return f"#{at} “{piece_label(pieces[at], 40)}”" if at < len(pieces) else f"#{at}"


def sentence(text: str) -> str:
    """The text with a capital letter and a full stop.

    >>> sentence("mean over heads")
    'Mean over heads.'
    """
    bare = text.strip().rstrip(".")
    return f"{bare[:1].upper()}{bare[1:]}." if bare else ""


def wrapped(text: str, longest: int = LONGEST_LINE) -> str:
    """The text in lines."""
    return "\n".join(textwrap.wrap(without_tex(text), longest))
