"""The parts of a pass that have a map over the whole of their input; of every other, a sentence that says why not.

What cannot be shown of a tower is refused for that part alone: the text that reads it is shown, and stays exact.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from attnwidget.engine.capture.attention_function import Call
from attnwidget.engine.capture.roles import Role, calls_by_run, roles
from attnwidget.engine.trace.records import Block
from attnwidget.errors import AttnWidgetError

LEADING = frozenset({"self", "text", "decoder"})
"""The parts that a trace is about: without one of them that the model has, nothing is shown."""


@dataclass(frozen=True)
class Heard:
    """`calls` are one for each time that a layer ran its attention, in the parts that can be shown, and `roles` are theirs.

    `refused` says of each other part why it cannot be.
    """

    calls: tuple[Call, ...]
    roles: tuple[Role, ...]
    refused: Mapping[str, str]


def heard_in(calls: Sequence[Call], model: Any, texts: int = 1) -> Heard:
    """What the calls of a pass over so many texts show, part by part.

    Differential attention computes the same weights twice, over two halves of the values: one call is kept.
    """
    runs = calls_by_run(calls)
    found = roles([run[0] for run in runs], model)
    refused: dict[str, str] = {}
    for run, role in zip(runs, found, strict=True):
        why = _in_pieces(run, texts)
        if why is not None:
            refused.setdefault(role.part, why)
    kept = [(run[0], role) for run, role in zip(runs, found, strict=True) if role.part not in refused]
    return Heard(tuple(call for call, _ in kept), tuple(role for _, role in kept), refused)


def _in_pieces(run: Sequence[Call], texts: int) -> str | None:
    """Why the calls that one run of a layer made are no map over its whole input; None if they are."""
    first = run[0]
    name, pieces = type(first.module).__name__, first.q.shape[0]
    if pieces != texts:
        return (
            f"{name} attends within {pieces} separate pieces (windows, or several pictures), so there is no map over the whole "
            "input."
        )
    for call in run[1:]:
        if not (first.q.shape == call.q.shape and torch.equal(first.q, call.q) and torch.equal(first.k, call.k)):
            return (
                f"{name} splits its input into {len(run)} pieces (windows, or several pictures) and attends within each, so there "
                "is no map over the whole input."
            )
    return None


def whole_parts(blocks: Sequence[Block], refused: Mapping[str, str]) -> tuple[tuple[Block, ...], dict[str, str]]:
    """The blocks of the parts whose axes are known, and why the others are refused, those that are already included.

    Raises AttnWidgetError where nothing that a trace is about is left.
    """
    found = dict(refused)
    sizes = {block.part: block.shape[1:] for block in blocks}
    for block in blocks:
        if block.shape[1:] != sizes[block.part]:
            found.setdefault(
                block.part,
                f"The layers of part {block.part!r} attend over sequences of different lengths ({block.shape[1]} and "
                f"{sizes[block.part][0]} queries). Attention that is pooled or windowed between layers cannot be shown.",
            )
    for part, (queries, keys) in sizes.items():
        if part != "cross" and queries != keys:
            found.setdefault(
                part,
                f"Part {part!r} attends from {queries} positions to {keys}, so it is not self-attention and its axes "
                "are unknown. Pass weights to Trace.from_weights with tokens and key_tokens.",
            )
    _refuse_without_leading(found, sizes)
    return tuple(block for block in blocks if block.part not in found), found


def _refuse_without_leading(refused: Mapping[str, str], parts: Collection[str]) -> None:
    """Raise AttnWidgetError if a part that a trace is about is refused, or every part is."""
    leading = next((part for part in refused if part in LEADING), None)
    if leading is None and refused and not set(parts) - refused.keys():
        leading = next(iter(refused))
    if leading is not None:
        raise AttnWidgetError(refused[leading])
