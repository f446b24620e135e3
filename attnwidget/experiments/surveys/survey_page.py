"""A survey as a card in a notebook: the verdict, the controls as bars, the heads, the texts for and against. No scripts."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from attnwidget.experiments.surveys.records import QuestionSaid
from attnwidget.experiments.surveys.statistics import Estimate, Spread
from attnwidget.experiments.surveys.verdict import Verdict
from attnwidget.tones import tones

ORANGE = (232, 111, 38)
EFFECT = (123, 74, 163)
GREY = (128, 128, 128)

MOST_CELLS = 400
"""Heads up to which the card has the grid of all; `aw.plots.survey_grid` has it for more."""

CELL = "padding:2px 14px 2px 0;text-align:left;font-variant-numeric:tabular-nums;vertical-align:middle"
PALE = "opacity:0.75"


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
    speaking: tuple[tuple[str, tuple[tuple[float, str], ...]], ...]
    remarks: tuple[str, ...]
    small_print: str


def survey_html(card: SurveyCard) -> str:
    """The card, in the ink of the page around it."""
    body = [
        _headline(card.said.words, card.verdict.word),
        f'<p style="margin:0 0 10px">{escape(card.verdict.sentence)}</p>',
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


def _headline(words: str, word: str) -> str:
    chip = (
        f'<span style="border:1px solid currentColor;border-radius:10px;padding:1px 9px;margin-right:8px;'
        f'font-size:13px">{escape(word)}</span>'
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
        f'<tr style="background:none"><td style="{CELL}">{escape(name)}</td><td style="{CELL}">{escape(repr(found))}</td>'
        f'<td style="{CELL};width:220px">{_bar(found, most, colour if at == 0 else GREY)}</td>'
        f'<td style="{CELL}">{escape(beside)}</td></tr>'
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
        '<div style="position:relative;height:12px;width:200px">'
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
    rows = "".join(_layer(card, layer, most, colour) for layer in range(means.shape[0]))
    return (
        f'<table style="border-collapse:collapse;margin:0 0 4px">{rows}</table>'
        f'<p style="margin:0 0 10px;font-size:12px;{PALE}">{escape(card.said.of)}, every head; full tone at {most:.2g}</p>'
    )


def _layer(card: SurveyCard, layer: int, most: float, colour: Sequence[int]) -> str:
    means = card.spread.mean
    size = 22 if max(means.shape) <= 16 else 14
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


def _texts(card: SurveyCard) -> str:
    rows = "".join(
        f'<tr style="background:none"><td style="{CELL};{PALE}">{name if at == 0 else ""}</td>'
        f'<td style="{CELL}">{value:.2f}</td><td style="{CELL};white-space:normal">{escape(text)}</td></tr>'
        for name, texts in card.speaking
        for at, (value, text) in enumerate(texts)
    )
    return f'<table style="border-collapse:collapse">{rows}</table>'
