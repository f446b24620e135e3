"""What the passes of one generation compute, stored pass by pass.

Only the query rows of earlier passes are kept: a growing cache copies its keys at every step, and the last copy holds
all earlier ones.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from attnwidget.engine.capture.attention_function import Watch, current, watching
from attnwidget.engine.capture.blocks import block_of
from attnwidget.engine.capture.edited_pass import EditedPass, changing_layers
from attnwidget.engine.capture.forward import NothingSeen
from attnwidget.engine.capture.parts import heard_in
from attnwidget.engine.capture.projection_search import Follower, follow_outputs
from attnwidget.engine.capture.shadow import Shadow
from attnwidget.engine.edits.changes import refuse_edits_of
from attnwidget.engine.prediction_head import answers_at_once
from attnwidget.engine.trace.records import Block
from attnwidget.engine.trace.stitch import Masks, stitched

BESIDE = {"vision", "audio", "encoder", "cross"}
"""Parts whose attention may be seen even if attention over the text is not."""


@dataclass(eq=False)
class Passes:
    """Filled while `listening`: the rows of every layer, in the order of the first pass, and the input of the head.

    `pending` has the raw scores (vocabulary) after the last token of each pass; whoever uses one removes it. `refused` are
    the parts that cannot be shown, each with the reason.
    """

    shadow: Shadow
    edited: EditedPass | None = None
    pending: list[Tensor] = field(default_factory=list)
    depths: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    _rows: dict[tuple[str, int], list[Block]] = field(default_factory=dict)
    _hidden: list[Tensor] = field(default_factory=list)  # position dim
    _scores: list[Tensor] = field(default_factory=list)  # position vocabulary
    _inputs: dict[str, Any] = field(default_factory=dict)  # of the last pass
    _watch: Watch = field(init=False)
    _follower: Follower | None = None

    def __post_init__(self) -> None:
        self._watch = Watch(self.shadow.names)
        if self.edited is not None:
            self._watch.edited = self.edited

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Inside this block, everything that the shadow computes in this thread is stored."""
        module = self.shadow.module
        with (
            self.shadow.lock,
            torch.no_grad(),
            watching(self._watch),
            follow_outputs(self.shadow, self._watch) as self._follower,
            changing_layers(self.edited, self.shadow, self._watch),
        ):
            hooks = [
                module.register_forward_pre_hook(self._begins, with_kwargs=True),
                module.register_forward_hook(self._ends),
            ]
            if module.base_model is not module:
                hooks.append(module.base_model.register_forward_hook(self._body_ends))
            try:
                yield
            finally:
                for hook in hooks:
                    hook.remove()

    def forget(self) -> None:
        """Generation begins now: earlier passes (for example, to detect a language) are not part of it.

        An encoder that has just run is part of it: its calls have not been stored yet.
        """
        for kept in (self.pending, self.depths, self.refused, self._rows, self._hidden, self._scores, self._inputs):
            kept.clear()
        if self.edited is not None:
            self.edited.starts_after(0)

    def one_more(self, number: int) -> None:
        """Run the shadow on one more token, as `generate` would, for the row of the last generated token."""
        if self._inputs.get("past_key_values") is not None:
            self.shadow.module(**following(self._inputs, number, self.shadow.module.config))

    def blocks(self, tokens: int) -> tuple[Block, ...] | None:
        """Every layer whole, or None if the rows do not form maps of that many tokens."""
        found = []
        masks: Masks = {}
        for rows in self._rows.values():
            block = stitched(rows, masks)
            # A module that ran in one pass only was a tower or an encoder, over a sequence of its own.
            if block is None or (len(rows) > 1 and block.shape[1] != tokens):
                return None
            found.append(block)
        if not any(len(rows) > 1 for rows in self._rows.values()):
            return None
        return tuple(found) if self.edited is None else self.edited.marked(found)

    @property
    def hidden(self) -> Tensor | None:
        """Final hidden rows (position dim) of all passes."""
        return torch.cat(self._hidden) if self._hidden else None

    @property
    def scores(self) -> Tensor | None:
        """Logits (position vocabulary) of all passes, of a model whose head does not run by itself."""
        return torch.cat(self._scores) if self._scores else None

    def _begins(self, _module: Any, _given: Any, named: dict[str, Any]) -> None:
        # A user's callback may trace another text meanwhile, with its own watch.
        if current() is self._watch:
            self._put_away()
            self._inputs = dict(named)
            if self.edited is not None:
                self.edited.begin()

    def _ends(self, module: Any, _given: Any, output: Any) -> None:
        if current() is self._watch:
            self._put_away()
            if self.shadow.path == "interface" and not any(part not in BESIDE for part, _ in self._rows):
                raise NothingSeen
            self.pending.append(output.logits[0, -1].clone())
            if answers_at_once(module):
                self._scores.append(output.logits[0])

    def _body_ends(self, _module: Any, _given: Any, output: Any) -> None:
        rows = getattr(output, "last_hidden_state", None)
        if current() is self._watch and isinstance(rows, Tensor):
            self._hidden.append(rows[0])

    def _put_away(self) -> None:
        calls, self._watch.calls = self._watch.calls, []
        if not calls:
            return
        heard = heard_in(calls, self.shadow.module)
        self.refused.update(heard.refused)
        if self.edited is not None:
            refuse_edits_of(self.edited.edits, heard.refused)
        projections = {} if self._follower is None else self._follower.learn()
        for call, role in zip(heard.calls, heard.roles, strict=True):
            self.depths[role.part] = role.depth
            rows = self._rows.setdefault((role.part, role.layer), [])
            if rows:
                rows[-1] = _without_keys(rows[-1])
            rows.append(block_of(call, role, projections.get(call.path)))


def following(inputs: dict[str, Any], number: int, config: Any) -> dict[str, Any]:
    """The inputs of the next pass: one more token, and the same cache."""
    crossed = bool(getattr(config, "is_encoder_decoder", False))
    ids, mask = ("decoder_input_ids", "decoder_attention_mask") if crossed else ("input_ids", "attention_mask")
    found: dict[str, Any] = {}
    for name, value in inputs.items():
        if not isinstance(value, Tensor):
            found[name] = value
        elif name == ids:
            found[name] = torch.full_like(value[:, -1:], number)
        elif name == mask:
            found[name] = pad(value, (0, 1), value=1)
        elif name.endswith(("position_ids", "cache_position")):
            found[name] = value[..., -1:] + 1
        elif name == "mm_token_type_ids":
            found[name] = torch.zeros_like(value[..., -1:])
        elif name.endswith("token_type_ids"):
            found[name] = value[..., -1:]
        elif name == "cross_attention_mask":
            found[name] = value[:, -1:]
        elif crossed or name.startswith("encoder_"):  # a decoder-only model processed its images in the first pass
            found[name] = value
    return found


def _without_keys(block: Block) -> Block:
    shape = None if block.k is None else torch.empty_like(block.k, device="meta")
    return replace(block, k=shape, v=None)
