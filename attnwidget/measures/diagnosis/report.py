"""What a diagnosis found: symptoms with their evidence, as text, as an HTML table, as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from html import escape
from math import isfinite
from typing import Any

SEVERITIES = ("high", "medium", "low", "note")
"""From what to look at first to what is only worth knowing."""

COLUMNS = ("What", "Severity", "What attention shows", "Likely cause", "What to try")
LEFT = 'style="text-align: left; vertical-align: top"'
"""Notebooks right-align tables, as if all cells were numbers."""

CAUTION = "Attention is association, not cause: test a finding by changing the input or removing the head."


@dataclass(frozen=True)
class HeadRow:
    """A row to look at: a query in one head, the number of the produced token from 0, and the weight that is told of.

    The last two are None where the query produced nothing, or where the finding is not about the weights of that row.

    >>> HeadRow(53, 18, 6, 4, 0.437), HeadRow(7, 2, 1).name
    (query 53, L18H6, step 4: 0.44, 'L2H1')
    """

    query: int
    layer: int
    head: int
    step: int | None = None
    weight: float | None = None

    @property
    def name(self) -> str:
        """The head, as `ex.show` and the edits take it."""
        return f"L{self.layer}H{self.head}"

    def __repr__(self) -> str:
        step = "" if self.step is None else f", step {self.step}"
        return f"query {self.query}, {self.name}{step}{'' if self.weight is None else f': {self.weight:.2f}'}"


@dataclass(frozen=True)
class Finding:
    """One symptom: `evidence` has the numbers it rests on, `where` the heads or tokens, `places` rows to look at, best first."""

    symptom: str
    severity: str
    shows: str
    cause: str
    try_next: str
    evidence: Mapping[str, float] = field(default_factory=dict)
    where: tuple[str, ...] = ()
    places: tuple[HeadRow, ...] = ()


@dataclass(frozen=True, repr=False)
class Report:
    """The findings of `diagnose`, most severe first, and what was `clear` or `skipped` (check -> why).

    Findings with the severity "note" are not symptoms: `symptoms` leaves them out, and `len` does not count them.

    >>> report = Report("an example", (), ("uniform heads",), {"ignored context": "nothing was said to be relevant"})
    >>> print(report)
    an example: no symptom found.
    Clear: uniform heads.
    Not checked: ignored context (nothing was said to be relevant).
    Attention is association, not cause: test a finding by changing the input or removing the head.
    """

    subject: str
    findings: tuple[Finding, ...]
    clear: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)

    @property
    def symptoms(self) -> tuple[Finding, ...]:
        """The findings that point to something wrong."""
        return tuple(finding for finding in self.findings if finding.severity != "note")

    def __len__(self) -> int:
        return len(self.symptoms)

    def __bool__(self) -> bool:
        """True, even if nothing was found."""
        return True

    def __getitem__(self, symptom: str) -> Finding:
        """The finding of that symptom. Raises KeyError, listing those that were found, if it is not among them."""
        found = {finding.symptom: finding for finding in self.findings}
        if symptom not in found:
            raise KeyError(f"{symptom!r} was not found. The findings are: {', '.join(found) or 'none'}.")
        return found[symptom]

    def __contains__(self, symptom: object) -> bool:
        return any(finding.symptom == symptom for finding in self.findings)

    def __repr__(self) -> str:
        return self.text()

    def text(self) -> str:
        """The report as text for a terminal or a log."""
        lines = [f"{self.subject}: {self._count()}."]
        for finding in self.findings:
            lines += [
                f"\n[{finding.severity}] {finding.symptom}: {finding.shows}",
                *([f"  seen at       {', '.join(finding.where)}"] if finding.where else []),
                *([f"  look at       {'; '.join(map(repr, finding.places))}"] if finding.places else []),
                f"  evidence      {_numbers(finding)}",
                f"  {_cause(finding):<13} {finding.cause}",
                f"  try           {finding.try_next}",
            ]
        return "\n".join([*lines, *([""] if self.findings else []), *self._remarks()])

    def html(self) -> str:
        """The same as an HTML table without scripts; what Jupyter shows."""
        head = "".join(f"<th {LEFT}>{name}</th>" for name in COLUMNS)
        rows = "".join(
            f"<tr>{''.join(f'<td {LEFT}>{cell}</td>' for cell in _cells(each))}</tr>" for each in self.findings
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
        title, *_ = self.text().splitlines()
        remarks = "<br>".join(escape(line) for line in self._remarks())
        return f"<div><p>{escape(title)}</p>{table}<p><small>{remarks}</small></p></div>"

    _repr_html_ = html

    def json(self) -> str:
        """The same as JSON, one object with `subject`, `findings`, `clear` and `skipped`; null for NaN."""
        return json.dumps(self.as_dict(), ensure_ascii=False, allow_nan=False)

    def as_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries and lists."""
        found = [
            {
                **asdict(finding),
                "evidence": {name: value if isfinite(value) else None for name, value in finding.evidence.items()},
                "where": list(finding.where),
                "places": [asdict(place) | {"name": place.name} for place in finding.places],
            }
            for finding in self.findings
        ]
        return {
            "subject": self.subject,
            "findings": found,
            "clear": list(self.clear),
            "skipped": dict(self.skipped),
        }

    def _count(self) -> str:
        """How many symptoms there are, and notes, which are none."""
        symptoms, notes = len(self), len(self.findings) - len(self)
        found = f"{symptoms or 'no'} symptom{'' if symptoms < 2 else 's'}"
        return f"{found}, {notes} note{'' if notes < 2 else 's'}" if notes else f"{found} found"

    def _remarks(self) -> list[str]:
        lines = [f"Clear: {', '.join(self.clear)}."] if self.clear else []
        if self.skipped:
            lines.append(f"Not checked: {', '.join(f'{name} ({why})' for name, why in self.skipped.items())}.")
        return [*lines, CAUTION]


def _cells(finding: Finding) -> tuple[str, ...]:
    return (
        f"<b>{escape(finding.symptom)}</b>",
        finding.severity,
        f"{escape(finding.shows)}{_places(finding)}<br><small>{escape(_numbers(finding))}</small>",
        escape(f"{_cause(finding)}: {finding.cause}" if finding.severity == "note" else finding.cause),
        escape(finding.try_next),
    )


def _cause(finding: Finding) -> str:
    """What a cause is the cause of: a note says that nothing is wrong so far."""
    return "if it is wrong" if finding.severity == "note" else "likely cause"


def _numbers(finding: Finding) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in finding.evidence.items())


def _places(finding: Finding) -> str:
    lines = [", ".join(finding.where), *map(repr, finding.places)]
    return "".join(f"<br>{escape(line)}" for line in lines if line)
