"""A name, a folder or a loaded model -> AttentionModel."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import torch
from transformers import PreTrainedModel
from transformers.utils import logging

from attnwidget.engine.any_module import AnyModule
from attnwidget.engine.loading.sources import found
from attnwidget.engine.model import AttentionModel
from attnwidget.errors import AttnWidgetError
from attnwidget.tiny import BUNDLED
from attnwidget.tiny.bundled import Bundled


def load(
    source: Any = None,
    tokenizer: Any = None,
    *,
    processor: Any = None,
    tokenize: Callable[[str], Any] | None = None,
    **from_pretrained: Any,
) -> AttentionModel:
    """Load a model: the bundled teaching model, one by name or local folder, or a model object you already have.

    Transformers pipelines, PEFT models and SentenceTransformers are unwrapped. The last encode a text as their `encode`
    does: after the default prompt, and up to `max_seq_length` tokens. Any other torch module works too; `tokenize` then
    turns a text into token ids, or (ids, pieces).

    All further options go to `from_pretrained` (dtype, device_map, revision, ...), except `device`, to which the model
    is moved. The model's class comes from its own configuration. What runs is a copy that shares the model's weights:
    your own hooks on the model are not called.

    Raises AttnWidgetError, with a way out, for a name that cannot be found and for models whose attention cannot be
    shown.

    >>> import attnwidget as aw
    >>> aw.load().name
    'tiny-causal'
    """
    if bundled := _bundled(source):
        with _no_progress_bars():  # a quarter of a second needs no progress bar
            at_hand = found(
                str(bundled.folder), tokenizer, processor=processor, **{"dtype": torch.float32, **from_pretrained}
            )
        return AttentionModel(
            at_hand.model, at_hand.tokenizer, bundled.name, processor=at_hand.processor, teaching=True
        )
    if isinstance(source, AttentionModel):
        if tokenizer is None and processor is None:
            return source
        return AttentionModel(
            source.model,
            source.tokenizer if tokenizer is None else tokenizer,
            source.name,
            processor=source.processor if processor is None else processor,
            teaching=source.facts.teaching,
            preparation=source.preparation,
        )
    at_hand = found(source, tokenizer, processor=processor, **from_pretrained)
    if not isinstance(at_hand.model, PreTrainedModel):
        return AnyModule(at_hand.model, tokenize or at_hand.tokenizer, at_hand.name)
    if tokenize is not None:
        raise AttnWidgetError(
            f"tokenize= is for plain torch modules; {at_hand.name} has its own tokenizer. Leave tokenize= out, or pass "
            "tokenizer=."
        )
    return AttentionModel(
        at_hand.model, at_hand.tokenizer, at_hand.name, processor=at_hand.processor, preparation=at_hand.preparation
    )


def _bundled(source: Any) -> Bundled | None:
    """The bundled model that is meant: by default the first."""
    return next(iter(BUNDLED.values())) if source is None else BUNDLED.get(source) if isinstance(source, str) else None


_shared: "WeakValueDictionary[str, AttentionModel]" = WeakValueDictionary()


def shared(source: Any = None, tokenizer: Any = None, processor: Any = None) -> AttentionModel:
    """Like `load`, but returns the same model again for a name that is still in use: for callers that only look.

    A cell that is run again must not load another copy while the previous explorer is still shown. The content of a
    local folder may have changed, so folders are always loaded anew.
    """
    own = tokenizer is not None or processor is not None
    if own or not (source is None or isinstance(source, str)) or (source and Path(source).exists()):
        return load(source, tokenizer, processor=processor)
    bundled = _bundled(source)
    name = str(source) if bundled is None else bundled.name
    found = _shared.get(name)
    if found is None:
        found = _shared[name] = load(name)
    return found


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
