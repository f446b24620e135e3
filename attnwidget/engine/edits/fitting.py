"""Which edits a text and a model have room for: the others are named with the reason, and nothing else is lost."""

import sys
from collections.abc import Callable, Iterable, Mapping

from attnwidget.engine.edits.changes import changes_of, refuse_tokens_beyond, refuse_what_is_not_there
from attnwidget.engine.edits.records import Edit
from attnwidget.errors import AttnWidgetError

ANY = (sys.maxsize, sys.maxsize)
"""The size of a part of which nobody knows how many tokens it has before the pass."""


def refuse_what_does_not_fit(
    edit: Edit,
    heads: Mapping[str, Mapping[int, int]],
    sizes: Mapping[str, tuple[int, int]],
    depths: Mapping[str, int],
) -> None:
    """Raise AttnWidgetError for an edit of a part, layer, head or token that is not there.

    `heads` has, for each part, the number of heads of every layer that attends, `sizes` its queries and keys, `depths`
    its layers of any kind.
    """
    parts = {part: own for part, own in heads.items() if own}
    refuse_what_is_not_there((edit,), parts, depths)
    refuse_tokens_beyond((edit,), {part: sizes.get(part, ANY) for part in parts})
    for part, own in parts.items():
        for layer, count in own.items():
            changes_of((edit,), part, layer, depths[part], count, parts)


def fitting(
    edits: Iterable[Edit],
    heads: Mapping[str, Mapping[int, int]],
    sizes: Mapping[str, tuple[int, int]],
    depths: Mapping[str, int],
    refuse: Callable[[tuple[Edit, ...]], None] = lambda _edits: None,
) -> tuple[tuple[Edit, ...], tuple[tuple[Edit, str], ...]]:
    """The edits that fit, and the others with the sentence that says why not; `refuse` may have more to say.

    >>> from attnwidget.engine.edits.notation import edits_of
    >>> fitting(edits_of(["hide 1", "hide 9", "silence L4H0"]), {"self": {0: 2}}, {"self": (5, 5)}, {"self": 1})[1][0]
    (Hide('hide 9'), "'hide 9': there is no token 9; they are numbered 0 to 4.")
    """
    found: list[Edit] = []
    off: list[tuple[Edit, str]] = []
    for edit in edits:
        try:
            refuse_what_does_not_fit(edit, heads, sizes, depths)
            refuse((edit,))
        except AttnWidgetError as error:
            off.append((edit, str(error)))
        else:
            found.append(edit)
    return tuple(found), tuple(off)


def sizes_of(texts: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Queries and keys of the parts that read the typed texts, by how many tokens each text has.

    Parts that read a picture or a sound whose tokens are not known yet are left out.

    >>> sizes_of({"text": 5, "target": 3})["cross"]
    (3, 5)
    >>> sizes_of({"target": 3})
    {'decoder': (3, 3)}
    """
    read = texts.get("text")
    if read is None:
        return {"decoder": (texts["target"],) * 2} if "target" in texts else {}
    written = texts.get("target", read)
    sizes = dict.fromkeys(("self", "encoder", "text"), (read, read))
    return {**sizes, "decoder": (written, written), "cross": (written, read)}
