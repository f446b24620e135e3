"""A survey in one file, Parquet or JSON, with its recipe; read again it says the same."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.surveys.answers_file import AnswerEntry, read_answers, write_answers
from attnwidget.experiments.surveys.records import Answered, QuestionSaid, Unanswered, Unread
from attnwidget.files import file_of, named_file

SURVEY_SUFFIXES = (".parquet", ".json")


def write_survey(
    path: Any, said: QuestionSaid, entries: tuple[AnswerEntry, ...], recipe: Mapping[str, Any], notes: tuple[str, ...]
) -> Path:
    """See `Survey.save`."""
    file = file_of(path, *SURVEY_SUFFIXES, example="survey")
    about = {"said": asdict(said), "recipe": dict(recipe), "notes": list(notes)}
    return write_answers(file, sorted(entries, key=lambda entry: entry.number), about)


def read_survey(path: Any) -> dict[str, Any]:
    """The fields of a survey that was saved. See `Survey.load`."""
    given = named_file(path, f"survey{SURVEY_SUFFIXES[0]}")
    found = read_answers(given if given.exists() else file_of(given, *SURVEY_SUFFIXES, example="survey"))
    try:
        said = dict(found.about["said"])
        said["heads"] = tuple((int(layer), int(head)) for layer, head in said["heads"])
        question, recipe, notes = QuestionSaid(**said), dict(found.about["recipe"]), tuple(found.about["notes"])
    except (KeyError, TypeError, ValueError):
        raise AttnWidgetError(f"{given} holds answers, but no survey. Give what survey.save wrote.") from None
    kinds = {"answers": Answered, "unanswered": Unanswered, "unread": Unread}
    parts = {name: tuple(one for one in found.entries if isinstance(one, kind)) for name, kind in kinds.items()}
    return {"said": question, "recipe": recipe, "notes": notes, **parts}
