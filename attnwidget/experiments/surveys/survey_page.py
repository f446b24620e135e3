"""A survey as a card in a notebook: the verdict, the controls as bars, the heads, the texts for and against. No scripts."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

import numpy as np

from attnwidget.experiments.surveys.records import QuestionSaid
from attnwidget.experiments.surveys.statistics import Estimate, Spread
from attnwidget.experiments.surveys.verdict import Verdict
from attnwidget.tones import tones

ORANGE = (232, 111, 38)
EFFECT = (123, 74, 163)
GREY = (128, 128, 128)

MOST_LARGE_CELLS = 16
"""Layers and heads up to which the cells of the grid are large, and the heads have numbers."""

MOST_CELLS = 400
"""Heads up to which the card has the grid of all; `aw.plots.survey_grid` has it for more."""

CELL = "padding:2px 14px 2px 0;text-align:left;font-variant-numeric:tabular-nums;vertical-align:middle"
NUMBERS = f"{CELL};white-space:nowrap"
PALE = "opacity:0.75"


Side: TypeAlias = tuple[str, tuple[tuple[float, str], ...]]
"""What these texts say of the question, and each with its number."""


@dataclass(frozen=True, eq=False)
class SurveyCard:
    """What the card shows: the question, what is to be said of it, `bars` (name, estimate, difference in words), every
    head's `spread`, those to be ringed, and texts for and against with their numbers.
    """

    said: QuestionSaid
    verdict: Verdict
    subject: str
    texts: int
    bars: tuple[tuple[str, Estimate, str], ...]
    spread: Spread
    ringed: frozenset[tuple[int, int]]
    speaking: tuple[Side, ...]
    remarks: tuple[str, ...]
    small_print: str


def survey_html(card: SurveyCard) -> str:
    """The card, in the ink of the page around it."""
    body = [
        _headline(card.said.words, card.verdict.word),
        f'<p style="margin:0 0 10px">{escape(_rest(card.verdict, card.said.words))}</p>',
        _bars(card),
        _grid(card),
        _texts(card),
        "".join(f'<p style="margin:8px 0 0;font-size:12px">{escape(line)}</p>' for line in card.remarks),
        f'<p style="margin:10px 0 0;font-size:12px;{PALE}">{escape(card.small_print)}</p>',
    ]
    return (
        '<div style="font:14px system-ui,sans-serif;color:inherit;padding:12px 14px;max-width:960px;'
        f'border:1px solid #80808059;border-radius:6px">{"".join(body)}</div>'
    )


def _rest(verdict: Verdict, words: str) -> str:
    """The verdict without what the headline says."""
    if not verdict.word:
        return verdict.sentence
    rest = verdict.sentence.removeprefix(f"{verdict.word}: ").removeprefix(words).lstrip(", ") or verdict.sentence
    return f"{rest[0].upper()}{rest[1:]}"


def _headline(words: str, word: str) -> str:
    chip = (
        f'<span style="border:1px solid currentColor;border-radius:10px;padding:1px 9px;margin-right:8px;'
        f'font-size:13px">{escape(word)}</span> '
        if word
        else ""
    )
    return f'<p style="margin:0 0 8px;font-size:16px">{chip}{escape(words)}</p>'


def _bars(card: SurveyCard) -> str:
    """What was found and its controls, one bar under the other, on one scale."""
    ends = [abs(end) for _, found, _ in card.bars for end in (found.mean, found.low, found.high) if not np.isnan(end)]
    most = max([*ends, 1e-9])
    colour = EFFECT if card.said.kind == "matters" else ORANGE
    lines = "".join(
        f'<tr style="background:none"><td style="{CELL}">{escape(name)}</td><td style="{NUMBERS}">{escape(repr(found))}</td>'
        f'<td style="{CELL}">{_bar(found, most, colour if at == 0 else GREY)}</td>'
        f'<td style="{NUMBERS}">{escape(beside)}</td></tr>'
        for at, (name, found, beside) in enumerate(card.bars)
    )
    titles = (f"{card.subject}{card.texts:,} texts", "mean", "", "difference" if len(card.bars) > 1 else "")
    head = "".join(f'<th style="{CELL};font-weight:600">{escape(name)}</th>' for name in titles)
    return f'<table style="border-collapse:collapse;margin:0 0 10px"><tr>{head}</tr>{lines}</table>'


def _bar(found: Estimate, most: float, colour: Sequence[int]) -> str:
    """A bar from 0, and over it a line for the interval; below 0 it is paler."""
    if np.isnan(found.mean):
        return ""
    width = 100 * min(1.0, abs(found.mean) / most)
    ink = f"rgba({','.join(map(str, colour))},{0.75 if found.mean >= 0 else 0.35})"
    whisker = ""
    if found.sure and found.mean >= 0:
        low, high = (100 * max(0.0, min(1.0, end / most)) for end in (found.low, found.high))
        whisker = (
            f'<div style="position:absolute;left:{low:.1f}%;width:{max(0.4, high - low):.1f}%;top:5px;height:2px;'
            'background:currentColor"></div>'
        )
    return (
        '<div style="position:relative;height:12px;width:clamp(72px,16vw,200px)">'
        f'<div style="position:absolute;left:0;top:0;height:12px;width:{width:.1f}%;background:{ink};border-radius:2px">'
        f"</div>{whisker}</div>"
    )


def _grid(card: SurveyCard) -> str:
    """Every head as a cell; those that the claim is about are ringed."""
    means = card.spread.mean
    known = means[~np.isnan(means)]
    if means.ndim != 2 or means.size > MOST_CELLS or known.size < 2:
        return ""
    most = 1.0 if card.said.kind == "reads" else float(np.abs(known).max()) or 1.0
    colour = EFFECT if card.said.kind == "matters" else ORANGE
    rows = _heads(means.shape[1]) if max(means.shape) <= MOST_LARGE_CELLS else ""
    rows += "".join(_layer(card, layer, most, colour) for layer in range(means.shape[0]))
    return (
        f'<table style="border-collapse:collapse;margin:0 0 4px">{rows}</table>'
        f'<p style="margin:0 0 10px;font-size:12px;{PALE}">{escape(card.said.of)}, every head; full tone at {most:.2g}</p>'
    )


def _heads(count: int) -> str:
    """The numbers of the heads, above their columns."""
    names = "".join(
        f'<th style="padding:0;font-size:10px;font-weight:400;text-align:center;{PALE}">{"H" if head == 0 else ""}{head}</th>'
        for head in range(count)
    )
    return f'<tr style="background:none"><th style="padding:0"></th>{names}</tr>'


def _layer(card: SurveyCard, layer: int, most: float, colour: Sequence[int]) -> str:
    means = card.spread.mean
    size = 22 if max(means.shape) <= MOST_LARGE_CELLS else 14
    cells = [f'<td style="padding:0 6px 0 0;font-size:11px;text-align:right;{PALE}">L{layer}</td>']
    for head, value in enumerate(means[layer].tolist()):
        low, high = float(card.spread.low[layer, head]), float(card.spread.high[layer, head])
        tone = 0.0 if np.isnan(value) else float(tones([max(0.0, value)], most)[0])
        said = "no number" if np.isnan(value) else f"{value:.3f}"
        said += "" if np.isnan(low) else f" ({low:.3f} to {high:.3f})"
        ring = "outline:2px solid currentColor;outline-offset:-2px;" if (layer, head) in card.ringed else ""
        cells.append(
            f'<td title="L{layer}H{head} {said}" style="padding:0;width:{size}px;height:{size}px;min-width:{size}px;{ring}'
            f'border:1px solid #8080802e;background:rgba({",".join(map(str, colour))},{0.85 * tone:.2f})"></td>'
        )
    return f'<tr style="background:none">{"".join(cells)}</tr>'


def _apart(sides: tuple[Side, ...]) -> tuple[Side, ...]:
    """Of few texts each stands on one side: the upper half on the first."""
    (name, best), (other, worst) = sides
    if not set(best) & set(worst):
        return sides
    texts = (*best, *(text for text in reversed(worst) if text not in best))
    half = (len(texts) + 1) // 2
    return (name, texts[:half]), (other, texts[: half - 1 : -1])


def _texts(card: SurveyCard) -> str:
    rows = "".join(
        f'<tr style="background:none"><td style="{CELL};{PALE}">{name if at == 0 else ""}</td>'
        f'<td style="{CELL}">{value:.2f}</td><td style="{CELL};white-space:normal">{escape(text)}</td></tr>'
        for name, texts in _apart(card.speaking)
        for at, (value, text) in enumerate(texts)
    )
    return f'<table style="border-collapse:collapse">{rows}</table>'
