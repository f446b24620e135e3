"""A model of sentence-transformers -> the transformer inside it, and what its `encode` does to a text before that."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from torch import nn
from transformers import PreTrainedTokenizerBase

from attnwidget.errors import AttnWidgetError


@dataclass(frozen=True, eq=False)
class Sentences:
    """`whole` is the user's own object, asked anew at every text: prompts and lengths are set on it at any time.

    `first` is its module that reads texts: the one that `encode` takes where it is told nothing.
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
            f"The first module of this {type(self.whole).__name__} is {type(self.first).__name__}, which is no "
            "transformer with torch weights, so it has no attention to show."
        )

    @property
    def tokenizer(self) -> Any | None:
        """Its tokenizer, None where it has none."""
        return getattr(self.first, "tokenizer", None)

    @property
    def processor(self) -> Any | None:
        """What prepares pictures and sounds, None where nothing does."""
        processor = getattr(self.first, "processor", None)
        return None if isinstance(processor, PreTrainedTokenizerBase) else processor

    @property
    def prompt(self) -> str:
        """What `encode` writes before a text when it is told nothing; "" for nothing."""
        name = getattr(self.whole, "default_prompt_name", None)
        prompts = getattr(self.whole, "prompts", None)
        return str(prompts.get(name) or "") if name is not None and isinstance(prompts, Mapping) else ""

    @property
    def limit(self) -> int | None:
        """The tokens that `encode` keeps of a text at most; None where it keeps all that the model reads."""
        options = getattr(self.first, "processing_kwargs", None) or {}
        asked = options.get("text", {}).get("max_length") or getattr(self.first, "max_seq_length", None)
        return int(asked) if asked is not None else None

    def lowers(self, tokenizer: Any) -> bool:
        """Whether `encode` makes small letters of large ones before this tokenizer is asked.

        Some versions do so themselves, others have the tokenizer do it: what comes out is looked at.
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
    """What of a SentenceTransformer, a CrossEncoder, one of their kin, or one of their modules reads texts.

    Raises AttnWidgetError where `encode` itself would not know which of several modules to take.
    """
    first: Any = source[0] if isinstance(source, nn.Sequential) else source
    routes = getattr(first, "sub_modules", None)
    if not isinstance(routes, nn.ModuleDict):
        return Sentences(source, first)
    try:
        route = first._resolve_route(task=None, modality="text")  # noqa: SLF001  as encode does
    except Exception:  # noqa: BLE001  a ValueError in the versions there are
        route = getattr(first, "default_route", None)
    if route is None or route not in routes:
        name = next(iter(routes))
        raise AttnWidgetError(
            f"This {type(source).__name__} has several routes ({', '.join(routes)}) and no default one. Choose one: "
            f"aw.load(model[0].sub_modules[{name!r}][0])."
        )
    modules: Any = routes[route]
    return Sentences(source, modules[0])
