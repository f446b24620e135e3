"""Which edits concern an attention call of a plain module, said while it runs: by the order of its calls."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from attnwidget.engine.capture.attention_function import Call
from attnwidget.engine.capture.blocks import block_of
from attnwidget.engine.capture.edited_pass import EditedCall, MadeMask
from attnwidget.engine.capture.plain_modules import SeenPlace
from attnwidget.engine.capture.roles import Role
from attnwidget.engine.edits.changes import Changes, changes_of, refuse_absent_runs, refuse_what_is_not_there
from attnwidget.engine.edits.records import Edit, Patch
from attnwidget.errors import AttnWidgetError


@dataclass(frozen=True, eq=False)
class EditedFunctions:
    """What is to be changed in each attention call of a pass, the calls of which stand at `places`."""

    edits: tuple[Edit, ...]
    places: Sequence[SeenPlace]
    _kept: dict[Any, Tensor] = field(default_factory=dict)
    _made: MadeMask = field(default_factory=dict)

    def __post_init__(self) -> None:
        heads: dict[str, dict[int, int]] = {}
        for place in self.places:
            heads.setdefault(place.part, {})[place.layer] = place.heads
        refuse_what_is_not_there(self.edits, heads, {part: len(own) for part, own in heads.items()})
        refuse_absent_runs(self.edits)
        whole = next((edit for edit in self.edits if isinstance(edit, Patch) and edit.head is None), None)
        if whole is not None:
            raise AttnWidgetError(
                f"{str(whole)!r}: what a layer hands on is known of transformers' models alone. Patch heads, for example "
                f"L{whole.layer}H0."
            )

    def __call__(self, order: int, call: Call | None) -> EditedCall | None:
        """What is changed in call number `order`; None for nothing.

        Raises AttnWidgetError for a call without q, k and v, and for single heads that are computed one by one.
        """
        if order >= len(self.places):
            raise AttnWidgetError("This module computed other attention when it ran again, so it cannot be edited.")
        place = self.places[order]
        parts = tuple(dict.fromkeys(one.part for one in self.places))
        depth = sum(one.part == place.part for one in self.places if one.first == 0)
        changes = changes_of(self.edits, place.part, place.layer, depth, place.heads, parts)
        if changes is None:
            return None
        if call is None:
            raise AttnWidgetError(
                f"{str(self.edits[0])!r}: layer {place.layer} of this module weighs its values by code of its own, where nothing "
                "can be changed. Edits need layers that call scaled_dot_product_attention."
            )
        if place.alone and not _of_all_heads(changes):
            raise AttnWidgetError(
                f"{str(self.edits[0])!r}: this module computes its heads one by one, so only hiding tokens and cutting edges of "
                "all heads are possible."
            )
        block = block_of(call, Role(place.part, place.layer, depth))
        return EditedCall(replace(block, changes=changes), changes, self._kept, self._made, ("", order))


def _of_all_heads(changes: Changes) -> bool:
    alike = all(edges.heads is None for edges in changes.edges)
    return alike and not changes.patterns and not changes.silenced and not changes.patched
