"""Texts of random tokens, drawn from a model's vocabulary."""

from random import Random
from typing import Any

from attnwidget.engine import AttentionModel
from attnwidget.errors import AttnWidgetError


def plain_tokens(model: AttentionModel) -> list[int]:
    """Ids that both model and tokenizer know, without special, unknown and added tokens."""
    config = model.model.config.get_text_config()
    entries = int(config.vocab_size)
    if model.tokenizer is None:
        named = (getattr(config, role, None) for role in ("bos_token_id", "eos_token_id", "pad_token_id"))
        special = {number for ids in named for number in (ids if isinstance(ids, list | tuple) else [ids])}
        return [number for number in range(entries) if number not in special]
    special = {*model.tokenizer.all_special_ids, *_added(model.tokenizer)}
    known = [number for number in range(min(entries, len(model.tokenizer))) if number not in special]
    names = model.tokenizer.convert_ids_to_tokens(known)
    return [number for number, name in zip(known, names, strict=True) if name is not None]


def first_tokens(model: AttentionModel) -> list[int]:
    """The special tokens that the model's tokenizer begins a text with; none for most."""
    if model.tokenizer is None:
        return []
    text = model.tokens("a")
    return [number for at, number in enumerate(text.ids) if all(text.special[: at + 1])]


def repeated(model: AttentionModel, length: int, repeats: int, count: int, seed: int) -> tuple[int, list[list[int]]]:
    """(the number of first tokens, `count` sequences of `length` different random tokens, repeated `repeats` times).

    The same seed gives the same tokens; no global generator is touched. Raises AttnWidgetError if the vocabulary has
    fewer tokens, or the model accepts fewer.
    """
    begin, vocabulary = first_tokens(model), plain_tokens(model)
    if length > len(vocabulary):
        raise AttnWidgetError(
            f"length={length:,} is too large: {model.name} has {len(vocabulary):,} tokens that are not special. Give "
            "at most that."
        )
    total, limit = len(begin) + length * repeats, model.facts.limit
    if limit is not None and total > limit:
        raise AttnWidgetError(
            f"{repeats} times {length:,} tokens are {total:,} with those that begin a text, but {model.name} accepts "
            f"at most {limit:,}. Give a length of at most {(limit - len(begin)) // repeats:,}."
        )
    random = Random(seed)  # noqa: S311  nothing secret
    return len(begin), [begin + random.sample(vocabulary, length) * repeats for _ in range(count)]


def _added(tokenizer: Any) -> set[int]:
    return set(getattr(tokenizer, "added_tokens_decoder", {}))
