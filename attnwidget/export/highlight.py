"""A user's own numbers on a text: one score per token, as colour and as a number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from attnwidget.engine import Tokens
from attnwidget.errors import AttnWidgetError
from attnwidget.export.card import MUTED, card, heat

_ORANGE, _GREEN, _PURPLE = (232, 111, 38), (63, 143, 79), (133, 81, 166)


@dataclass(frozen=True, repr=False)
class Highlight:
    """Scores on their text; the last line of a cell shows it. `scores` has, by name, one number per token."""

    tokens: Tokens
    scores: Mapping[str, np.ndarray]

    @property
    def html(self) -> str:
        """One line of text for each name, without scripts."""
        lines = "".join(_line(self.tokens, name, scores) for name, scores in self.scores.items())
        return card(lines)

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return f"Highlight({', '.join(name or 'scores' for name in self.scores)}; {len(self.tokens)} tokens)"


def highlight(tokens: Any, scores: Any) -> Highlight:
    """A text whose tokens are coloured by your own numbers: gradients, probabilities, a loss.

    `tokens` are Tokens (`trace.text`), or a list of pieces; `scores` has one number per token, or maps names to such
    lists. If no number is negative, tokens are orange, by the square root of the share of the largest, as in the
    explorer; otherwise they are green above 0 and purple below, in proportion to the largest absolute value. The scale
    is printed; NaN is left white. Raises AttnWidgetError for scores that are not one finite or NaN number per token.

    >>> import attnwidget as aw
    >>> aw.highlight(["The", "cat", "sat"], [0.1, 0.7, 0.2])
    Highlight(scores; 3 tokens)
    >>> trace = aw.load().trace("The cat sat.")
    >>> shown = aw.highlight(trace.text, {"rollout": aw.rollout(trace, query=-1), "last row": trace.weights(1, 2)[-1]})
    >>> list(shown.scores)
    ['rollout', 'last row']
    """
    text = tokens if isinstance(tokens, Tokens) else _from_pieces(tokens)
    given = scores if isinstance(scores, Mapping) else {"": scores}
    if not given:
        raise AttnWidgetError(
            "There are no scores to show. Give one number per token, or a mapping from names to such lists."
        )
    return Highlight(text, {str(name): _checked(name, numbers, len(text)) for name, numbers in given.items()})


def _from_pieces(pieces: Any) -> Tokens:
    if isinstance(pieces, str) or not isinstance(pieces, Sequence) or not all(isinstance(one, str) for one in pieces):
        raise AttnWidgetError(
            f"tokens={type(pieces).__name__} is not valid: give trace.text, or a list of pieces of text."
        )
    return Tokens.from_pieces(list(pieces))


def _checked(name: Any, scores: Any, count: int) -> np.ndarray:
    called = f"The scores {name!r}" if name != "" else "The scores"
    detached = scores.detach().cpu().float() if hasattr(scores, "detach") else scores
    try:
        found = np.asarray(detached, np.float64)
    except (TypeError, ValueError):
        raise AttnWidgetError(f"{called} are not numbers: {scores!r:.80}. Give one number per token.") from None
    if found.shape != (count,):
        raise AttnWidgetError(
            f"{called} have the shape {found.shape}, but there are {count} tokens. Give one number per token."
        )
    if np.isinf(found).any():
        raise AttnWidgetError(
            f"{called} are infinite at token {int(np.isinf(found).argmax())}. Give finite numbers, or NaN to leave a "
            "token white."
        )
    return found


def _line(tokens: Tokens, name: str, scores: np.ndarray) -> str:
    known = np.nan_to_num(scores)
    peak = float(np.abs(known).max(initial=0.0))
    signed = bool((known < 0).any())
    words, place = [], 0
    for token, (start, stop) in enumerate(tokens.spans):
        if start < place and start >= 0:
            continue  # another piece of the previous character
        if start >= 0:
            words.append(escape(tokens.text[place:start]))
            place = stop
        piece = tokens.text[start:stop] if start >= 0 else f"{tokens.pieces[token]} "
        words.append(_word(piece, float(scores[token]), peak, signed=signed, special=start < 0))
    words.append(escape(tokens.text[place:]))
    scale = f"{-peak:.3g} to {peak:.3g}, in proportion" if signed else f"0 to {peak:.3g}, square root"
    heading = f"<b>{escape(name)}</b> · " if name else ""
    return (
        f'<p dir="auto" style="font-size:16px;line-height:1.9;margin:4px 0;white-space:pre-wrap">{"".join(words)}</p>'
        f'<div style="{MUTED};font-size:12px;margin:0 0 8px">{heading}colour: {scale}</div>'
    )


def _word(piece: str, score: float, peak: float, *, signed: bool, special: bool) -> str:
    share = 0.0 if peak == 0 or np.isnan(score) else abs(score) / peak
    colour = (_GREEN if score > 0 else _PURPLE) if signed else _ORANGE
    tone = share if signed else share**0.5
    muted = f";{MUTED};font-size:13px" if special else ""
    style = f"{heat(colour, tone)}{muted}"
    return f'<span style="{style}" title="{score:.6g}">{escape(piece)}</span>'
