"""Which of a trace's layers the edits changed."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from attnwidget.engine.edits.changes import changes_of, refuse_tokens_beyond
from attnwidget.engine.edits.records import Edit
from attnwidget.engine.trace.records import Block


def head_counts(blocks: Iterable[Block]) -> dict[str, dict[int, int]]:
    """Part -> layer -> number of heads."""
    found: dict[str, dict[int, int]] = {}
    for block in blocks:
        found.setdefault(block.part, {})[block.layer] = block.heads
    return found


def changed_blocks(blocks: Iterable[Block], depths: Mapping[str, int], edits: tuple[Edit, ...]) -> tuple[Block, ...]:
    """The blocks of a finished pass, which say what the edits did to them.

    Raises AttnWidgetError for an edit of a token that the text lacks.
    """
    every = tuple(blocks)
    parts = tuple(dict.fromkeys(block.part for block in every))
    refuse_tokens_beyond(edits, {block.part: block.shape[1:] for block in every})
    return tuple(
        replace(block, changes=changes_of(edits, block.part, block.layer, depths[block.part], block.heads, parts))
        for block in every
    )
