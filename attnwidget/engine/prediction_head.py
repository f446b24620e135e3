"""The prediction head alone: final hidden states -> logits, without running the model again."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig

from attnwidget.errors import AttnWidgetError

HEAD_KINDS = (
    (("ForSequenceClassification", "ForImageClassification", "ForAudioClassification"), "class"),
    (("ForTokenClassification",), "label"),
    (("ForQuestionAnswering",), "answer span"),
    (("ForMaskedLM",), "this token"),
    (("ForCausalLM", "LMHeadModel", "ForConditionalGeneration", "EncoderDecoderModel", "MTModel"), "next token"),
)
"""How transformers names its classes -> what their head predicts."""

PlainSetting = bool | int | float | str | PreTrainedConfig


def predicts(model: Any) -> str | None:
    """What the head predicts: "next token", "this token" (a masked model), "class", "label", "answer span", or None."""
    name = type(model).__name__
    if name.endswith("WithLMHeadModel"):  # XLM and Flaubert: masked or causal by configuration
        return "next token" if getattr(model.config, "causal", False) else "this token"
    if name == "XLNetLMHeadModel":
        return None  # it predicts what a permutation hides, and a plain text has none
    return next((kind for endings, kind in HEAD_KINDS if name.endswith(endings)), None)


def labels(model: Any) -> tuple[str, ...]:
    """The names of the classes or labels, in the order of the logits; () for a model that predicts neither."""
    if predicts(model) not in {"class", "label"}:
        return ()
    named = getattr(model.config, "id2label", None) or {}
    return tuple(str(named[number]) for number in sorted(named))


def answers_at_once(model: Any) -> bool:
    """Whether logits are kept with the pass: there are few, or the body cannot run without the head."""
    return predicts(model) in {"class", "label", "answer span"} or model.base_model is model


def scores(output: Any, kind: str | None, text: int = 0, length: int | None = None) -> Tensor | None:
    """Logits (position vocabulary) of a whole pass, as `Trace.logits` returns them; None if the model has none.

    Of a batch, those of one `text`, which has this `length`.
    """
    own = slice(length)
    if kind == "answer span" and getattr(output, "start_logits", None) is not None:
        return torch.stack([output.start_logits[text, own], output.end_logits[text, own]], -1)
    found = getattr(output, "logits", None)
    if kind is None or not isinstance(found, Tensor) or found.ndim < 2:
        return None
    return found[text : text + 1] if kind == "class" else found[text, own]


def prediction_head(model: Any) -> Callable[[Tensor], Tensor] | None:
    """A function from hidden rows (position dim) to logits (position vocabulary); None for a model without a head.

    The model's own code runs, with its body replaced by a stand-in that returns the rows, so that everything between
    body and logits (transforms, soft caps, scales) is the model's own. Only the head's weights are kept alive.
    """
    if predicts(model) not in {"next token", "this token"} or model.base_model is model:
        return None
    parts = model.__dict__["_modules"].items()
    kept = {name: None if part is model.base_model else part for name, part in parts}
    # The model itself must not stay alive for its head.
    shell, name = copy.copy(model), next(name for name, part in kept.items() if part is None)
    shell.__dict__["_modules"] = {}
    shell.__dict__.pop("forward", None)  # accelerate's, which would run the whole model
    argument = model.main_input_name
    plain = _plain(model.base_model)

    tensors = [tensor for part in kept.values() if part is not None for tensor in (*part.parameters(), *part.buffers())]
    written = _written(tensors)

    def logits(rows: Tensor) -> Tensor:
        if _written(tensors) != written:
            raise AttnWidgetError(
                "The model has changed since this text was traced (trained, moved or cast), so its head would no "
                "longer fit. Trace the text again."
            )
        own = copy.copy(shell)
        own.__dict__["_modules"] = {**kept, name: _Stored(rows, plain)}
        # The input only has to exist: the stand-in body ignores it.
        found: Tensor = own(**{argument: torch.zeros(1, len(rows), dtype=torch.long, device=rows.device)}).logits[0]
        return found

    return logits


def _written(tensors: list[Tensor]) -> list[tuple[Any, ...]]:
    return [
        (tensor.data_ptr(), tensor.dtype, 0 if tensor.is_inference() else tensor._version)  # noqa: SLF001  no public way
        for tensor in tensors
        if not tensor.is_meta
    ]


class _Stored(nn.Module):
    """Stands in for the body: returns rows that were computed before.

    OPT looks into the body for its decoder, T5Gemma for the decoder's configuration, Falcon-H1 for a number: plain
    attributes are the body's, and calling any of them calls this stand-in.
    """

    def __init__(self, rows: Tensor, plain: Mapping[str, Any]) -> None:
        super().__init__()
        self.rows = rows
        self.plain = plain

    def forward(self, *_args: Any, **_kwargs: Any) -> Any:
        return _Rows(self.rows[None])

    def get_decoder(self) -> Any:
        return self.decoder

    def __getattr__(self, name: str) -> Any:
        found = self.__dict__["plain"].get(name, {})
        return _Stored(self.rows, found) if isinstance(found, dict) else found


def _plain(module: nn.Module, depth: int = 2) -> dict[str, Any]:
    """The attributes of a module and of its children that are not tensors."""
    own = {name: value for name, value in vars(module).items() if isinstance(value, PlainSetting)}
    if depth == 0:
        return own
    return {**{name: _plain(child, depth - 1) for name, child in module.named_children()}, **own}


class _Rows:
    """A model output that returns its rows under any name or index, and nothing else."""

    def __init__(self, rows: Tensor) -> None:
        self.last_hidden_state = rows

    def __getitem__(self, index: Any) -> Any:
        return (self.last_hidden_state,)[index]

    def __getattr__(self, name: str) -> None:
        return None
