"""What somebody found, to be kept: the text, the edits, the answer before and after, the evidence, and their own sentence."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from html import escape
from pathlib import Path
from typing import Any

from attnwidget.errors import AttnWidgetError
from attnwidget.export.card import MUTED, card
from attnwidget.files import file_of, write_whole

FORMAT = 1
"""Of the file. Raised when it changes; older ones are still read."""

WORDS_SHOWN = 5


@dataclass(frozen=True, repr=False)
class KeptFinding:
    """One finding as plain data; the last line of a cell shows it as a card. `aw.explore(state=finding)` opens it again.

    `said` is the reader's own sentence. `state` is what the explorer showed, `model` names the model and its revision,
    `answer` has the answer in words and how much of it there was before and after the edits, `predictions` the likeliest
    (piece, probability) before and after, `evidence` the table of `aw.evidence`, where it was asked for, and `versions`
    what made it.
    """

    said: str
    text: str
    model: Mapping[str, Any]
    edits: Sequence[str]
    answer: Mapping[str, Any]
    predictions: Mapping[str, Sequence[Sequence[Any]]]
    state: Mapping[str, Any]
    versions: Mapping[str, str]
    made: str
    evidence: Mapping[str, Any] | None = None
    format: int = field(default=FORMAT)

    @property
    def json(self) -> str:
        """The finding as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    def save(self, path: Any) -> Path:
        """Write it as a JSON file. Raises AttnWidgetError if it cannot be written."""
        return write_whole(
            file_of(path, ".json", example="finding"),
            "finding",
            lambda part: part.write_text(self.json, encoding="utf-8"),
        )

    @classmethod
    def load(cls, path: Any) -> "KeptFinding":
        """A finding from its file. Raises AttnWidgetError for a file that is none, or of a newer version.

        >>> KeptFinding.load("no such file.json")
        Traceback (most recent call last):
        ...
        attnwidget.errors.AttnWidgetError: 'no such file.json' cannot be read: No such file or directory.
        """
        file = file_of(path, ".json", example="finding")
        try:
            read = json.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise AttnWidgetError(f"{str(path)!r} cannot be read: {error.strerror}.") from None
        except ValueError:
            read = None
        return cls.of(read, repr(str(path)))

    @classmethod
    def of(cls, read: Any, name: str = "This") -> "KeptFinding":
        """A finding from plain data, as `json` has it. Raises AttnWidgetError for anything else."""
        names = [one.name for one in fields(cls)]
        if not isinstance(read, Mapping) or not isinstance(read.get("format"), int):
            raise AttnWidgetError(f"{name} is no finding. Give what finding.save wrote.")
        if read["format"] > FORMAT:
            raise AttnWidgetError(f"{name} is a finding of a newer version of attnwidget. Install that one to read it.")
        plain = {"said": str, "text": str, "made": str, "format": int}
        kinds: dict[str, Any] = {**plain, "edits": list | tuple, "evidence": Mapping | None}
        wrong = [name for name in names if not isinstance(read.get(name), kinds.get(name, Mapping))]
        if wrong:
            raise AttnWidgetError(f"{name} is a damaged finding: {wrong[0]} is missing, or is something else.")
        return cls(**{key: read[key] for key in names})

    def __repr__(self) -> str:
        return f"KeptFinding({self.said!r}; {self.model['name']}; {answer_in_words(self.answer)})"

    @property
    def html(self) -> str:
        """The card, without scripts."""
        rows = [
            f'<p style="margin:0 0 8px;font-size:16px">{escape(self.said)}</p>' if self.said else "",
            f'<p style="margin:0 0 8px;white-space:pre-wrap">{escape(self.text)}</p>',
            f'<p style="margin:0 0 8px">what if: {escape("; ".join(self.edits))}</p>' if self.edits else "",
            f'<p style="margin:0 0 8px">{escape(answer_in_words(self.answer))}</p>',
            _table(self.predictions),
            f'<p style="margin:8px 0 0">{escape(str(self.evidence.get("sentence") or ""))}</p>'
            if self.evidence
            else "",
            f'<p style="margin:8px 0 0;font-size:12px;{MUTED}">{escape(self._small())}</p>',
        ]
        return card("".join(rows))

    def _small(self) -> str:
        named = " · ".join(f"{name} {value}" for name, value in self.versions.items())
        revision = self.model.get("revision")
        return f"{self.model['name']}{f' at {revision[:12]}' if revision else ''} · {self.made} · {named}"

    def _repr_html_(self) -> str:
        return self.html


def answer_in_words(answer: Mapping[str, Any]) -> str:
    """How much of the answer there was, and what became of it."""
    words, unit, before, after = (answer.get(name) for name in ("words", "unit", "before", "after"))
    if not isinstance(before, int | float):
        return str(words)
    if not isinstance(after, int | float):
        return f"{words}: {before:.3f} {unit}"
    return f"{words}: {before:.3f} before, {after:.3f} after ({after - before:+.3f} {unit})"


def _table(predictions: Mapping[str, Sequence[Sequence[Any]]]) -> str:
    before, after = (predictions.get(name, ()) for name in ("before", "after"))
    known = {str(piece): float(share) for piece, share in after}
    cell = 'style="padding:1px 14px 1px 0;text-align:left;font-variant-numeric:tabular-nums"'
    rows = [
        f"<tr><td {cell}>{escape(str(piece))}</td><td {cell}>{float(share):.3f}</td>"
        + (f"<td {cell}>{known[str(piece)]:.3f}</td>" if str(piece) in known else "")
        + "</tr>"
        for piece, share in before[:WORDS_SHOWN]
    ]
    head = "".join(f"<th {cell}>{name}</th>" for name in ("next", "before", *(["after"] if after else [])))
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>" if rows else ""
