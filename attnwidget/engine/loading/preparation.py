"""What holds a model may do something to a text before the tokenizer sees it -> the same is done here."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from tokenizers import normalizers

from attnwidget.engine.text.tokenizer import private_copy


@runtime_checkable
class Preparation(Protocol):
    """Asked anew at every text: prompts and lengths are set at any time."""

    @property
    def prompt(self) -> str:
        """What is written before every text; "" for nothing."""

    @property
    def limit(self) -> int | None:
        """The tokens that are kept of a text at most; None for all that the model reads."""

    def lowers(self, tokenizer: Any) -> bool:
        """Whether large letters become small before this tokenizer is asked."""


@dataclass(frozen=True, eq=False)
class Piped:
    """A pipeline of transformers: the `prefix` that it was given, and the length to which it cuts."""

    pipeline: Any

    @property
    def prompt(self) -> str:
        """What the pipeline writes before every text."""
        return str(self._options.get("prefix") or "")

    @property
    def limit(self) -> int | None:
        """The `max_length` of a pipeline that cuts."""
        size = self._options.get("max_length") if self._options.get("truncation") else None
        return size if isinstance(size, int) else None

    def lowers(self, tokenizer: Any) -> bool:  # noqa: ARG002
        """Never: a pipeline leaves letters to its tokenizer."""
        return False

    @property
    def _options(self) -> dict[str, Any]:
        return getattr(self.pipeline, "_preprocess_params", None) or {}


def reader_of(tokenizer: Any | None, preparation: Preparation | None) -> Any | None:
    """A tokenizer of our own that gives the tokens which the user's model is given. Raises what `private_copy` raises."""
    copied = private_copy(tokenizer)
    lowers = copied is not None and preparation is not None and preparation.lowers(copied)
    return _lower_cased(copied) if lowers else copied


def _lower_cased(tokenizer: Any) -> Any:
    # As a part of the tokenizer, so that spans stay places in the text as it was given.
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        tokenizer.do_lower_case = True
        return tokenizer
    own = [] if backend.normalizer is None else [backend.normalizer]
    backend.normalizer = normalizers.Sequence([normalizers.Lowercase(), *own])
    return tokenizer
