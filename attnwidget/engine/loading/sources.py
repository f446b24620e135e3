"""What a user passes to `load` -> Source: the module to trace, its tokenizer and processor, and a short name."""

import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn
from transformers import (
    FeatureExtractionMixin,
    ImageProcessingMixin,
    Pipeline,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    ProcessorMixin,
)

from attnwidget.engine.loading import pretrained
from attnwidget.engine.loading import processors as readers
from attnwidget.engine.loading.hub import elsewhere, hub_options, place
from attnwidget.engine.loading.preparation import Piped, Preparation
from attnwidget.engine.loading.sentence_transformers import Sentences, sentences_of
from attnwidget.errors import AttnWidgetError

POSSIBLE_SOURCES = (
    "Give a name like 'gpt2', a local folder, a transformers model and its tokenizer, a pipeline, or any torch module."
)
SAYS_LITTLE = re.compile(r"checkpoint.*|epoch.*|step.*|v?\d+|model|final|best|last|output|out", re.IGNORECASE)
"""Folder names that are the same in every project, and say which of its models it is."""

SAYS_NOTHING = re.compile(
    r"\W*|hf|hugging.?face|transformers|(py)?torch|safetensors|snapshots?|main|latest|(?=.*\d)[0-9a-f]{7,40}",
    re.IGNORECASE,
)
"""Folder names that say in which form a model is there, or only that it is."""

SHELVES = re.compile(
    r"(real.?)?models?|weights|checkpoints|ckpts?|hub|cache|\.cache|te?mp|data|home|users|root|work|downloads?|desktop|documents",
    re.IGNORECASE,
)
"""Folders that hold many models, and name none."""


@dataclass(frozen=True, eq=False)
class Source:
    """A torch module and what prepares its inputs; `model` is the user's own object if one was given.

    `preparation` is what a pipeline or sentence-transformers model does to texts first, if there was one.
    """

    model: Any
    tokenizer: Any | None
    processor: Any | None
    name: str
    preparation: Preparation | None = None


def found(source: Any, tokenizer: Any = None, *, processor: Any = None, **from_pretrained: Any) -> Source:
    """Find the model that a user means: a name, a local folder, a model object, or an object that wraps one.

    Wrappers are pipelines, PEFT and sentence-transformers models, and torch's own (compile, DataParallel). A tokenizer
    and processor that are not given are looked up where the model came from, and None if missing. Everything else goes
    to `from_pretrained`, except `device`, to which the model is moved. Code from a model's repository only runs with
    trust_remote_code=True. Raises AttnWidgetError, with a way out, if the model cannot be found or loaded.

    >>> from transformers import GPT2Config, GPT2Model
    >>> found(GPT2Model(GPT2Config(n_embd=8, n_layer=1, n_head=2, vocab_size=9))).name
    'GPT2Model'
    """
    # If there is a name, the options that locate files in a repository refer to its own files.
    hub = (elsewhere if isinstance(source, str | Path) else hub_options)(from_pretrained)
    named = any(isinstance(given, str | Path) for given in (tokenizer, processor))
    if isinstance(tokenizer, ProcessorMixin | FeatureExtractionMixin | ImageProcessingMixin) and processor is None:
        tokenizer, processor = None, tokenizer
    if isinstance(processor, str | Path):
        processor = readers.named_processor(processor, hub)
    if isinstance(tokenizer, str | Path):
        tokenizer = readers.named_tokenizer(tokenizer, hub)
    if tokenizer is None:
        tokenizer = getattr(processor, "tokenizer", None)
    if isinstance(source, str | Path):
        name = place(source)
        model, hub = pretrained.pretrained_model(name, from_pretrained)
        read = readers.readers_of(model, name, tokenizer, processor, hub)
        return Source(model, *read, short_name(name) or described(model, name))
    in_hand = _in_hand(source, tokenizer, processor)
    if unused := [option for option in from_pretrained if not (named and option in hub)]:
        raise AttnWidgetError(
            f"{', '.join(unused)} cannot be applied to this {_kind(source)}, as it is already loaded. Set it where the "
            "model is created, or give the model's name."
        )
    return in_hand


def short_name(name: str) -> str:
    """A model's name in titles, as a person would say it; "" for a folder whose path says nothing of what is in it.

    >>> short_name("org/some-model"), short_name("/home/me/my-run/checkpoint-500"), short_name("/data/some-model/hf")
    ('some-model', 'my-run/checkpoint-500', 'some-model')
    >>> short_name("/data/models/hf")
    ''
    """
    path = Path(os.path.abspath(name) if Path(name).is_dir() else name)  # noqa: PTH100  links keep their names
    cached = next((part for part in path.parts if part.startswith("models--")), None)
    if cached is not None:  # a snapshot in the hub's cache
        return cached.split("--")[-1]
    said = [part for part in path.parts if not SAYS_NOTHING.fullmatch(part)]
    if not said or (path.name != said[-1] and (SHELVES.fullmatch(said[-1]) or said[-1] == Path.home().name)):
        return ""
    return "/".join(said[-2:]) if SAYS_LITTLE.fullmatch(said[-1]) else said[-1]


