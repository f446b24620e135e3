"""The table of the league: what each method is worth, with intervals, and what it costs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from math import isfinite
from typing import Any

import numpy as np

from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.league.intervals import Mark, mean_marks

CHANCE = 0.5
"""The area under the curve of numbers that know nothing."""

MARK_NAMES = ("area", "precision", "fall")


@dataclass(frozen=True)
class Standing:
    """What a method is worth.

    `area` is the area under the ROC curve, `precision` the share of deciding words among its first k, `fall` what hiding
    those k words takes from the answer's probability. `passes` is what it costs, in forward passes over the text. `kinds`
    has its areas by kind of text. `scored` are the texts that it gave numbers for; `why` says why it gave none for others.
    """

    name: str
    family: str
    does: str
    area: Mark
    precision: Mark
    fall: Mark
    passes: float
    scored: int
    kinds: Mapping[str, Mark]
    why: str | None = None

    @property
    def finds(self) -> bool:
        """Whether it is better than numbers that know nothing: its interval lies above a half."""
        return self.area.low > CHANCE


@dataclass(frozen=True, eq=False, repr=False)
class League:
    """Which methods find the words that decide, best first.

    `standings` has all methods; `truth` are the deciding words themselves: what hiding them does. `kinds` counts the texts
    of each kind, `samples` all of them, `tried` also those whose answer the model got wrong, which do not count.
    `seconds` is a forward pass. `values` has every number, by method: (text, (area, precision, fall)).
    """

    model: str
    standings: tuple[Standing, ...]
    truth: Standing
    kinds: Mapping[str, int]
    samples: int
    tried: int
    seconds: float
    values: Mapping[str, np.ndarray]
    recipe: str

    def __getitem__(self, name: str) -> Standing:
        """The standing of a method, by its name."""
        found = next((one for one in (*self.standings, self.truth) if one.name == name), None)
        if found is None:
            raise AttnWidgetError(
                f"There is no method {name!r} here. There are {', '.join(one.name for one in self.standings)}."
            )
        return found

    def __len__(self) -> int:
        return len(self.standings)

    def difference(self, one: str, other: str) -> Mark:
        """How much larger the area of one method is than another's, on the same texts.

        >>> import attnwidget as aw
        >>> found = aw.judge_methods(samples=12, methods=["attention", "random"], progress=False)
        >>> found.difference("attention", "random").low > 0
        True
        """
        pairs = self.values[self[one].name][:, :1] - self.values[self[other].name][:, :1]
        return mean_marks(pairs)[0]

    def table(self) -> dict[str, list[Any]]:
        """Plain columns, as pandas takes them."""
        rows = [
            {
                "method": one.name,
                "family": one.family,
                **{f"{mark}{end}": getattr(getattr(one, mark), kind) for mark in MARK_NAMES for end, kind in MARK_ENDS},
                "passes": one.passes,
                "scored": one.scored,
                **{f"area, {kind}": mark.mean for kind, mark in one.kinds.items()},
                "why": one.why,
            }
            for one in (self.truth, *self.standings)
        ]
        return {name: [row[name] for row in rows] for name in rows[0]}

    def markdown(self) -> str:
        """Two tables: all texts, and the areas by kind of text."""
        return f"{self._sentence()}\n\n{lined(self._cells())}\n\n{lined(self._kind_cells())}\n{self._left_out('- ')}"

    def as_dict(self) -> dict[str, Any]:
        """Plain data, without the numbers of single texts; None for NaN."""
        return plain_data(
            {
                "model": self.model,
                "samples": self.samples,
                "tried": self.tried,
                "kinds": dict(self.kinds),
                "seconds": self.seconds,
                "recipe": self.recipe,
                "standings": [asdict(one) | {"finds": one.finds} for one in (self.truth, *self.standings)],
            }
        )

    def json(self) -> str:
        """The same as JSON."""
        return json.dumps(self.as_dict(), ensure_ascii=False, allow_nan=False)

    def __repr__(self) -> str:
        return f"League({self.recipe})\n{rows_aligned(self._cells())}\n{self._sentence()}\n{self._left_out()}".rstrip()

    def _repr_html_(self) -> str:
        notes = [self.recipe, *self._left_out().splitlines()]
        return rows_in_html(self._sentence(), [self._cells(), self._kind_cells()], notes)

    def _sentence(self) -> str:
        share = self.samples / max(1, self.tried)
        counts = ", ".join(f"{count} {kind}" for kind, count in self.kinds.items())
        return (
            f"{self.model}: {self.samples} texts ({counts}), of {self.tried} of which it answers {share:.1%} right; a pass takes "
            f"{self.seconds * 1000:.1f} ms."
        )

    def _left_out(self, before: str = "") -> str:
        return "\n".join(f"{before}{one.name}: {one.why}" for one in self.standings if one.why is not None)

    def _cells(self) -> list[list[str]]:
        head = ["method", "AUC", "precision at k", "fall when its first k are hidden", "passes", "better than chance"]
        rows = [
            [
                one.name,
                repr(one.area),
                repr(one.precision),
                repr(one.fall),
                passes_said(one.passes),
                "" if one is self.truth else "yes" if one.finds else "no",
            ]
            for one in self._shown()
        ]
        return [head, *rows]

    def _kind_cells(self) -> list[list[str]]:
        rows = [[one.name, *(f"{one.kinds[kind].mean:.2f}" for kind in self.kinds)] for one in self._shown()[1:]]
        return [["AUC by kind", *self.kinds], *rows]

    def _shown(self) -> list[Standing]:
        return [self.truth, *(one for one in self.standings if one.scored)]


MARK_ENDS = (("", "mean"), (", from", "low"), (", to", "high"))


def passes_said(passes: float) -> str:
    """What a method costs, in words: of what is below a tenth of a pass no more is known."""
    if not isfinite(passes):
        return "-"
    return "< 0.1" if passes < 0.1 else f"{passes:.1f}" if passes < 10 else f"{passes:.0f}"


def plain_data(value: Any) -> Any:
    """Mappings, lists and numbers as JSON has them: None for NaN."""
    if isinstance(value, Mapping):
        return {name: plain_data(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain_data(one) for one in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def lined(cells: Sequence[Sequence[str]]) -> str:
    """Cells as a table of Markdown; the first row is its head."""
    head, *rows = cells
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def rows_aligned(cells: Sequence[Sequence[str]]) -> str:
    """Cells as lines of equally wide columns."""
    widths = [max(len(row[at]) for row in cells) for at in range(len(cells[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def rows_in_html(title: str, tables: Sequence[Sequence[Sequence[str]]], notes: Sequence[str]) -> str:
    """Tables under a sentence, with notes below, without scripts."""
    drawn = "".join(map(_html, tables))
    return f"<div><p>{escape(title)}</p>{drawn}<p><small>{'<br>'.join(map(escape, notes))}</small></p></div>"


def _html(cells: Sequence[Sequence[str]]) -> str:
    left = 'style="text-align: left"'
    head = "".join(f"<th {left}>{escape(cell)}</th>" for cell in cells[0])
    rows = "".join("<tr>" + "".join(f"<td {left}>{escape(cell)}</td>" for cell in row) + "</tr>" for row in cells[1:])
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
