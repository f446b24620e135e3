"""A name, a folder or a model in hand -> AttentionModel."""

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

TINY = Path(__file__).parent.parent / "tiny" / "causal"


def load(
    source: Any = None,
    tokenizer: Any = None,
    *,
    processor: Any = None,
    tokenize: Callable[[str], Any] | None = None,
    **from_pretrained: Any,
) -> AttentionModel:
    """Load a model for reading: the bundled teaching model, a name, a local folder, or a model already in hand.

    A transformers pipeline, a PEFT model and a SentenceTransformer are taken apart; texts of the last are read as its
    `encode` reads them, behind its default prompt and up to its `max_seq_length`. Any other torch module can be read
    as well; `tokenize` then turns a text into its token ids, or (ids, pieces). Everything else is handed to
    `from_pretrained` (dtype, device_map, revision, ...), but for `device`, where the model is then moved. The class is
    taken from the model's own configuration. What runs is a copy over the same weights: hooks of yours on the model are
    neither run nor filled. Raises AttnWidgetError, with the way out, for a name that cannot be found
    and for models whose attention cannot be read.

    >>> import attnwidget as aw
    >>> aw.load().name
    'tiny-causal'
    """
    if source is None:
        with _no_progress_bars():  # a quarter of a second needs none
            at_hand = found(str(TINY), tokenizer, processor=processor, **{"dtype": torch.float32, **from_pretrained})
        return AttentionModel(at_hand.model, at_hand.tokenizer, "tiny-causal", teaching=True)
    if isinstance(source, AttentionModel):
        if tokenizer is None:
            return source
        return AttentionModel(
            source.model,
            tokenizer,
            source.name,
            processor=source.processor,
            teaching=source.facts.teaching,
            preparation=source.preparation,
        )
    at_hand = found(source, tokenizer, processor=processor, **from_pretrained)
    if not isinstance(at_hand.model, PreTrainedModel):
        return AnyModule(at_hand.model, tokenize or at_hand.tokenizer, at_hand.name)
    if tokenize is not None:
        raise AttnWidgetError(f"tokenize= is for torch modules; {at_hand.name} is read with its tokenizer.")
    return AttentionModel(
        at_hand.model, at_hand.tokenizer, at_hand.name, processor=at_hand.processor, preparation=at_hand.preparation
    )


_shared: "WeakValueDictionary[str | None, AttentionModel]" = WeakValueDictionary()


def shared(source: Any = None, tokenizer: Any = None) -> AttentionModel:
    """What `load` gives, but the same model again for a name that is still in use: for those who only look.

    A cell that is run again must not load another copy while the explorer before is still shown. What lies in a folder of the user's may have changed, so folders are always read.
    """
    if tokenizer is not None or not (source is None or isinstance(source, str)) or (source and Path(source).exists()):
        return load(source, tokenizer)
    found = _shared.get(source)
    if found is None:
        found = _shared[source] = load(source)
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
