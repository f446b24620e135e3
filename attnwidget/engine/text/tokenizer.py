"""What a tokenizer of any kind is asked besides to read a text: a copy of it, its special tokens, names of ids."""

import copy
import tempfile
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from attnwidget.errors import AttnWidgetError


def private_copy(tokenizer: Any | None) -> Any | None:
    """A tokenizer of our own, which neither cuts nor pads, whatever other threads do with the user's.

    Raises AttnWidgetError for what is no tokenizer of transformers, and for one that can neither be copied nor saved
    and loaded.
    """
    if tokenizer is None:
        return None
    if not hasattr(tokenizer, "convert_ids_to_tokens") or not callable(tokenizer):
        raise AttnWidgetError(
            f"{type(tokenizer).__name__} is no tokenizer of transformers. Wrap one of the tokenizers library in "
            "PreTrainedTokenizerFast(tokenizer_object=...), or load the model alone and trace token ids."
        )
    try:
        copied = copy.deepcopy(tokenizer)
    except Exception:  # noqa: BLE001  what a tokenizer holds may refuse to be copied in any way it likes
        copied = _saved_and_loaded(tokenizer)
    backend = getattr(copied, "backend_tokenizer", None)
    if backend is not None:
        backend.no_truncation()
        backend.no_padding()
    return copied


def special_id(tokenizer: Any, role: str) -> int | None:
    """The id of the tokenizer's `bos_token` and the like; None where it has none."""
    name = tokenizer.special_tokens_map.get(role)
    return None if name is None else int(tokenizer.convert_tokens_to_ids(name))


def vocabulary_of(tokenizer: Any | None) -> tuple[Any, ...]:
    """What of a tokenizer users change after loading it: its tokens, its special ones, its template, its limit."""
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
    if tokenizer not in _added or _added[tokenizer][0] != size:  # Gemma adds 6,000, which takes longer than reading
        marked = frozenset(number for number, token in tokenizer.added_tokens_decoder.items() if token.special)
        _added[tokenizer] = (size, marked)
    return _added[tokenizer][1]


def names_of(tokenizer: Any, ids: Sequence[int]) -> list[str]:
    """The vocabulary's own names; models often have more entries than their tokenizer, which read `#50257`."""
    try:
        names = tokenizer.convert_ids_to_tokens(list(ids))
    except Exception:  # noqa: BLE001  python tokenizers raise what they like for a number that is not theirs
        return [names_of(tokenizer, [number])[0] for number in ids] if len(ids) > 1 else [f"#{ids[0]}"]
    # CANINE's special tokens are characters for private use, which no font has.
    roles = {name: f"[{role[:-6].upper()}]" for role, name in tokenizer.special_tokens_map.items()}
    return [
        f"#{number}" if name is None else name if name.isprintable() else roles.get(name, name)
        for number, name in zip(ids, names, strict=True)
    ]


def decoded(tokenizer: Any, ids: Sequence[int]) -> str:
    """The text that ids make, with blanks where SentencePiece has its own sign for them."""
    text = asked(tokenizer, lambda: tokenizer.decode(list(ids), clean_up_tokenization_spaces=False))
    return str(text).replace("▁", " ")


def asked(tokenizer: Any, ask: Callable[[], Any]) -> Any:
    """The answer of a tokenizer; whatever it raises becomes one sentence."""
    try:
        return ask()
    except AttnWidgetError:
        raise
    except Exception as error:  # noqa: BLE001  tokenizers are other people's code and raise anything
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
        raise AttnWidgetError(
            f"{type(tokenizer).__name__} cannot read this: {reason}. Give token ids instead."
        ) from None


def _saved_and_loaded(tokenizer: Any) -> Any:
    try:
        with tempfile.TemporaryDirectory() as folder:
            tokenizer.save_pretrained(folder)
            return type(tokenizer).from_pretrained(folder)
    except Exception:  # noqa: BLE001  as above
        raise AttnWidgetError(
            f"{type(tokenizer).__name__} can be neither copied nor saved, and a shared one would be changed while it "
            "is in use. Load the model without a tokenizer and trace token ids."
        ) from None
