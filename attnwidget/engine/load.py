"""A name, a folder or a model in hand -> AttentionModel, which reads texts into traces."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoTokenizer,
    PreTrainedModel,
)
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
)
from transformers.utils import logging

from attnwidget.engine import verify
from attnwidget.engine.forward import read
from attnwidget.engine.head import predicts
from attnwidget.engine.shadow import shadow_of
from attnwidget.engine.tokens import Tokens, private_copy, read_ids, read_text
from attnwidget.engine.trace import ModelFacts, Trace
from attnwidget.engine.verify import Verification
from attnwidget.errors import AttnWidgetError, TooLong

TINY = Path(__file__).parent.parent / "tiny" / "causal"
HUB_OPTIONS = ("revision", "token", "trust_remote_code", "cache_dir", "local_files_only", "subfolder")
"""Options of `from_pretrained` that concern configuration and tokenizer as much as the weights."""


class AttentionModel:
    """A model and its tokenizer, ready to be read. `.model` and `.tokenizer` are the user's own objects, untouched.

    `.facts` is what is known of the model, as plain data.

    >>> import attnwidget as aw
    >>> aw.load()
    AttentionModel(tiny-causal, decoder, 4 layers x 4 heads)
    """

    def __init__(self, model: Any, tokenizer: Any | None, name: str, *, teaching: bool = False) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.name = name
        # A fast tokenizer keeps truncation and padding as state, and calls of the user's from another thread set it:
        # a shared one would cut our texts and pad theirs.
        self._reader = private_copy(tokenizer)
        _refuse_what_cannot_work(model)
        self.facts = ModelFacts(
            name=name,
            architecture=type(model).__name__,
            kind="decoder" if _is_decoder(model) else "encoder",
            limit=_limit(model, tokenizer),
            predicts=predicts(model),
            teaching=teaching,
        )
        self._shadow()  # a model that cannot be read is refused here, not at the first text

    def __repr__(self) -> str:
        config = self.model.config.get_text_config()
        sizes = f"{config.num_hidden_layers} layers x {config.num_attention_heads} heads"
        return f"AttentionModel({self.name}, {self.facts.kind}, {sizes})"

    def tokens(self, x: Any, *, first: int | None = None) -> Tokens:
        """Tokens of a text, or of token ids used as given (`[n]` or `[1, n]`); at most `first` of them.

        Raises EmptyText, TooLarge, TooLong (with both counts), and AttnWidgetError for any other input.
        """
        tokens = self._text_tokens(x, first) if isinstance(x, str) else self._id_tokens(x, first)
        limit = self.facts.limit
        if limit is not None and len(tokens) > limit:
            raise TooLong(len(tokens), limit)
        return tokens

    def trace(
        self,
        x: Any,
        *,
        first: int | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        progress: Callable[[int], None] = lambda _done: None,
    ) -> Trace:
        """Read a text once: one forward pass at the speed of the bare model, from which any weight can be had.

        `x` is a text or token ids, used as given. `first` reads only that many tokens. `progress` hears how many
        layers are done; when `cancelled` answers True, the pass stops before the next layer and raises Cancelled.
        Raises what `tokens` raises, and AttnWidgetError when the model has no attention to show.

        >>> import attnwidget as aw
        >>> trace = aw.load().trace("The cat sat on the mat.")
        >>> trace.text.pieces
        ('The', 'cat', 'sat', 'on', 'the', 'mat', '.')
        """
        tokens = self.tokens(x, first=first)
        return read(self._shadow(), tokens, self.facts, cancelled, progress)

    def verify(self, text: Any) -> Verification:
        """Compare every weight of every layer with eager attention, on this model and this text.

        Runs the model twice. Raises what `trace` raises.

        >>> import attnwidget as aw
        >>> aw.load().verify("The cat sat on the mat.").error < 1e-5
        True
        """
        return verify.against_eager(self.model, self.trace(text), self._shadow().lock)

    def piece(self, number: int) -> str:
        """How one token of the vocabulary reads, with its leading blank; lone bytes by the vocabulary's own name."""
        # Models are often padded to more entries than their tokenizer has.
        if self._reader is None or (name := self._reader.convert_ids_to_tokens(number)) is None:
            return f"#{number}"
        read = self._reader.decode([number])
        return read if read and "\ufffd" not in read else str(name)

    def _shadow(self) -> Any:
        return shadow_of(self.model)

    def _text_tokens(self, text: str, first: int | None) -> Tokens:
        if self.tokenizer is None:
            raise AttnWidgetError(
                f"{self.name} came without a tokenizer, so it cannot read text. "
                "Pass one, aw.load(model, tokenizer), or trace token ids."
            )
        tokens = read_text(self._reader, text, first=first)
        self._refuse_foreign(tokens.ids)
        return tokens

    def _id_tokens(self, x: Any, first: int | None) -> Tokens:
        ids = _plain_ids(x, first)
        self._refuse_foreign(ids)
        return read_ids(self._reader, ids)

    def _refuse_foreign(self, ids: Sequence[int]) -> None:
        entries = self.model.get_input_embeddings().num_embeddings
        # On a GPU an id outside the table ends the whole process, so it must not get that far.
        outside = [number for number in ids if not 0 <= number < entries]
        if outside:
            raise AttnWidgetError(
                f"There is no token {outside[0]}: {self.name} has {entries:,}, counted from 0. "
                "Does the tokenizer belong to another model?"
            )


