"""Which edits concern an attention call, said while the pass runs.

The part and layer of a call are known only once all calls of a pass have been seen (see `roles`), so they are remembered
by module and order from a pass without edits.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from attnwidget.engine.capture.attention_function import Call
from attnwidget.engine.capture.blocks import block_of
from attnwidget.engine.capture.edited_output import edited_mask, edited_output
from attnwidget.engine.capture.roles import Role, run_of
from attnwidget.engine.edits.changes import Changes, changes_of, refuse_what_is_not_there
from attnwidget.engine.edits.records import Edit
from attnwidget.engine.trace.edited_blocks import changed_blocks
from attnwidget.engine.trace.records import Block
from attnwidget.errors import AttnWidgetError

Known: TypeAlias = Mapping[tuple[str, int], tuple[Role, int]]
"""(path, how many times it was called before in the pass) -> role and number of heads."""

_known: "WeakKeyDictionary[Any, Known]" = WeakKeyDictionary()
"""By the module of a shadow."""


def remember(module: Any, calls: Sequence[Call], once: Sequence[Call], found: Sequence[Role]) -> None:
    """Keep the roles of all calls of a pass: `found` are those of `once`, one call for each run of a layer."""
    role_of = {id(call): role for call, role in zip(once, found, strict=True)}
    by_run = {run_of(call, order): role_of[id(call)] for order, call in enumerate(calls) if id(call) in role_of}
    times: Counter[str] = Counter()
    known = dict(_known.get(module, {}))
    for order, call in enumerate(calls):
        known[call.path, times[call.path]] = (by_run[run_of(call, order)], call.q.shape[1])
        times[call.path] += 1
    _known[module] = known


def known_roles(module: Any) -> Known | None:
    """What earlier passes have shown; None before there was one."""
    return _known.get(module)


@dataclass(frozen=True, eq=False)
class EditedCall:
    """An attention call, and what the edits change in it. `kept` lasts for the passes of one run;
    `name` is the call's within each of them.
    """

    block: Block
    changes: Changes
    kept: dict[Any, Tensor]
    name: tuple[str, int]

    def mask(self, mask: Tensor | None) -> Tensor | None:
        """The mask of the call, with what no head may read."""
        _, queries, keys = self.block.shape
        device = torch.device("cpu") if self.block.q is None else self.block.q.device
        return edited_mask(mask, self.changes, (queries, keys), causal=self.block.causal, device=device)

    def output(self, output: Tensor) -> Tensor:
        """The output of the call (batch query head dim), as the edits leave it."""
        return edited_output(output, self.block, self.changes, self.kept, self.name)


@dataclass(eq=False)
class EditedPass:
    """Tells the attention function what is to be changed in each call of a pass, or of the passes of a generation."""

    edits: tuple[Edit, ...]
    known: Known
    _kept: dict[Any, Tensor] = field(default_factory=dict)
    _times: Counter[str] = field(default_factory=Counter)
    _rows: Counter[tuple[str, int]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        heads: dict[str, dict[int, int]] = {}
        for role, count in self.known.values():
            heads.setdefault(role.part, {})[role.layer] = count
        self._parts = tuple(heads)
        refuse_what_is_not_there(self.edits, {part: dict(sorted(own.items())) for part, own in heads.items()})

    def begin(self) -> None:
        """Another pass of the same generation begins."""
        self._times.clear()

    def starts_after(self, tokens: int) -> None:
        """The queries of every layer before this one come from a cache."""
        self._rows = Counter(dict.fromkeys(self.known, tokens))

    def __call__(self, call: Call) -> EditedCall | None:
        """What is changed in this call; None for nothing."""
        name = (call.path, self._times[call.path])
        self._times[call.path] += 1
        first = self._rows[name]
        self._rows[name] += call.q.shape[2]
        if name not in self.known:
            return None
        role, _ = self.known[name]
        found = changes_of(self.edits, role.part, role.layer, role.depth, call.q.shape[1], self._parts)
        if found is None:
            return None
        changes = found.starting_at(first)
        return EditedCall(replace(block_of(call, role), changes=changes), changes, self._kept, name)

    def marked(self, blocks: Sequence[Block]) -> tuple[Block, ...]:
        """The blocks of the finished pass, which say what was changed in them.

        Raises AttnWidgetError for edits of tokens that the text lacks, and if a layer was another one than expected.
        """
        for role, heads in self.known.values():
            own = next((block for block in blocks if (block.part, block.layer) == (role.part, role.layer)), None)
            if own is not None and own.heads != heads:
                raise AttnWidgetError("The layers of this model depend on its input, so they cannot be edited.")
        return changed_blocks(blocks, {role.part: role.depth for role, _ in self.known.values()}, self.edits)
