"""Edits as text: "hide 4..6", "silence L5H3 by mean", "cut 9 reads 4 in L5H3", "paint L5H3 uniform"."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from attnwidget.engine.edits.records import AbsentRun, Cut, Edit, Hide, Paint, Patch, Silence
from attnwidget.errors import AttnWidgetError

TOKENS = r"\d{1,9}(?:\.\.\d{1,9})?(?:\s*,\s*\d{1,9}(?:\.\.\d{1,9})?)*"
HEAD = r"L-?\d{1,9}(?:H-?\d{1,9})?"
PART = r"(?:(?P<part>[a-z]\w*)\s+)?"

FORMS = {
    "hide": rf"{PART}(?P<tokens>{TOKENS})(?:\s+from\s+(?P<start>\d{{1,9}}))?",
    "silence": rf"{PART}(?P<head>{HEAD})(?:\s+by\s+(?P<by>zero|mean))?",
    "cut": rf"(?P<queries>\*|{TOKENS})\s+reads\s+(?P<keys>{TOKENS})"
    rf"(?:\s+in\s+(?:{PART}(?P<heads>{HEAD}(?:\s*,\s*{HEAD})*)|(?P<whole>[a-z]\w*)))?(?P<loose>\s*,\s*without\s+renormalising)?",
    "paint": rf"{PART}(?P<head>{HEAD})\s+(?:(?P<pattern>uniform|identity|previous)|shuffled\s+(?P<seed>\d{{1,9}}))",
}

OTHER_RUN = r"(?P<run>the run over .+)"
HOLDING = {
    "silence": rf"{PART}(?P<head>{HEAD})\s+by\s+(?P<mean>mean\s+of\s+)?{OTHER_RUN}",
    "patch": rf"{PART}(?P<head>{HEAD})(?:\s+at\s+(?P<at>{TOKENS}))?\s+from\s+{OTHER_RUN}",
    "paint": rf"{PART}(?P<head>{HEAD})\s+(?P<matrix>given\s+\w+)",
}
"""What is written of edits that hold another run, or a matrix: it does not read back without these."""

WRITTEN_LIKE = {
    "hide": "'hide 4', 'hide 4..6' or 'hide 4 from 9'",
    "silence": "'silence L5H3', 'silence L5' or 'silence L5H3 by mean'",
    "cut": "'cut 9 reads 4', 'cut 9 reads 4..6 in L5H3' or 'cut * reads 0 in L5, without renormalising'",
    "paint": "'paint L5H3 uniform', 'identity', 'previous' or 'shuffled 7'",
}


def edits_of(given: Any) -> tuple[Edit, ...]:
    """Edits from a record, a text, or several of either. Raises AttnWidgetError and names the one that is not valid.

    >>> edits_of("silence L5H3"), edits_of(["hide 4..6 from 9", Hide(2)])
    ((Silence('silence L5H3'),), (Hide('hide 4..6 from 9'), Hide('hide 2')))
    """
    if given is None:
        return ()
    if isinstance(given, str | Edit):
        return (_edit(given),)
    try:
        every = list(given)
    except TypeError:
        every = [given]
    found: list[Edit] = []
    for place, one in enumerate(every):
        try:
            found.append(_edit(one))
        except AttnWidgetError as error:
            raise AttnWidgetError(
                f"Edit {place + 1} of {len(every)}: {error}" if len(every) > 1 else str(error)
            ) from None
    return tuple(found)


def stored_edit(said: str, matrices: Mapping[str, Tensor]) -> Edit:
    """An edit from a file of a trace, which has painted matrices by the edit's text, and of other runs their names alone.

    Raises AttnWidgetError for a text that is no edit.
    """
    word, _, rest = said.partition(" ")
    match = re.fullmatch(HOLDING[word], rest, re.DOTALL) if word in HOLDING else None
    if match is None:
        return _edit(said)
    own = match.groupdict()
    if word == "paint":
        found: Edit = Paint(own["head"], None, matrices.get(said), part=own["part"])
    elif word == "patch":
        at = None if own["at"] is None else _numbers(own["at"])
        found = Patch(own["head"], of=AbsentRun(own["run"]), at=at, part=own["part"])
    else:
        by = "run" if own["mean"] is None else "mean"
        found = Silence(own["head"], by=by, of=AbsentRun(own["run"]), part=own["part"])
    if str(found) != said:
        raise AttnWidgetError(f"{said!r:.80} is not what is painted.")
    return found


def _edit(given: Any) -> Edit:
    if isinstance(given, Edit):
        return given
    if not isinstance(given, str):
        raise AttnWidgetError(
            f"{given!r:.60} is not an edit. Give text such as {WRITTEN_LIKE['hide']}, or a record such as aw.Hide(4)."
        )
    word, _, rest = given.strip().partition(" ")
    if word == "patch":
        raise AttnWidgetError(
            f"{given!r:.80} holds another run, which a text cannot. Give the record: aw.Patch('L5H3', of=trace)."
        )
    if word not in FORMS:
        raise AttnWidgetError(
            f"{given!r:.80} is not an edit: it begins with none of {', '.join(FORMS)}. For example {WRITTEN_LIKE['hide']}."
        )
    match = re.fullmatch(FORMS[word], rest.strip())
    if match is None:
        raise AttnWidgetError(f"{given!r:.80} is not a valid edit. Write it like {WRITTEN_LIKE[word]}.")
    return MADE[word](match.groupdict())


def _cut(said: Mapping[str, str | None]) -> Edit:
    names = [] if said["heads"] is None else re.split(r"\s*,\s*", said["heads"])
    queries = None if said["queries"] == "*" else _numbers(said["queries"])
    return Cut(
        queries,
        _numbers(said["keys"]),
        heads=names,
        part=said["part"] or said["whole"],
        renormalise=said["loose"] is None,
    )


MADE: Mapping[str, Callable[[Mapping[str, Any]], Edit]] = {
    "hide": lambda said: Hide(_numbers(said["tokens"]), start=int(said["start"] or 0), part=said["part"]),
    "silence": lambda said: Silence(said["head"], by=said["by"] or "zero", part=said["part"]),
    "cut": _cut,
    "paint": lambda said: Paint(
        said["head"], None, said["pattern"] or "shuffled", seed=int(said["seed"] or 0), part=said["part"]
    ),
}


def _numbers(said: str | None) -> list[int]:
    found: list[int] = []
    for one in re.split(r"\s*,\s*", said or ""):
        first, _, last = one.partition("..")
        end = int(last or first)
        if end < int(first):
            raise AttnWidgetError(f"{one!r} is not a range: its end is before its beginning.")
        if end - int(first) > LONGEST:
            raise AttnWidgetError(f"{one!r} names more than {LONGEST:,} tokens.")
        found += range(int(first), end + 1)
    return found


LONGEST = 1_000_000