def load(source: Any = None, tokenizer: Any = None, **from_pretrained: Any) -> AttentionModel:
    """Load a model for reading: the bundled teaching model, a name, a local folder, or a model already in hand.

    Everything else is handed to `from_pretrained` (dtype, device_map, revision, ...). The class is taken from the
    model's own configuration. Raises AttnWidgetError, with the way out, for a name that cannot be found and for models
    whose attention cannot be read.

    >>> import attnwidget as aw
    >>> aw.load().name
    'tiny-causal'
    """
    if source is None:
        with _no_progress_bars():  # a quarter of a second needs none
            return _from_folder(str(TINY), tokenizer, {"dtype": torch.float32, **from_pretrained}, teaching=True)
    if isinstance(source, AttentionModel):
        if tokenizer is None:
            return source
        return AttentionModel(source.model, tokenizer, source.name, teaching=source.facts.teaching)
    if isinstance(source, str | Path):
        return _from_folder(str(source), tokenizer, from_pretrained, teaching=False)
    if isinstance(source, PreTrainedModel):
        name = getattr(source.config, "_name_or_path", "") or type(source).__name__
        return AttentionModel(source, tokenizer or _own_tokenizer(source), Path(name).name)
    raise AttnWidgetError(
        f"Cannot load a model from {type(source).__name__}. Give a name such as 'gpt2', a local folder, or a "
        "transformers model and its tokenizer."
    )


_shared: "WeakValueDictionary[str | None, AttentionModel]" = WeakValueDictionary()


def shared(source: Any = None, tokenizer: Any = None) -> AttentionModel:
    """What `load` gives, but the same model again for a name that is still in use: for those who only look.

    ipywidgets keeps every explorer until the kernel ends, and an explorer its model; a cell that is run again must not
    add another copy. What lies in a folder of the user's may have changed, so folders are always read.
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


def _from_folder(name: str, tokenizer: Any, options: dict[str, Any], *, teaching: bool) -> AttentionModel:
    try:
        hub = {key: options[key] for key in HUB_OPTIONS if key in options}
        config = AutoConfig.from_pretrained(name, **hub)
        model = _auto_class(config).from_pretrained(name, **options)
        tokenizer = tokenizer or AutoTokenizer.from_pretrained(name, **hub)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise AttnWidgetError(
            f"{name!r} could not be loaded: {reason} Check the spelling, give the path of a local folder, or load it "
            "yourself and pass aw.load(model, tokenizer)."
        ) from None
    short = "tiny-causal" if teaching else Path(name).name
    return AttentionModel(model, tokenizer, short, teaching=teaching)


def _auto_class(config: Any) -> Any:
    architecture = (getattr(config, "architectures", None) or [""])[0]
    if architecture in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values():
        return AutoModelForCausalLM
    if architecture in MODEL_FOR_MASKED_LM_MAPPING_NAMES.values():
        return AutoModelForMaskedLM
    return AutoModel


def _own_tokenizer(model: Any) -> Any | None:
    name = getattr(model.config, "_name_or_path", "")
    if not name:
        return None
    try:
        return AutoTokenizer.from_pretrained(name, local_files_only=True)
    except (OSError, ValueError):
        return None


def _refuse_what_cannot_work(model: Any) -> None:
    if getattr(model.config, "is_encoder_decoder", False):
        raise AttnWidgetError(
            f"{type(model).__name__} is an encoder-decoder, which attnwidget cannot trace yet. Run it with "
            "output_attentions=True under attn_implementation='eager' and give the weights to Trace.from_weights."
        )
    if getattr(model.config.get_text_config(), "num_attention_heads", None) is None:
        raise AttnWidgetError(
            f"{type(model).__name__} has no attention heads, so there is no attention to show. "
            "Load a transformer, such as a GPT-2, Llama or BERT model."
        )


def _is_decoder(model: Any) -> bool:
    causal = [part.is_causal for part in model.modules() if isinstance(getattr(part, "is_causal", None), bool)]
    return any(causal)


def _limit(model: Any, tokenizer: Any | None) -> int | None:
    config = model.config.get_text_config()
    known = [getattr(config, "max_position_embeddings", None), getattr(tokenizer, "model_max_length", None)]
    # RoBERTa and its kin begin to count positions behind the one for padding.
    tables = [part for name, part in model.named_modules() if name.endswith("position_embeddings")]
    known += [
        table.num_embeddings - table.padding_idx - 1
        for table in tables
        if isinstance(table, nn.Embedding) and table.padding_idx is not None
    ]
    # Tokenizers without a limit carry 1e30; a limit is what the position table allows.
    real = [int(size) for size in known if size is not None and 0 < size < 10**9]
    return min(real) if real else None


def _plain_ids(x: Any, first: int | None) -> list[int]:
    if x is None or isinstance(x, dict):
        raise AttnWidgetError(f"Cannot read {type(x).__name__}. Give a text, or token ids as a list or tensor.")
    try:
        ids = torch.as_tensor(x)
    except (TypeError, ValueError, RuntimeError):
        raise AttnWidgetError(f"Cannot read {type(x).__name__}. Give a text, or token ids.") from None
    if ids.ndim == 2 and ids.shape[0] == 1:
        ids = ids[0]
    if ids.ndim != 1 or ids.dtype.is_floating_point or ids.dtype == torch.bool:
        raise AttnWidgetError(
            f"Token ids must be whole numbers of shape [n] or [1, n]; this is {tuple(ids.shape)} of {ids.dtype}. "
            "Trace one text at a time."
        )
    return [int(number) for number in ids[:first]]
