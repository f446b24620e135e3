"""What if: the edits of an explorer, as text that can be switched off, and the answer that is asked about."""

from collections.abc import Iterable, Mapping
from typing import Any

from attnwidget.arguments import whole_number
from attnwidget.engine import Edit, edits_of
from attnwidget.errors import AttnWidgetError
from attnwidget.text import well_formed
from attnwidget.widget.selection.fixed import Fixed

MOST_EDITS = 200
"""Chips that an explorer takes."""

MOST_CHARACTERS = 1000
"""Characters of an answer: it is a token, or begins with one."""

PLAIN_QUESTION: Mapping[str, Any] = {"answer": None, "rather": None, "at": None}


class FixedQuestion(Fixed):
    """A question as it is returned.

    >>> FixedQuestion(PLAIN_QUESTION)["answer"] is None
    True
    """

    how = (
        "A question cannot be changed in place, as the explorer would not notice. Set another one: "
        'ex.question = {"answer": " Paris", "rather": " Lyon"}.'
    )


def read_edits(value: Any) -> tuple[str, ...]:
    """Edits as an explorer keeps them: text, in brackets where it is switched off.

    Raises AttnWidgetError for one that is not valid and names its place, and for a record that text cannot carry.

    >>> from attnwidget import Hide
    >>> read_edits(["silence  L5H3", "(hide 4)", Hide(2)]), read_edits("hide 4")
    (('silence L5H3', '(hide 4)', 'hide 2'), ('hide 4',))
    """
    given = [value] if isinstance(value, str | Edit) else [] if value is None else value
    try:
        every = list(given)
    except TypeError:
        every = [given]
    if len(every) > MOST_EDITS:
        raise AttnWidgetError(f"{len(every)} edits are too many for an explorer. Give at most {MOST_EDITS}.")
    with_place = [
        (one, f"Edit {place} of {len(every)}: " if len(every) > 1 else "") for place, one in enumerate(every, 1)
    ]
    return tuple(_read_edit(one, place) for one, place in with_place)


def _read_edit(given: Any, place: str) -> str:
    off = is_off(given)
    try:
        (edit,) = edits_of(given.strip()[1:-1] if off else given)
    except AttnWidgetError as error:
        raise AttnWidgetError(f"{place}{error}") from None
    if not _reads_back(edit):
        raise AttnWidgetError(
            f"{place}{str(edit)!r} holds more than text can say, a trace or a matrix, and an explorer keeps its "
            "edits as text. Show aw.view(model.trace(text, edits=...)) instead."
        )
    return f"({edit})" if off else str(edit)


def _reads_back(edit: Edit) -> bool:
    try:
        return edits_of(str(edit)) == (edit,)
    except AttnWidgetError:
        return False


def is_off(edit: Any) -> bool:
    """Whether an edit is switched off.

    >>> is_off("(hide 4)"), is_off("hide 4")
    (True, False)
    """
    return isinstance(edit, str) and edit.strip().startswith("(") and edit.strip().endswith(")")


def switched_on(edits: Iterable[str]) -> tuple[str, ...]:
    """The edits that take effect.

    >>> switched_on(("hide 4", "(hide 5)"))
    ('hide 4',)
    """
    return tuple(edit for edit in edits if not is_off(edit))


def switched_off(edits: Iterable[str]) -> tuple[str, ...]:
    """The same edits, none of which takes effect.

    >>> switched_off(("hide 4", "(hide 5)"))
    ('(hide 4)', '(hide 5)')
    """
    return tuple(edit if is_off(edit) else f"({edit})" for edit in edits)


def read_question(value: Any) -> FixedQuestion:
    """A question from its parts; a text or a number alone is the answer, and of two the first rather than the second.

    What is not said is None: the answer that the model gives itself, rather than any other, at the last token. Whether
    there is such a token is seen when it is asked. Raises AttnWidgetError for what can be no answer or no position.

    >>> dict(read_question((" Paris", " Lyon"))), dict(read_question({"at": 5}))
    ({'answer': ' Paris', 'rather': ' Lyon', 'at': None}, {'answer': None, 'rather': None, 'at': 5})
    """
    said = value
    if value is None or isinstance(value, str) or whole_number(value) is not None:
        said = {"answer": value}
    elif isinstance(value, list | tuple) and len(value) == 2:
        said = {"answer": value[0], "rather": value[1]}
    if not isinstance(said, Mapping):
        raise AttnWidgetError(
            f"question={value!r:.60} is not valid: give a dictionary with answer, rather and at, or the answer alone."
        )
    unknown = [name for name in said if name not in PLAIN_QUESTION]
    if unknown:
        raise AttnWidgetError(f"question has no {unknown[0]!r:.60}. Give one of {', '.join(PLAIN_QUESTION)}.")
    at = said.get("at")
    if at is not None and whole_number(at) is None:
        raise AttnWidgetError(f"at={at!r:.60} is not valid: give the number of a token, or None for the last.")
    return FixedQuestion(
        answer=_read_answer("answer", said.get("answer")),
        rather=_read_answer("rather", said.get("rather")),
        at=None if at is None else whole_number(at),
    )


def _read_answer(what: str, value: Any) -> str | int | None:
    number = whole_number(value)
    if isinstance(value, str) and 0 < len(value) <= MOST_CHARACTERS:
        return well_formed(value)
    if value is not None and (number is None or number < 0):
        raise AttnWidgetError(
            f"{what}={value!r:.60} is not valid: give a token as text or by its number, a class, or None."
        )
    return number
