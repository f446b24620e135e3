"""Tokenizers besides encoding: private copies, special tokens, names of ids."""

import copy
import tempfile
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from attnwidget.errors import AttnWidgetError


def private_copy(tokenizer: Any | None) -> Any | None:
    """A private tokenizer that neither truncates nor pads, whatever other threads do with the user's.

    Raises AttnWidgetError for anything but a transformers tokenizer, and for one that can neither be copied nor saved
    and loaded.
    """
    if tokenizer is None:
        return None
    if not hasattr(tokenizer, "convert_ids_to_tokens") or not callable(tokenizer):
        raise AttnWidgetError(
            f"{type(tokenizer).__name__} is not a transformers tokenizer. Wrap one from the tokenizers library in "
            "PreTrainedTokenizerFast(tokenizer_object=...), or load the model alone and trace token ids."
        )
    try:
        copied = copy.deepcopy(tokenizer)
    except Exception:  # noqa: BLE001  copying a tokenizer may raise anything
        copied = _saved_and_loaded(tokenizer)
    backend = getattr(copied, "backend_tokenizer", None)
    if backend is not None:
        backend.no_truncation()
        backend.no_padding()
    return copied


def special_id(tokenizer: Any, role: str) -> int | None:
    """The id of the tokenizer's `bos_token` and the like; None if it has none."""
    name = tokenizer.special_tokens_map.get(role)
    return None if name is None else int(tokenizer.convert_tokens_to_ids(name))


def vocabulary_of(tokenizer: Any | None) -> tuple[Any, ...]:
    """What users change in a tokenizer after loading it: tokens, special tokens, template and limit."""
    if tokenizer is None:
        return ()
    special = tuple(sorted((name, str(token)) for name, token in tokenizer.special_tokens_map.items()))
    limit = getattr(tokenizer, "model_max_length", None)
    return len(tokenizer), special, str(getattr(tokenizer, "chat_template", None)), limit


def marks(tokenizer: Any) -> frozenset[int]:
    """Ids of the tokens that mark up a text. An unknown word is still a word, and a masked one too."""
    words = {special_id(tokenizer, "unk_token"), special_id(tokenizer, "mask_token")}
    return frozenset(_added_marks(tokenizer).union(tokenizer.all_special_ids) - words)


_added: "WeakKeyDictionary[Any, tuple[int, frozenset[int]]]" = WeakKeyDictionary()


def _added_marks(tokenizer: Any) -> frozenset[int]:
    # Markup that is in no list of special tokens, such as Llama's <|eot_id|>.
    if not getattr(tokenizer, "is_fast", False):
        return frozenset()
    size = len(tokenizer)
    if tokenizer not in _added or _added[tokenizer][0] != size:  # Gemma adds 6,000, which takes longer than encoding
        marked = frozenset(number for number, token in tokenizer.added_tokens_decoder.items() if token.special)
        _added[tokenizer] = (size, marked)
    return _added[tokenizer][1]


def names_of(tokenizer: Any, ids: Sequence[int]) -> list[str]:
    """The vocabulary's own names. Models often have more entries than their tokenizer; these are named `#50257`."""
    try:
        names = tokenizer.convert_ids_to_tokens(list(ids))
    except Exception:  # noqa: BLE001  Python tokenizers may raise anything for an unknown id
        return [names_of(tokenizer, [number])[0] for number in ids] if len(ids) > 1 else [f"#{ids[0]}"]
    # CANINE's special tokens are characters for private use, which no font has.
    roles = {name: f"[{role[:-6].upper()}]" for role, name in tokenizer.special_tokens_map.items()}
    return [
        f"#{number}" if name is None else name if name.isprintable() else roles.get(name, name)
        for number, name in zip(ids, names, strict=True)
    ]


def decoded(tokenizer: Any, ids: Sequence[int]) -> str:
    """The text that ids decode to, with spaces for SentencePiece's own sign."""
    text = asked(tokenizer, lambda: tokenizer.decode(list(ids), clean_up_tokenization_spaces=False))
    return str(text).replace("▁", " ")


def asked(tokenizer: Any, ask: Callable[[], Any]) -> Any:
    """The result of a tokenizer call; whatever it raises becomes one AttnWidgetError."""
    try:
        return ask()
    except AttnWidgetError:
        raise
    except Exception as error:  # noqa: BLE001  tokenizers are other people's code and raise anything
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
        raise AttnWidgetError(
            f"{type(tokenizer).__name__} cannot encode this: {reason}. Give token ids instead."
        ) from None


def _saved_and_loaded(tokenizer: Any) -> Any:
    try:
        with tempfile.TemporaryDirectory() as folder:
            tokenizer.save_pretrained(folder)
            return type(tokenizer).from_pretrained(folder)
    except Exception:  # noqa: BLE001  as above
        raise AttnWidgetError(
            f"{type(tokenizer).__name__} can be neither copied nor saved, so it cannot be used safely. Load the model "
            "without a tokenizer and trace token ids."
        ) from None
