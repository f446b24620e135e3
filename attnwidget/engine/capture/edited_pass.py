"""Which edits concern an attention call or a layer, said while the pass runs.

The part and layer of a call are known only once all calls of a pass have been seen (see `roles`), so they are remembered
by module and order from a pass without edits.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from attnwidget.engine.capture.attention_function import Call, Watch
from attnwidget.engine.capture.blocks import block_of
from attnwidget.engine.capture.edited_output import edited_output, mask_of_runs, with_rows
from attnwidget.engine.capture.layer_outputs import Entry, at_layers, entries, hidden_of, with_hidden
from attnwidget.engine.capture.parts import Heard
from attnwidget.engine.capture.roles import Role, run_of
from attnwidget.engine.capture.shadow import Shadow
from attnwidget.engine.edits.changes import (
    Changes,
    changes_of,
    patches_of,
    refuse_absent_runs,
    refuse_what_is_not_there,
)
from attnwidget.engine.edits.records import Edit, Patch, Silence
from attnwidget.engine.trace.affine import writes
from attnwidget.engine.trace.edited_blocks import changed_blocks
from attnwidget.engine.trace.records import Block
from attnwidget.errors import AttnWidgetError


@dataclass(frozen=True)
class KnownCall:
    """An attention call as earlier passes have shown it, and the layer within which it is made."""

    role: Role
    heads: int
    entry: Entry | None


KindOfInputs: TypeAlias = frozenset[tuple[str, tuple[int, ...] | None]]
"""The names of inputs, and their shapes where these matter."""

Known: TypeAlias = Mapping[tuple[str, int], KnownCall]
"""By (path, how many times it was called before in the pass)."""

_known: "WeakKeyDictionary[Any, Known]" = WeakKeyDictionary()
"""By the module of a shadow."""


_inputs: "WeakKeyDictionary[Any, dict[KindOfInputs, Mapping[str, str]]]" = WeakKeyDictionary()
"""By the module of a shadow: which inputs it was given in the passes that are known, and which parts were refused then."""


def remember(
    module: Any, calls: Sequence[Call], heard: Heard, refused: Mapping[str, str], inputs: Mapping[str, Tensor]
) -> None:
    """Keep the roles of all calls of a pass over some inputs, by what was `heard` of them, without those of refused parts."""
    kind = _kind_of(inputs, sizes=bool(refused))
    _inputs.setdefault(module, {})[kind] = dict(refused)
    role_of = {id(call): role for call, role in zip(heard.calls, heard.roles, strict=True) if role.part not in refused}
    by_run = {run_of(call, order): role_of[id(call)] for order, call in enumerate(calls) if id(call) in role_of}
    times: Counter[str] = Counter()
    known = dict(_known.get(module, {}))
    for order, (call, entry) in enumerate(zip(calls, entries(calls), strict=True)):
        role = by_run.get(run_of(call, order))
        if role is not None:
            known[call.path, times[call.path]] = KnownCall(role, call.q.shape[1], entry)
        times[call.path] += 1
    _known[module] = known


def _kind_of(inputs: Mapping[str, Tensor], *, sizes: bool) -> KindOfInputs:
    # Which parts can be shown depends on the number of pictures, and on how large they are.
    return frozenset((name, tuple(own.shape) if sizes else None) for name, own in inputs.items())


def knows_inputs(module: Any, inputs: Mapping[str, Tensor]) -> bool:
    """Whether a pass over such inputs has been seen: others may run other layers."""
    known = _inputs.get(module, {})
    return _kind_of(inputs, sizes=False) in known or _kind_of(inputs, sizes=True) in known


def refused_parts(module: Any, inputs: Mapping[str, Tensor]) -> Mapping[str, str]:
    """The parts that were refused in a pass over such inputs, each with the reason."""
    return _inputs.get(module, {}).get(_kind_of(inputs, sizes=True), {})


def known_roles(module: Any) -> Known | None:
    """What earlier passes have shown; None before there was one."""
    return _known.get(module)


def heads_of_parts(known: Known) -> dict[str, dict[int, int]]:
    """The number of heads of every layer that attends, part by part."""
    heads: dict[str, dict[int, int]] = {}
    for call in known.values():
        heads.setdefault(call.role.part, {})[call.role.layer] = call.heads
    return {part: dict(sorted(own.items())) for part, own in heads.items()}


MadeMask: TypeAlias = dict[Any, tuple[Tensor | None, Tensor | None]]
"""A mask and what edits made of it, by all that this depends on. It holds the mask, so no other has its id."""


@dataclass(frozen=True, eq=False)
class EditedCall:
    """An attention call, and what the edits change in it. `kept` lasts for the passes of one run;
    `name` is the call's within each of them. `made` is for the mask that the last call was given and what became of it:
    most layers share one.
    """

    block: Block
    changes: Changes
    kept: dict[Any, Tensor]
    made: MadeMask
    name: tuple[str, int]

    def mask(self, mask: Tensor | None) -> Tensor | None:
        """The mask of the call, with what no head may read."""
        shared = self.changes.of_every_head()
        if shared is None:
            return mask
        _, queries, keys = self.block.shape
        device = torch.device("cpu") if self.block.q is None else self.block.q.device
        written = None if mask is None else writes(mask)
        name = (id(mask), written, shared.edges, shared.offset, queries, keys, self.block.causal, device)
        if name not in self.made:
            made = mask_of_runs(mask, [shared], 1, (queries, keys), causal=self.block.causal, device=device)
            self.made.clear()
            self.made[name] = (mask, made)
        return self.made[name][1]

    def output(self, output: Tensor) -> Tensor:
        """The output of the call (batch query head dim), as the edits leave it."""
        return edited_output(output, self.block, self.changes, self.kept, self.name)


@dataclass(eq=False)
class EditedPass:
    """What is to be changed in each call and layer of a pass, or of the passes of a generation.

    `handed_on` has what layers gave (position dim) in the runs that the edits take them from.
    """

    edits: tuple[Edit, ...]
    known: Known
    handed_on: Mapping[tuple[Patch, Entry], Tensor] = field(default_factory=dict)
    _kept: dict[Any, Tensor] = field(default_factory=dict)
    _made: MadeMask = field(default_factory=dict)
    _times: Counter[str] = field(default_factory=Counter)
    _rows: Counter[Any] = field(default_factory=Counter)
    _runs: Counter[Any] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._parts = tuple(dict.fromkeys(call.role.part for call in self.known.values()))
        lacking = next(
            (edit for edit, entry in patched_entries(self.edits, self.known) if (edit, entry) not in self.handed_on),
            None,
        )
        if lacking is not None:
            raise AttnWidgetError(
                f"{str(lacking)!r}: this is worked out from attention alone, where whole layers are not patched. Leave the "
                "edit out, or patch heads."
            )

    def begin(self) -> None:
        """Another pass of the same generation begins."""
        self._times.clear()
        self._runs.clear()

    def starts_after(self, tokens: int) -> None:
        """The queries of every layer before this one come from a cache."""
        self._rows = Counter(dict.fromkeys([*self.known, *(call.entry for call in self.known.values())], tokens))

    def __call__(self, call: Call) -> EditedCall | None:
        """What is changed in this call; None for nothing."""
        name = (call.path, self._times[call.path])
        self._times[call.path] += 1
        first = self._rows[name]
        self._rows[name] += call.q.shape[2]
        if name not in self.known:
            return None
        role = self.known[name].role
        found = changes_of(self.edits, role.part, role.layer, role.depth, call.q.shape[1], self._parts)
        if found is None:
            return None
        _refuse_several_calls(found, self.known, role)
        changes = found.starting_at(first)
        return EditedCall(replace(block_of(call, role), changes=changes), changes, self._kept, self._made, name)

    @contextmanager
    def changing_layers(self, shadow: Shadow, watch: Watch) -> Iterator[None]:
        """Inside, layers of passes of `watch` hand on what the edits put in the place of their own."""
        own: dict[Entry, tuple[Patch, ...]] = {}
        for edit, entry in self.handed_on:
            own[entry] = (*own.get(entry, ()), edit)
        with at_layers(
            shadow, watch, {entry: partial(self._handed, entry, edits) for entry, edits in own.items()}
        ) as runs:
            self._runs = runs
            yield

    def _handed(self, entry: Entry, edits: tuple[Patch, ...], result: Any) -> Any:
        rows, first = hidden_of(result), self._rows[entry]
        self._rows[entry] += rows.shape[1]
        for edit in edits:
            rows = with_rows(rows, self.handed_on[edit, entry], edit, first)
        return with_hidden(result, rows)

    def marked(self, blocks: Sequence[Block]) -> tuple[Block, ...]:
        """The blocks of the finished pass, which say what was changed in them.

        Raises AttnWidgetError for edits of tokens that the text lacks, and if a layer was another one than expected.
        """
        for call in self.known.values():
            role = call.role
            own = next((block for block in blocks if (block.part, block.layer) == (role.part, role.layer)), None)
            if own is not None and own.heads != call.heads:
                raise AttnWidgetError("The layers of this model depend on its input, so they cannot be edited.")
        return changed_blocks(blocks, depths_of_parts(self.known), self.edits)


def changing_layers(edited: Any, shadow: Shadow, watch: Watch) -> AbstractContextManager[None]:
    """As the pass's own, of whatever tells the attention function what to change."""
    return edited.changing_layers(shadow, watch) if isinstance(edited, EditedPass) else nullcontext()


