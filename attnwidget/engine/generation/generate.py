"""Tokens from transformers' own `generate` -> one Trace, with the rows of every step.

The passes of generation are watched as they run, so that what is shown is what was computed; the only extra cost is one
small pass for the last token. If their rows do not form maps (families outside the attention interface, a cache that
drops keys), the whole text is run once more, which gives the same rows for a causal model.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers import DynamicCache, EncoderDecoderCache

from attnwidget.engine.capture.edited_pass import EditedPass
from attnwidget.engine.capture.forward import NothingSeen
from attnwidget.engine.capture.parts import whole_parts
from attnwidget.engine.capture.sequences import sequences_of
from attnwidget.engine.capture.shadow import Shadow
from attnwidget.engine.generation.continued import continued
from attnwidget.engine.generation.options import Wishes
from attnwidget.engine.generation.passes import BESIDE, Passes
from attnwidget.engine.inputs.inputs import Inputs
from attnwidget.engine.inputs.recipient import forward_names
from attnwidget.engine.prediction import step
from attnwidget.engine.prediction_head import answers_at_once, prediction_head
from attnwidget.engine.text.tokenise import tokenise_ids
from attnwidget.engine.trace.recompute import visible
from attnwidget.engine.trace.records import ModelFacts, Step
from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import AttnWidgetError, reason_of


def generate(
    shadow: Shadow,
    reader: Any | None,
    given: Inputs,
    facts: ModelFacts,
    wishes: Wishes,
    *,
    on_token: Callable[[Step], None] | None,
    enough: Callable[[], bool],
    decode: Callable[[int], str],
    read: Callable[[Inputs], Trace],
    edited: EditedPass | None = None,
) -> Trace:
    """The prompt and its continuation, as one trace with a `Step` for every generated token.

    `read` reads inputs in one ordinary pass, under the same edits; `enough` is asked after every token. Raises
    NothingSeen, before any token, when an interface shadow computed no attention over the text that could be seen;
    AttnWidgetError when the model fails; and whatever `on_token` does.
    """
    passes = Passes(shadow, edited)
    stream = _Stream(passes, decode, on_token, enough, wishes.streamer)
    with passes.listening():
        _run(shadow, given, facts, wishes, stream)
        if shadow.path == "interface":
            _last_row(passes, stream.produced[-1])
    ids = [*stream.start, *stream.produced]
    crossed = bool(getattr(shadow.module.config, "is_encoder_decoder", False))
    name = "target" if crossed else "text"
    prompt = given.tokens.get(name)
    if prompt is None or list(prompt.ids) != stream.start:
        prompt = tokenise_ids(reader, stream.start)
    whole = Inputs(
        _lengthened(given.forward, ids, crossed=crossed),
        {**given.tokens, name: continued(reader, prompt, stream.produced)},
        given.pictures,
        given.sounds,
    )
    trace = _assembled(passes, whole, facts, len(ids))
    if trace is None:
        trace = read(whole if crossed else _placed(whole, forward_names(shadow.module)))
        _refuse_both_ways(trace, len(stream.start))
    return replace(trace, steps=tuple(stream.steps))


def without_target(given: Inputs) -> Inputs:
    """The inputs without those of an encoder-decoder's decoder."""
    forward = {name: tensor for name, tensor in given.forward.items() if not name.startswith("decoder_")}
    tokens = {name: own for name, own in given.tokens.items() if name != "target"}
    return Inputs(forward, tokens, given.pictures, given.sounds)


@dataclass(eq=False)
class _Stream:
    """The streamer that `generate` passes tokens to: first those of the prompt, then one by one."""

    passes: Passes
    decode: Callable[[int], str]
    on_token: Callable[[Step], None] | None
    enough: Callable[[], bool]
    other: Any | None  # the user's own
    start: list[int] = field(default_factory=list)
    produced: list[int] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    raised: BaseException | None = None  # by code of the user's

    def put(self, value: Tensor) -> None:
        if value.ndim == 2 and len(value) == 1:
            self.passes.forget()
            self.start, self.produced, self.steps = value[0].tolist(), [], []
            return
        if value.numel() != 1:
            raise AttnWidgetError(
                f"This model generates {len(value)} tokens per step, in codebooks or for several texts; only one "
                "continuation of one text can be traced. Give a single text."
            )
        if not self.passes.pending:
            raise AttnWidgetError(
                f"{type(self.passes.shadow.module).__name__} delegates generation to a model inside it, whose steps "
                "cannot be traced. Call its own generate, and trace the ids that it returns."
            )
        number = int(value)
        self.produced.append(number)
        at = len(self.start) + len(self.produced) - 1
        self.steps.append(step(at, number, self.passes.pending.pop(0).cpu(), self.decode))
        if len(self.steps) == 1:  # not before: the first pass may show that another shadow is needed
            self._tell(torch.tensor([self.start], dtype=torch.long, device="cpu"))
        self._tell(value)
        if self.enough():
            raise _Enough

    def end(self) -> None:
        if self.other is not None:
            self.other.end()

    def _tell(self, value: Tensor) -> None:
        try:
            if self.other is not None:
                self.other.put(value)
            if self.on_token is not None and value.ndim == 1:
                self.on_token(self.steps[-1])
        except BaseException as error:
            self.raised = error
            raise


class _Enough(Exception):
    """No more tokens are wanted. Never reaches a user."""


