"""A frame -> words, colours and numbers in static HTML, for viewers without scripts: GitHub, nbconvert, no kernel."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from PIL import Image

from attnwidget.engine import Picture, is_reference
from attnwidget.export.card import MUTED, card, heat
from attnwidget.export.headline import headline
from attnwidget.export.overlay import Ink, Overlay, overlaid, places_in, small_file
from attnwidget.frames.frame import Frame
from attnwidget.frames.utf16 import from_units
from attnwidget.tones import TONE_STEPS, Scale, behind_letters, full_tone, tones

LISTED = 5
LONGEST_STILL = 1_000
"""The most characters of a text to show, about the query: a notebook stores every one, and a reader has numbers to see."""

_KEPT_ASIDE = 200
"""Of these, how many are for what stands around the query and its strongest keys."""

ACCENTS = {"reads": (232, 111, 38), "read_by": (68, 132, 207), "more": (47, 138, 78), "less": (123, 74, 163)}

LARGEST_OVERLAY = 40 * 1024
"""Bytes of a picture with its heat in a still."""

_FAINTEST = 0.08
"""The lowest visible tone: half of the words of a long text are below it, and would take most of the bytes."""


def still_html(
    frame: Frame,
    text: str,
    model: str,
    pair: str | None = "",
    *,
    scale: Scale = 1.0,
    picture: str = "",
    pictures: Sequence[Picture] = (),
    over: str = "colour",
) -> str:
    """The text with its heat, the strongest tokens with their numbers, recipe and caution: plain HTML, styles inline.

    `picture` is HTML that stands below the text. `pictures` are those that tokens of the frame stand in: with their heat
    they stand above the text, or in its place, `over` which by a "colour" or by "light".

    The colours show the query's weights in `text`, and in a second text: the square root of the weight over that of the
    full tone, which `scale` says. Of a frame of what edits change, green is more and violet less.

    >>> import attnwidget as aw
    >>> from attnwidget.frames.compose import compose_frame
    >>> from attnwidget.frames.frame import Selection
    >>> trace = aw.load().trace("A <b> cat.")
    >>> frame = compose_frame(trace, Selection(query=(2, 3)), aw.load().piece, overview=False)
    >>> "<b> cat" in still_html(frame, "A <b> cat.", "tiny-causal")
    False
    """
    header = frame.header
    _, sinks = _of_query(frame)
    full = full_tone(scale, largest_of_query(frame))
    painted = _tones(frame, full)
    lists = "".join(
        f'<td style="vertical-align:top;text-align:left;padding:0 2em 0 0;border:0">{_ranking(header, frame.blocks[name], name, verb)}</td>'
        for name, verb in (("row", "reads"), ("column", "is read by"))
        if name in frame.blocks
    )
    passages = "".join(
        f'<p style="font-size:16px;line-height:1.9;margin:8px 0;white-space:pre-wrap" dir="auto">{"".join(words)}</p>'
        for words in (
            _passage(header, field, shown, painted, sinks)
            for field, shown in enumerate((text, pair))
            if shown and not (pictures and field == 0 and _is_pictured(header))
        )
    )
    seen = "".join(_pictured(image, caption(header, model)) for image in overlays(frame, pictures, full, over))
    beside = " ".join(_beside(header, painted, sinks)) if pictures else ""
    hatched = "repeating-linear" in passages + beside or (bool(pictures) and _hatches_patches(header, painted, sinks))
    return card(
        f"<div><b>{escape(caption(header, model))}</b></div>"
        f"{seen}{beside}{passages}{picture}"
        f'<table style="border:0;border-collapse:collapse;margin:0"><tr style="background:none">{lists}</tr></table>'
        f'<div style="{MUTED};font-size:12px;margin-top:8px">{_legend(header, full)} {escape(str(header["recipe"]))} · '
        f"colour: square root of the {'change, green more and violet less' if header.get('signed') else 'weight'}, "
        f"full tone at {scale_note(scale, full)}"
        f"{'; sinks are hatched' if hatched else ''}<br>"
        f"{escape(str(header['caution']))}</div>"
    )


def overlays(frame: Frame, pictures: Sequence[Picture], full: float, over: str = "colour") -> list[Image.Image]:
    """The pictures that tokens of a frame stand in, with the heat of its query, by a "colour" or by "light".

    `full` is the weight of the full tone.

    >>> import attnwidget as aw
    >>> from attnwidget.frames.compose import compose_frame
    >>> from attnwidget.frames.frame import Selection
    >>> ex = aw.explore("tiny-vision")
    >>> frame = compose_frame(ex.trace, Selection(2, 2), str, overview=False)
    >>> [image.size for image in overlays(frame, ex.trace.pictures, 0.4)]
    [(320, 320)]
    """
    header, (_, sinks) = frame.header, _of_query(frame)
    asked, others = asked_tokens(header), _other_tokens(header)
    direction, signed = str(header["direction"]), bool(header.get("signed"))
    ways = (ACCENTS["more"], ACCENTS["less"]) if signed else (ACCENTS[direction],) * 2
    found = []
    for number, picture in enumerate(pictures):
        for tokens in [others] if others is asked else [others, asked]:
            places = places_in(tokens)
            if not any(place is not None and place[0] == number for place in places):
                continue
            painted = _tones(frame, full) if tokens is others else np.zeros(len(places))
            query = tuple(header["query"]) if tokens is asked else (0, 0)
            light = over == "light" and not signed and tokens is others
            laid = Overlay(painted, query, sinks if tokens is others else (), ACCENTS[direction], ways, light)
            found.append(overlaid(picture, number, places, laid))
    return found


def _pictured(image: Image.Image, said: str) -> str:
    data, kind = small_file(image, LARGEST_OVERLAY)
    return (
        f'<img alt="{escape(said)}" src="data:{kind};base64,{b64encode(data).decode()}" '
        f'style="width:{image.width}px;max-width:100%;margin:8px 8px 0 0;border-radius:4px;vertical-align:middle">'
    )


def _is_pictured(header: Mapping[str, Any]) -> bool:
    """Whether pictures stand in the place of a text."""
    return "places" in asked_tokens(header) or "places" in _other_tokens(header)


def _beside(header: Mapping[str, Any], painted: np.ndarray, sinks: set[int]) -> Iterator[str]:
    """The tokens beside a picture that stands in the place of a text: they stand in no patch."""
    asked, others, direction = asked_tokens(header), _other_tokens(header), str(header["direction"])
    ways = ("more", "less") if header.get("signed") else (direction, direction)
    for token, place in enumerate(others.get("places") or []):
        if place is not None:
            continue
        tone = float(painted[token])
        inks = ACCENTS[direction], ACCENTS[ways[0 if tone >= 0 else 1]]
        is_asked = others is asked and header["query"][0] <= token < header["query"][1]
        yield _word(escape(others["pieces"][token]), abs(tone), inks, asked=is_asked, hatched=token in sinks)


def _hatches_patches(header: Mapping[str, Any], painted: np.ndarray, sinks: set[int]) -> bool:
    places = places_in(_other_tokens(header))
    return any(token < len(places) and places[token] is not None and painted[token] > 0 for token in sinks)


def _legend(header: Mapping[str, Any], full: float) -> str:
    """Tones of the text with their weights."""
    both = ("less", "more") if header.get("signed") else (str(header["direction"]),)
    return "tone " + "".join(
        f'<span style="{heat(ACCENTS[way], behind_letters(share**0.5))};padding:1px 5px">'
        f"{'−' if way == 'less' else ''}{share * full:.2g}</span>"
        for way in both
        for share in (TONE_STEPS[::-1] if way == "less" else TONE_STEPS)
    )


def caption(header: Mapping[str, Any], model: str) -> str:
    """What is shown, in one line.

    >>> caption({"title": "Layer 1 · Head 0", "query": (1, 2), "tokens": {"pieces": ["a", "cat"]},
    ...          "direction": "reads"}, "gpt2")
    'gpt2 · Layer 1 · Head 0 · “cat” reads'
    """
    span = " ".join(asked_tokens(header)["pieces"][slice(*header["query"])])
    verb = "reads" if header["direction"] == "reads" else "is read by"
    return f"{model} · {header['title']} · “{span if len(span) <= 40 else span[:39] + '…'}” {verb}"


def asked_tokens(header: Mapping[str, Any]) -> Mapping[str, Any]:
    """The tokens that the query span refers to."""
    keys = header.get("key_tokens")
    tokens: Mapping[str, Any] = keys if keys is not None and header["direction"] == "read_by" else header["tokens"]
    return tokens


def _other_tokens(header: Mapping[str, Any]) -> Mapping[str, Any]:
    """The tokens at the other end of the weights, which are coloured."""
    keys = header.get("key_tokens")
    tokens: Mapping[str, Any] = header["tokens"] if keys is None or header["direction"] == "read_by" else keys
    return tokens


def _passage(header: Mapping[str, Any], field: int, text: str, painted: np.ndarray, sinks: set[int]) -> Iterator[str]:
    """One of the two texts: the other ends of the weights are coloured, the query is framed."""
    if is_reference(text):
        return iter([escape(headline(text))])
    direction = str(header["direction"])
    asked, others = asked_tokens(header), _other_tokens(header)
    for tokens in (others, asked):
        fields = tokens.get("fields") or [0] * len(tokens["spans"])
        if field in fields:
            spans = from_units(
                text,
                [span if own == field else (-1, -1) for span, own in zip(tokens["spans"], fields, strict=True)],
            )
            query = header["query"] if tokens is asked else (0, 0)
            shown = painted if tokens is others else np.zeros(len(spans))
            ways = ("more", "less") if header.get("signed") else (direction, direction)
            return _words(text, spans, shown, query, (direction, *ways), sinks if tokens is others else set())
    return iter([escape(text[:LONGEST_STILL]) + ("…" if len(text) > LONGEST_STILL else "")])


def _stretch(text: str, spans: Sequence[tuple[int, int]], painted: np.ndarray, query: Sequence[int]) -> tuple[int, int]:
    """Where the part of a text that is shown begins and ends: around the query, and the strongest tokens near it.

    >>> words = [(place, place + 3) for place in range(0, 4_000, 4)]
    >>> _stretch("one " * 1_000, words, np.zeros(1_000), (999, 1_000))
    (3000, 4000)
    """
    if len(text) <= LONGEST_STILL:
        return 0, len(text)
    size = np.abs(painted)
    strongest = [int(token) for token in np.argsort(-size, kind="stable")[:LISTED] if size[token] > 0]
    begin, end = len(text), 0
    for token in (*range(*query), *strongest):
        start, stop = spans[token]
        first, last = min(begin, start), max(end, stop)
        if start >= 0 and last - first <= LONGEST_STILL - _KEPT_ASIDE:
            begin, end = first, last
    middle = (begin + end) // 2 if end else 0
    begin = max(0, min(middle - LONGEST_STILL // 2, len(text) - LONGEST_STILL))
    end = begin + LONGEST_STILL
    # No word is cut.
    first = min((start for start, _ in spans if start >= begin), default=begin) if begin else 0
    last = max((stop for _, stop in spans if stop <= end), default=end) if end < len(text) else end
    return first, max(first, last)


def scale_note(scale: Scale, full: float) -> str:
    """The weight of the full tone, in words.

    >>> scale_note(1.0, 1.0), scale_note("stretch", 0.034)
    ('1', '0.034, stretched to the largest of the query outside sinks')
    """
    return (
        f"{full:.2g}, stretched to the largest of the query outside sinks" if isinstance(scale, str) else f"{full:.3g}"
    )


def largest_of_query(frame: Frame) -> float:
    """The largest weight of the query outside sinks; of sinks where there is nothing else."""
    weights, sinks = _of_query(frame)
    beside = (abs(float(weight)) for token, weight in enumerate(weights) if token not in sinks)
    return max(beside, default=0) or float(np.abs(weights).max(initial=0))


def _tones(frame: Frame, full: float) -> np.ndarray:
    """The tone of every token at the other end, with the sign of its change."""
    weights, _ = _of_query(frame)
    return np.copysign(tones(np.abs(weights), full), weights) if frame.header.get("signed") else tones(weights, full)


def _of_query(frame: Frame) -> tuple[np.ndarray, set[int]]:
    """The weights of the query, and which of them rest on sinks; of changes none does."""
    if frame.header["direction"] == "reads":
        sinks = set() if frame.header.get("signed") else set(frame.header["sinks"])
        return np.asarray(frame.blocks["row"], np.float64), sinks
    return np.asarray(frame.blocks["column"], np.float64), set()


def _words(
    text: str,
    spans: Sequence[tuple[int, int]],
    painted: np.ndarray,
    query: Sequence[int],
    ways: tuple[str, str, str],
    sinks: set[int],
) -> Iterator[str]:
    """The text, stretch by stretch; tokens of one stretch show the strongest of them, and the query is framed.

    `ways` name the colours of the frame, of tones and of those below zero.
    """
    place, last = _stretch(text, spans, painted, query)
    yield "… " if place else ""
    for (start, stop), tokens in _stretches(spans):
        if start < place or stop > last:
            continue
        tone = max((float(painted[token]) for token in tokens), key=abs)
        asked = any(query[0] <= token < query[1] for token in tokens)
        yield escape(text[place:start])
        hatched = not sinks.isdisjoint(tokens)
        inks = ACCENTS[ways[0]], ACCENTS[ways[1 if tone >= 0 else 2]]
        yield _word(escape(text[start:stop]), abs(tone), inks, asked=asked, hatched=hatched)
        place = stop
    yield escape(text[place:last]) + (" …" if last < len(text) else "")


def _word(word: str, tone: float, inks: tuple[Ink, Ink], *, asked: bool, hatched: bool) -> str:
    if tone < _FAINTEST and not asked:
        return word
    (red, green, blue), accent = inks
    frame = f";outline:2px solid rgb({red},{green},{blue})" if asked else ""
    return f'<span style="{heat(accent, behind_letters(tone), hatched=hatched)}{frame}">{word}</span>'


def _stretches(spans: Sequence[tuple[int, int]]) -> list[tuple[tuple[int, int], list[int]]]:
    found: dict[tuple[int, int], list[int]] = {}
    for token, span in enumerate(spans):
        if span[0] >= 0 and span[1] > span[0]:
            found.setdefault(span, []).append(token)
    return sorted(found.items())


def _ranking(header: Mapping[str, Any], weights: np.ndarray, axis: str, verb: str) -> str:
    keys = header.get("key_tokens")
    pieces = (keys if keys is not None and axis == "row" else header["tokens"])["pieces"]
    size = np.abs(weights)
    order = [int(token) for token in np.argsort(-size, kind="stable")[:LISTED] if size[token] > 0]
    sign = "+" if header.get("signed") else ""
    rows = "".join(
        f'<tr style="background:none"><td style="text-align:left;border:0;padding:1px 10px 1px 0">{escape(pieces[token])}</td>'
        f'<td style="{MUTED};border:0;padding:1px 10px 1px 0">#{token}</td>'
        f'<td style="border:0;padding:1px 0;font-variant-numeric:tabular-nums">{_number(float(weights[token]), sign)}</td></tr>'
        for token in order
    )
    nothing = f'<tr><td style="border:0;{MUTED}">nothing</td></tr>'
    span = escape(" ".join(asked_tokens(header)["pieces"][slice(*header["query"])])[:40])
    return (
        f'<b style="font-size:12px;{MUTED}">“{span}” {verb}</b>'
        f'<table style="border:0;border-collapse:collapse;margin:2px 0 0;font-size:14px">{rows or nothing}</table>'
    )


def _number(weight: float, plus: str = "") -> str:
    """Three decimals, never a false zero.

    >>> _number(0.25), _number(0.0001), _number(-0.25, "+")
    ('0.250', '&lt;0.001', '−0.250')
    """
    sign = "−" if weight < 0 else plus
    return f"{sign}{abs(weight):.3f}" if abs(weight) >= 0.0005 else f"{sign}&lt;0.001"
