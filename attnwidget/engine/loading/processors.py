"""A model's origin -> its tokenizer and processor, each None if there is none."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import AutoFeatureExtractor, AutoImageProcessor, AutoProcessor, AutoTokenizer, PreTrainedTokenizerBase
from transformers.models.auto.tokenization_auto import get_tokenizer_config

from attnwidget.engine.loading.failures import not_loaded, one_sentence
from attnwidget.engine.loading.hub import elsewhere, place, within_reach


def readers_of(
    model: Any, name: str, tokenizer: Any, processor: Any, hub: Mapping[str, Any], *, must: bool = True
) -> tuple[Any | None, Any | None]:
    """(tokenizer, processor) of a model: as given, or from the model's own repository; None if it has none.

    Raises AttnWidgetError for a tokenizer that exists but cannot be loaded, if `must`.
    """
    more_than_text = _reads_more_than_text(model)
    if processor is None and more_than_text:
        processor = _own_processor(name, hub)
    if tokenizer is None:
        tokenizer = getattr(processor, "tokenizer", None)
    if tokenizer is None:
        tokenizer = _own_tokenizer(name, hub, must=must)
    base = str(model.config.name_or_path or "")
    if tokenizer is None and base and base != name:  # an adapter uses its base model's tokenizer
        tokenizer = _own_tokenizer(base, elsewhere(hub), must=False)
    if tokenizer is None and processor is None and not more_than_text:
        processor = _own_processor(name, hub)
    return tokenizer, processor


def named_tokenizer(source: str | Path, hub: Mapping[str, Any]) -> Any:
    """The tokenizer from that name or folder. Raises AttnWidgetError if there is none."""
    name = place(source)
    with one_sentence(name, hub, "The tokenizer "):
        tokenizer = AutoTokenizer.from_pretrained(name, **within_reach(name, hub))
    if _knows_no_words(tokenizer):
        raise not_loaded(name, "there are no tokenizer files", "Check the name", "The tokenizer ")
    return tokenizer


def named_processor(source: str | Path, hub: Mapping[str, Any]) -> Any:
    """The processor from that name or folder. Raises AttnWidgetError if there is none."""
    name = place(source)
    with one_sentence(name, hub, "The processor "):
        return AutoProcessor.from_pretrained(name, **within_reach(name, hub))


def _reads_more_than_text(model: Any) -> bool:
    inner = getattr(model.config, "sub_configs", {})
    return model.main_input_name != "input_ids" or any("vision" in part or "audio" in part for part in inner)


def _own_tokenizer(name: str, hub: Mapping[str, Any], *, must: bool) -> Any | None:
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, **hub)
    except Exception:
        if must and get_tokenizer_config(name, **hub):
            with one_sentence(name, hub, "The tokenizer of "):
                raise
        return None
    return None if _knows_no_words(tokenizer) else tokenizer


def _knows_no_words(tokenizer: Any) -> bool:
    # Without files, transformers makes up a tokenizer of special tokens and at most one letter.
    if not isinstance(tokenizer, PreTrainedTokenizerBase) or len(tokenizer) > 1000:
        return False
    return len(set(tokenizer.get_vocab()) - set(tokenizer.all_special_tokens)) < 2


def _own_processor(name: str, hub: Mapping[str, Any]) -> Any | None:
    # The first requires everything that a family supports; an audio-only model has no tokenizer.
    for auto in (AutoProcessor, AutoFeatureExtractor, AutoImageProcessor):
        try:
            processor = auto.from_pretrained(name, **hub)
        except Exception:  # noqa: BLE001, S112  images need packages that may not be installed
            continue
        if not isinstance(processor, PreTrainedTokenizerBase):
            return processor
    return None
