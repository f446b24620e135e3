"""The argument of a measure: whether it is a trace, and which of its parts is used."""

from typing import Any

from attnwidget.engine import Block, Tokens, Trace
from attnwidget.errors import AttnWidgetError


def require_trace(trace: Any) -> None:
    """Raise AttnWidgetError, with the call that makes a trace, for anything that is not a trace.

    >>> require_trace("The cat sat.")
    Traceback (most recent call last):
    ...
    attnwidget.errors.AttnWidgetError: This needs a Trace, not str. Make one with model.trace(text).
    """
    if not isinstance(trace, Trace):
        raise AttnWidgetError(f"This needs a Trace, not {type(trace).__name__}. Make one with model.trace(text).")


def said_setting(trace: Trace, part: str | None) -> str:
    """The end of a recipe: which part was used, if the trace has several, and which edits the trace is under.

    >>> import torch
    >>> maps = torch.eye(2)[None]
    >>> said_setting(Trace.from_weights({"decoder": [maps], "cross": [maps]}, ["a", "b"], ["x", "y"]), "cross")
    ", part 'cross'"
    """
    edits = "".join(f", {edit}" for edit in trace.edits)
    return (f", part {part!r}" if len(trace.parts) > 1 else "") + (f", under edits: {edits[2:]}" if edits else "")


def own_blocks(trace: Trace, part: str | None, measure: str) -> tuple[Block, ...]:
    """The layers of a self-attention part. Raises AttnWidgetError for any other part."""
    blocks = trace.part_blocks(part)
    texts = trace.tokens(part)
    if blocks[0].part == "cross" or not same_text(*texts):
        raise AttnWidgetError(
            f"{measure} follows one text through its layers, and {part_named(blocks[0])} attends to another sequence. "
            f"{_other_parts(trace, blocks[0].part)}"
        )
    for block in blocks:
        _, queries, keys = block.shape
        if queries != keys or queries != len(texts[1]):
            raise AttnWidgetError(
                f"{measure} needs the attention of all {len(texts[1])} tokens to each other, and layer {block.layer} of "
                f"{part_named(block)} has {queries} queries and {keys} keys. {_other_parts(trace, block.part)}"
            )
    return blocks


def part_named(block: Block) -> str:
    """The part of a layer in words.

    >>> part_named(Block("cross", 0, "", 1, 1)), part_named(Block("self", 0, "", 1, 1))
    ('cross-attention', "part 'self'")
    """
    return "cross-attention" if block.part == "cross" else f"part {block.part!r}"


def _other_parts(trace: Trace, part: str) -> str:
    others = [repr(other) for other in trace.parts if other not in {part, "cross"}]
    return f"Choose part {' or '.join(others)}." if others else "Give a trace with self-attention."


def same_text(one: Tokens, other: Tokens) -> bool:
    """Whether these are the same tokens, regardless of padding marks."""
    return one is other or one.place_in(other) == 0
