"""A sentence-transformers model -> the transformer inside it, and how its `encode` prepares a text."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from torch import nn
from transformers import PreTrainedTokenizerBase

from attnwidget.errors import AttnWidgetError


@dataclass(frozen=True, eq=False)
class Sentences:
    """`whole` is the user's own object, consulted for every text: prompts and lengths may change at any time.

    `first` is its module for texts: the one that `encode` uses by default.
    """

    whole: Any
    first: Any

    @property
    def model(self) -> nn.Module:
        """The transformer inside."""
        inner = getattr(self.first, "auto_model", None) or getattr(self.first, "model", None)
        if isinstance(inner, nn.Module):
            return inner
        raise AttnWidgetError(
            f"The first module of this {type(self.whole).__name__} is {type(self.first).__name__}, not a transformer "
            "with torch weights, so it has no attention to show."
        )

    @property
    def tokenizer(self) -> Any | None:
        """Its tokenizer, or None."""
        return getattr(self.first, "tokenizer", None)

    @property
    def processor(self) -> Any | None:
        """Its processor for images and audio, or None."""
        processor = getattr(self.first, "processor", None)
        return None if isinstance(processor, PreTrainedTokenizerBase) else processor

    @property
    def prompt(self) -> str:
        """What `encode` puts before a text by default; "" for nothing."""
        name = getattr(self.whole, "default_prompt_name", None)
        prompts = getattr(self.whole, "prompts", None)
        return str(prompts.get(name) or "") if name is not None and isinstance(prompts, Mapping) else ""

    @property
    def limit(self) -> int | None:
        """The largest number of tokens that `encode` keeps; None for as many as the model accepts."""
        options = getattr(self.first, "processing_kwargs", None) or {}
        asked = options.get("text", {}).get("max_length") or getattr(self.first, "max_seq_length", None)
        return int(asked) if asked is not None else None

    def lowers(self, tokenizer: Any) -> bool:
        """Whether `encode` lower-cases a text before this tokenizer sees it.

        Some versions do so themselves, others let the tokenizer do it, so the result is checked.
        """
        if not getattr(self.first, "do_lower_case", False):
            return False
        known = (name for name in tokenizer.get_vocab() if name.isalpha() and name.islower())
        small = " ".join(islice(known, 64))
        large = small.upper()
        prepare: Any = getattr(self.first, "preprocess", None) or self.first.tokenize
        read = [prepare([text])["input_ids"][0].tolist() for text in (large, small)]
        return read[0] == read[1] and tokenizer(large)["input_ids"] != tokenizer(small)["input_ids"]


def sentences_of(source: Any) -> Sentences:
    """The part for texts of a SentenceTransformer, a CrossEncoder, a similar model, or one of their modules.

    Raises AttnWidgetError if `encode` itself could not choose between several modules.
    """
    first: Any = source[0] if isinstance(source, nn.Sequential) else source
    routes = getattr(first, "sub_modules", None)
    if not isinstance(routes, nn.ModuleDict):
        return Sentences(source, first)
    try:
        route = first._resolve_route(task=None, modality="text")  # noqa: SLF001  as encode does
    except Exception:  # noqa: BLE001  a ValueError in current versions
        route = getattr(first, "default_route", None)
    if route is None or route not in routes:
        name = next(iter(routes))
        raise AttnWidgetError(
            f"This {type(source).__name__} has several routes ({', '.join(routes)}) and no default one. Choose one: "
            f"aw.load(model[0].sub_modules[{name!r}][0])."
        )
    modules: Any = routes[route]
    return Sentences(source, modules[0])