def patched_entries(edits: Sequence[Edit], known: Known) -> list[tuple[Patch, Entry]]:
    """The edits that replace what a layer hands on, and the layer that each concerns.

    Raises AttnWidgetError for edits of what is not there, and where it is unknown what the layers are.
    """
    _refuse_what_is_not_there(edits, known)
    refuse_absent_runs(edits)
    parts = tuple(dict.fromkeys(call.role.part for call in known.values()))
    found: dict[tuple[Patch, Entry], None] = {}
    for call in known.values():
        for edit in patches_of(edits, call.role.part, call.role.layer, call.role.depth, parts):
            if call.entry is None:
                raise AttnWidgetError(
                    f"{str(edit)!r}: this model keeps its layers in no list, so what they hand on is unknown. Patch heads."
                )
            found[edit, call.entry] = None
    return list(found)


def _refuse_what_is_not_there(edits: Sequence[Edit], known: Known) -> None:
    refuse_what_is_not_there(edits, heads_of_parts(known), depths_of_parts(known))


def depths_of_parts(known: Known) -> dict[str, int]:
    """The number of layers of any kind, part by part."""
    return {call.role.part: call.role.depth for call in known.values()}


def _refuse_several_calls(changes: Changes, known: Known, role: Role) -> None:
    """Raise AttnWidgetError for outputs of another run in a layer that attends twice: a block has the first call alone."""
    edits = (*changes.silenced.values(), *(edit for own in changes.patched.values() for edit in own))
    other = next((edit for edit in edits if isinstance(edit, Patch | Silence) and edit.of is not None), None)
    if other is not None and sum(call.role == role for call in known.values()) > 1:
        raise AttnWidgetError(
            f"{str(other)!r}: this model attends twice in every layer (differential attention), so a head of another run "
            "cannot be put in. Patch the whole layer."
        )
