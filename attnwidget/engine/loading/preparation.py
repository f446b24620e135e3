"""A model's wrapper may change a text before tokenisation -> the same is done here."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from tokenizers import normalizers

from attnwidget.engine.text.tokenizer import private_copy


@runtime_checkable
class Preparation(Protocol):
    """What a wrapper does to texts; evaluated for every text, as prompts and lengths may change at any time."""

    @property
    def prompt(self) -> str:
        """What is put before every text; "" for nothing."""

    @property
    def limit(self) -> int | None:
        """The largest number of tokens to keep; None for as many as the model accepts."""

    def lowers(self, tokenizer: Any) -> bool:
        """Whether the text is lower-cased before this tokenizer sees it."""


@dataclass(frozen=True, eq=False)
class Piped:
    """A transformers pipeline: its `prefix`, and the length to which it truncates."""

    pipeline: Any

    @property
    def prompt(self) -> str:
        """What the pipeline puts before every text."""
        return str(self._options.get("prefix") or "")

    @property
    def limit(self) -> int | None:
        """The `max_length` of a pipeline that truncates."""
        size = self._options.get("max_length") if self._options.get("truncation") else None
        return size if isinstance(size, int) else None

    def lowers(self, tokenizer: Any) -> bool:  # noqa: ARG002
        """Never: a pipeline leaves lower-casing to its tokenizer."""
        return False

    @property
    def _options(self) -> dict[str, Any]:
        return getattr(self.pipeline, "_preprocess_params", None) or {}


def reader_of(tokenizer: Any | None, preparation: Preparation | None) -> Any | None:
    """A private tokenizer that yields the same tokens as the user's wrapper. Raises what `private_copy` raises."""
    copied = private_copy(tokenizer)
    lowers = copied is not None and preparation is not None and preparation.lowers(copied)
    return _lower_cased(copied) if lowers else copied


def _lower_cased(tokenizer: Any) -> Any:
    # As part of the tokenizer, so that spans still refer to the original text.
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        tokenizer.do_lower_case = True
        return tokenizer
    own = [] if backend.normalizer is None else [backend.normalizer]
    backend.normalizer = normalizers.Sequence([normalizers.Lowercase(), *own])
    return tokenizer
