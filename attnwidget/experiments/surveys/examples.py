"""What one head does on the texts where it does it most, and least: the query, and the words that it reads there."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from attnwidget.engine import NO_SPAN, AttentionModel, Tokens, Trace
from attnwidget.experiments.surveys.records import Answered, QuestionSaid
from attnwidget.experiments.surveys.survey_page import ORANGE
from attnwidget.tones import tones

KEYS_NAMED = 3
"""The keys that are named beside a query."""


@dataclass(frozen=True)
class HeadExample:
    """One text: the head's number there, the query that shows it, and the weights of its row."""

    number: int
    value: float
    pieces: tuple[str, ...]
    joined: tuple[str, ...]
    query: int
    row: tuple[float, ...]

    @property
    def keys(self) -> tuple[tuple[str, float], ...]:
        """The strongest keys of the query, with their weights."""
        order = np.argsort(-np.array(self.row), kind="stable")[:KEYS_NAMED]
        return tuple((self.pieces[at], self.row[at]) for at in order if self.row[at] > 0)

    def __repr__(self) -> str:
        read = ", ".join(f"{piece!r} {weight:.2f}" for piece, weight in self.keys)
        return f"{self.value:.3f}  #{self.number} {self.pieces[self.query]!r} reads {read}"


@dataclass(frozen=True, repr=False)
class HeadExamples:
    """The texts on which a head does something most, and least. The last line of a cell shows them with their weights."""

    head: str
    of: str
    most: tuple[HeadExample, ...]
    least: tuple[HeadExample, ...]

    def __repr__(self) -> str:
        lines = [f"{self.head}, {self.of}", "  most", *(f"    {one!r}" for one in self.most)]
        return "\n".join([*lines, "  least", *(f"    {one!r}" for one in self.least)])

    def _repr_html_(self) -> str:
        return examples_html(self)


def head_examples(
    model: AttentionModel,
    said: QuestionSaid,
    head: tuple[int, int],
    most: Sequence[Answered],
    least: Sequence[Answered],
) -> HeadExamples:
    """These texts, traced again for their words."""
    found = [tuple(_example(model.trace(one.text, one.pair), one, head) for one in some) for some in (most, least)]
    return HeadExamples(f"L{head[0]}H{head[1]}", said.of, *found)


def _example(trace: Trace, answer: Answered, head: tuple[int, int]) -> HeadExample:
    part = trace.parts[0] if len(trace.parts) > 1 else None
    keys = trace.tokens(part)[1]
    told = -1 if answer.queries is None else int(answer.queries[head])
    query = told if told >= 0 else _telling(trace, head, part)
    row = trace.weights(*head, part, queries=query)[0].tolist()
    blanks = _blanks(keys)
    return HeadExample(answer.number, float(answer.values[head]), keys.pieces, blanks, query, tuple(row))


def _blanks(text: Tokens) -> tuple[str, ...]:
    """The blank before each token, where the text has one; special tokens stand apart."""
    found, behind = [], 0
    for at, span in enumerate(text.spans):
        apart = span == NO_SPAN or span[0] > behind or (at > 0 and text.spans[at - 1] == NO_SPAN)
        found.append(" " if at and apart else "")
        behind = max(behind, span[1])
    return tuple(found)


def _telling(trace: Trace, head: tuple[int, int], part: str | None) -> int:
    """The plain query whose largest weight on another token is largest."""
    queries, _ = trace.tokens(part)
    maps = trace.weights(*head, part).clone()
    if maps.shape[0] == maps.shape[1]:
        maps.fill_diagonal_(0)
    largest = maps[:, 1:].amax(-1) if maps.shape[1] > 1 else maps.amax(-1)
    plain = [at for at, special in enumerate(queries.special) if not special]
    return max(plain or range(len(queries)), key=lambda at: float(largest[at]))


def examples_html(found: HeadExamples) -> str:
    """The texts, the query outlined, the keys in tones of their weights; without scripts."""
    groups = (("most", found.most), ("least", found.least))
    rows = [
        f'<tr><th colspan="2" style="text-align:left;padding:8px 0 2px">{name}</th></tr>' + "".join(map(_row, some))
        for name, some in groups
        if some
    ]
    head = f'<p style="margin:0"><b>{escape(found.head)}</b>, {escape(found.of)}. Outlined: the query; orange: what it reads.</p>'
    return f'{head}<table style="font:14px system-ui,sans-serif;border-collapse:collapse">{"".join(rows)}</table>'


def _row(example: HeadExample) -> str:
    words = "".join(
        f"{blank}{_word(piece, weight, at == example.query)}"
        for at, (piece, blank, weight) in enumerate(zip(example.pieces, example.joined, example.row, strict=True))
    )
    number = f'<td style="padding:3px 14px 3px 0;vertical-align:top;font-variant-numeric:tabular-nums">{example.value:.2f}</td>'
    return f'<tr>{number}<td style="text-align:left;padding:3px 0;line-height:1.7;white-space:normal">{words}</td></tr>'


def _word(piece: str, weight: float, query: bool) -> str:
    shade = (
        f"background:rgba({','.join(map(str, ORANGE))},{0.75 * float(tones([weight], 1.0)[0]):.2f});"
        if weight > 0.02
        else ""
    )
    outline = "outline:2px solid currentColor;outline-offset:-1px;" if query else ""
    style = f' style="{shade}{outline}border-radius:3px" title="{weight:.3f}"' if shade or outline else ""
    return f"<span{style}>{escape(piece.strip() or piece)}</span>"