def described(model: Any, folder: str) -> str:
    """What a model without a name of its own is called: as its files say, else by its kind and its size.

    >>> from transformers import GPT2Config, GPT2Model
    >>> described(GPT2Model(GPT2Config(n_embd=8, n_layer=1, n_head=2, vocab_size=9)), "")
    'gpt2, 9.2 K parameters'
    """
    with suppress(OSError, ValueError, AttributeError):
        stated = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8")).get("_name_or_path")
        if isinstance(stated, str) and (name := short_name(stated)):
            return name
    size = sum(parameter.numel() for parameter in model.parameters())
    unit, sign = next(((unit, sign) for unit, sign in ((1e9, "B"), (1e6, "M"), (1e3, "K")) if size >= unit), (1, ""))
    kind = getattr(getattr(model, "config", None), "model_type", "") or type(model).__name__
    return f"{kind}, {size / unit:.{int(size < 10 * unit)}f} {sign} parameters"


def _in_hand(source: Any, tokenizer: Any, processor: Any) -> Source:
    preparation: Preparation | None = Piped(source) if isinstance(source, Pipeline) else None
    if _comes_from(source, "sentence_transformers"):
        preparation = source = sentences_of(source)
    model, own_tokenizer, own_processor = _parts(source)
    tokenizer = own_tokenizer if tokenizer is None else tokenizer
    processor = own_processor if processor is None else processor
    if not isinstance(model, PreTrainedModel):
        return Source(model, tokenizer, processor, type(model).__name__, preparation)
    name = str(model.config.name_or_path or "")
    if name:
        hub = {"local_files_only": True, "trust_remote_code": False}
        tokenizer, processor = readers.readers_of(model, name, tokenizer, processor, hub, must=False)
    called = short_name(name) or described(model, name) if name else type(model).__name__
    return Source(model, tokenizer, processor, called, preparation)


def _parts(source: Any) -> tuple[nn.Module, Any, Any]:
    """(model, tokenizer, processor) of any object that wraps a model."""
    if isinstance(source, Pipeline):
        model, _, _ = _parts(source.model)
        return model, source.tokenizer, source.processor or source.image_processor or source.feature_extractor
    if isinstance(source, Sentences):
        return _parts(source.model)[0], source.tokenizer, source.processor
    if _comes_from(source, "peft"):
        return _parts(_with_adapters(source))
    inner = getattr(source, "_orig_mod", None)  # torch.compile
    if isinstance(source, nn.DataParallel | nn.parallel.DistributedDataParallel):
        inner = source.module
    if isinstance(inner, nn.Module):
        return _parts(inner)
    if isinstance(source, nn.Module):
        return source, None, None
    raise AttnWidgetError(f"Cannot load a model from {_kind(source)}. {POSSIBLE_SOURCES}")


def _with_adapters(source: Any) -> nn.Module:
    """The model inside a PEFT object. Adapters are part of its tree, so its own forward pass runs them."""
    config = getattr(source, "active_peft_config", None)
    kind = str(getattr(config, "peft_type", "")).rpartition(".")[2]
    outside = getattr(config, "is_prompt_learning", False) or kind in {"XLORA", "POLY"}
    if outside or getattr(config, "alora_invocation_tokens", None):
        raise AttnWidgetError(
            f"The {kind} adapter of this {type(source).__name__} works outside the model that it adapts (virtual "
            "tokens, or routing per text), so it cannot be traced. Use an adapter inside the layers, such as LoRA."
        )
    children = dict(source.named_children()) if isinstance(source, nn.Module) else {}
    inner = source.get_base_model() if hasattr(type(source), "get_base_model") else None
    inner = inner or children.get("base_model") or children.get("model")
    if inner is None:
        raise AttnWidgetError(f"This {_kind(source)} from peft contains no model. {POSSIBLE_SOURCES}")
    return inner


def _comes_from(source: Any, package: str) -> bool:
    # Tested on the class, so that neither package has to be installed.
    return any(kind.__module__.partition(".")[0] == package for kind in type(source).__mro__)


def _kind(source: Any) -> str:
    if isinstance(source, type):
        return f"the class {source.__name__} (not an instance of it)"
    if isinstance(source, PreTrainedTokenizerBase | PreTrainedConfig):
        return f"{type(source).__name__} alone"
    return type(source).__name__