def _run(shadow: Shadow, given: Inputs, facts: ModelFacts, wishes: Wishes, stream: _Stream) -> None:
    module = shadow.module
    inputs: dict[str, Any] = dict(given.forward)
    known = forward_names(module) or set()
    if "input_ids" in inputs and "attention_mask" in known:
        # Without it, tokens that double as padding would be treated as padding.
        inputs.setdefault("attention_mask", torch.ones_like(inputs["input_ids"]))
    cache = _cache(shadow, facts) if wishes.cached else None
    if cache is not None:
        inputs["past_key_values"] = cache
    if answers_at_once(module) and "logits_to_keep" in known:
        inputs["logits_to_keep"] = 0  # of every row: the head does not run by itself
    module.generation_config = wishes.defaults
    try:
        module.generate(**inputs, **wishes.options(), streamer=stream)
    except _Enough:
        stream.end()
    except (AttnWidgetError, NothingSeen):
        raise
    except (torch.OutOfMemoryError, MemoryError):
        raise AttnWidgetError(
            f"There is not enough memory to continue after {len(stream.start) + len(stream.produced):,} tokens with "
            "this model. Give a shorter text, or ask for fewer tokens."
        ) from None
    except Exception as error:
        if error is stream.raised:
            raise
        # Models may raise anything.
        reason = reason_of(error)
        raise AttnWidgetError(f"The model failed to generate from this input: {reason}") from error


def _cache(shadow: Shadow, facts: ModelFacts) -> Any | None:
    """A cache whose sliding layers keep every key; None if the model must use its own cache."""
    stateful = getattr(shadow.module, "_is_stateful", False) or 0 in facts.heads
    if shadow.path != "interface" or stateful or "past_key_values" not in (forward_names(shadow.module) or ()):
        return None
    config = shadow.module.config
    if getattr(config, "is_encoder_decoder", False) or getattr(config, "add_cross_attention", False):
        return EncoderDecoderCache(DynamicCache(), DynamicCache())
    return DynamicCache()


def _last_row(passes: Passes, number: int) -> None:
    try:
        passes.one_more(number)
    except Exception:  # noqa: BLE001  models may raise anything; the whole text is run instead
        passes.forget()


def _assembled(passes: Passes, whole: Inputs, facts: ModelFacts, count: int) -> Trace | None:
    """The trace of all passes, or None if their rows do not form one."""
    blocks, hidden, scores = passes.blocks(count), passes.hidden, passes.scores
    lengths = {len(rows) for rows in (hidden, scores) if rows is not None}
    if blocks is None or lengths != {count}:
        return None
    module = passes.shadow.module
    try:
        blocks, refused = whole_parts(blocks, passes.refused)
        text, sequences = sequences_of(blocks, whole, module.config, refused)
    except AttnWidgetError:
        return None
    return Trace(
        blocks,
        text,
        passes.shadow.path,
        facts,
        sequences,
        passes.depths,
        hidden=hidden,
        head=prediction_head(module),
        scores=scores if facts.predicts else None,
        edits=() if passes.edited is None else passes.edited.edits,
        forward=whole.forward,
        pictures=whole.pictures,
        sounds=whole.sounds,
        refused=refused,
    )


def _placed(whole: Inputs, known: set[str] | None) -> Inputs:
    """The inputs with the positions that `generate` counts, from the first token that is not padding."""
    forward = whole.forward
    mask = forward.get("attention_mask")
    plain = forward.keys() <= {"input_ids", "attention_mask", "token_type_ids"}  # images have positions of their own
    if not plain or mask is None or mask.ndim != 2 or bool(mask.all()) or "position_ids" not in (known or ()):
        return whole
    position = (mask.long().cumsum(-1) - 1).clamp(min=0)
    return replace(whole, forward={**forward, "position_ids": position})


def _refuse_both_ways(trace: Trace, start: int) -> None:
    """Raise AttnWidgetError if a token attended to tokens that were generated after it."""
    for block in trace.blocks:
        if block.part in BESIDE or block.causal:
            continue
        seen = visible(block) if block.dense is None else (block.dense != 0).any(0)
        # Rows of padding do not matter; models outside the interface let padding attend to everything.
        real = torch.tensor(trace.tokens(block.part)[0].padding, dtype=torch.bool, device=seen.device).logical_not()
        if bool(seen.triu(1)[real, start:].any()):
            raise AttnWidgetError(
                f"{trace.model.architecture} attends in both directions, so its weights over the finished text are not "
                "those of generation. They cannot be shown; trace the finished text instead."
            )


def _lengthened(forward: Mapping[str, Tensor], ids: Sequence[int], *, crossed: bool) -> dict[str, Tensor]:
    """Forward inputs of the whole text, extended from those of its beginning."""
    name, mask = ("decoder_input_ids", "decoder_attention_mask") if crossed else ("input_ids", "attention_mask")
    device = next(iter(forward.values())).device
    found = {**forward, name: torch.tensor([ids], dtype=torch.long, device=device)}
    for key, value in forward.items():
        more = len(ids) - value.shape[-1]
        if key == mask:
            found[key] = pad(value, (0, more), value=1)
        elif key == "cross_attention_mask":  # batch position image tile
            more = len(ids) - value.shape[1]
            found[key] = torch.cat([value, value[:, -1:].expand(-1, more, -1, -1)], 1)
        elif not crossed and key == "mm_token_type_ids":
            found[key] = pad(value, (0, more))
        elif not crossed and key.endswith("token_type_ids"):
            found[key] = torch.cat([value, value[..., -1:].expand(*value.shape[:-1], more)], -1)
        elif key == ("decoder_position_ids" if crossed else "position_ids"):
            found[key] = torch.cat([value, value[..., -1:] + torch.arange(1, more + 1, device=device)], -1)
    return found
