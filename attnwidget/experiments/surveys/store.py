"""A folder in which the answers of a survey stay as they come: what was computed once is not computed again."""

import json
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.surveys.answers_file import AnswersFile, has_parquet, read_answers, write_answers
from attnwidget.experiments.surveys.records import Answered, Item, Unanswered
from attnwidget.experiments.surveys.texts import mark_of
from attnwidget.files import made_folder, write_whole

KEPT_FORMAT = 1
"""Of the folder. Raised when it changes; older ones are still read."""

MANIFEST = "survey.json"

PARTS_TOGETHER = 64
"""A file for every batch; so many become one."""


class AnswerStore:
    """Answers of one survey in a folder, which is made if it is not there: a file for every batch, written whole.

    A process that is killed loses the batch it was computing. `survey.json` has the recipe; another recipe in the same
    folder is refused. Only answers are kept: a text without one is asked again.

    Raises AttnWidgetError for what is no folder, or cannot be written, and for answers of another survey.
    """

    def __init__(self, folder: Any, recipe: Mapping[str, Any]) -> None:
        self.folder = made_folder(folder, "keep")
        self._same_as_before(recipe)
        self._ahead = sorted((_span(file), file) for file in self.folder.glob("answers-*-*-*.*"))[::-1]
        self._here: list[tuple[int, dict[int, tuple[str | None, Answered]]]] = []
        self._own: list[Path] = []
        self._suffix = ".parquet" if has_parquet() else ".json"

    def find(self, item: Item) -> Answered | None:
        """What was kept of an item, if its content is still the same. Items are asked for in the order of their numbers."""
        while self._ahead and self._ahead[-1][0][0] <= item.number:
            (_, last), file = self._ahead.pop()
            if last >= item.number:
                with suppress(AttnWidgetError):  # what cannot be read is computed again
                    self._here.append((last, _by_number(read_answers(file))))
        self._here = [one for one in self._here if one[0] >= item.number]
        mark = mark_of(item) if self._here else ""
        for _, answers in self._here:
            known = answers.get(item.number)
            if known is not None and known[0] == mark:
                return known[1]
        return None

    def keep(self, items: Sequence[Item], answers: Sequence[Answered | Unanswered]) -> None:
        """Write the answers to these items. Raises AttnWidgetError, which says what is kept, if that is impossible."""
        marks = {item.number: mark_of(item) for item in items}
        found = [answer for answer in answers if isinstance(answer, Answered)]
        if not found:
            return
        try:
            self._own.append(self._written(found, [marks[answer.number] for answer in found]))
        except AttnWidgetError as error:
            raise AttnWidgetError(
                f"{error} What was computed before is kept in {self.folder}: make room there, and call again with the same "
                "keep= to go on."
            ) from None
        if len(self._own) >= PARTS_TOGETHER:
            with suppress(AttnWidgetError):  # a full disk: the small files remain
                self._join()
            self._own = []

    def _written(self, found: Sequence[Answered], marks: Sequence[str]) -> Path:
        numbers = [answer.number for answer in found]
        name = f"answers-{min(numbers)}-{max(numbers)}-{secrets.token_hex(4)}{self._suffix}"
        return write_answers(self.folder / name, found, {}, marks)

    def _join(self) -> None:
        known: dict[int, tuple[str | None, Answered]] = {}
        for file in self._own:
            known |= _by_number(read_answers(file))
        marks = [mark or "" for mark, _ in known.values()]
        self._written([answer for _, answer in known.values()], marks)
        for file in self._own:  # if this ends here, answers stand in two files, and are the same
            file.unlink(missing_ok=True)

    def _same_as_before(self, recipe: Mapping[str, Any]) -> None:
        wanted = json.loads(json.dumps(dict(recipe), default=str))
        file = self.folder / MANIFEST
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            version, known = found["format"], dict(found["recipe"])
        except FileNotFoundError:
            content = json.dumps({"format": KEPT_FORMAT, "recipe": wanted}, indent=1, ensure_ascii=False)
            write_whole(file, "survey", lambda part: part.write_text(content, encoding="utf-8"))
            return
        except (OSError, ValueError, KeyError, TypeError):
            raise AttnWidgetError(f"{file} is damaged, or no survey. Give another folder.") from None
        if version > KEPT_FORMAT:
            raise AttnWidgetError(f"{self.folder} was written by a newer version of attnwidget. Install that one.")
        other = [name for name in {**known, **wanted} if known.get(name) != wanted.get(name)]
        if other:
            differs = "; ".join(f"{name} {known.get(name)!r:.80} there, {wanted.get(name)!r:.80} now" for name in other)
            raise AttnWidgetError(
                f"{self.folder} holds the answers of another survey: {differs}. Give another folder, or the same survey."
            )


def _by_number(read: AnswersFile) -> dict[int, tuple[str | None, Answered]]:
    pairs = zip(read.marks, read.entries, strict=True)
    return {entry.number: (mark, entry) for mark, entry in pairs if isinstance(entry, Answered)}


def _span(file: Path) -> tuple[int, int]:
    """The first and the last number of a file, as its name has them; nothing where another name looks alike."""
    first, last = file.name.split("-")[1:3]
    return (int(first), int(last)) if first.isdigit() and last.isdigit() else (0, -1)
