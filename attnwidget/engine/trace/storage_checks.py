"""Checks that the pieces of a trace from a file fit each other: files may come from anyone."""

import math

from attnwidget.engine.media.picture import Picture
from attnwidget.engine.media.places import NodePlace, TimePlace
from attnwidget.engine.media.sound import Sound
from attnwidget.engine.text.spans import NO_SPAN
from attnwidget.engine.text.tokens import Tokens
from attnwidget.engine.trace.plain_data import Unfit, as_data
from attnwidget.engine.trace.records import Block, SavedTrace

MOST_LAYERS = 10_000


def consistent(trace: SavedTrace) -> SavedTrace:
    """The trace, if its pieces fit each other. Raises Unfit otherwise."""
    need(len(trace.blocks) > 0, "there are no blocks")
    texts = {id(text): text for pair in trace.sequences.values() for text in pair} | {id(trace.text): trace.text}
    for text in texts.values():
        _check_tokens(text)
        _check_places(text, trace.pictures)
        _check_times(text, trace.sounds)
    for block in trace.blocks:
        _check_block(block, *map(len, trace.sequences.get(block.part, (trace.text, trace.text))))
    need(all(0 <= depth <= MOST_LAYERS for depth in trace.depths.values()), "its layer counts are inconsistent")
    need(
        not trace.refused.keys() & {block.part for block in trace.blocks}, "a part is there that is said to be refused"
    )
    longest = max(map(len, texts.values()))
    need(all(0 <= step.position < longest for step in trace.steps), "a step lies outside the tokens")
    scores = trace.scores
    need(scores is None or (scores.ndim == 2 and scores.is_floating_point()), "its logits are not a matrix of numbers")
    return trace


def _check_tokens(text: Tokens) -> None:
    lengths = {len(own) for name, own in as_data(text).items() if isinstance(own, list) and (own or name != "places")}
    need(lengths == {len(text)}, "a sequence has different numbers of pieces, ids, spans or marks")
    end = len(text.text)
    fit = all(span == NO_SPAN or 0 <= span[0] <= span[1] <= end for span in text.spans)
    need(fit, "a token lies outside its text")


def _check_places(text: Tokens, pictures: tuple[Picture, ...]) -> None:
    for place in text.places:
        if place is None or isinstance(place, TimePlace):
            continue
        if isinstance(place, NodePlace):
            need(0 <= place.x <= 1 and 0 <= place.y <= 1, "a node lies outside its picture")
            continue
        known = 0 <= place.picture < len(pictures)
        rows, columns = pictures[place.picture].grid if known else (math.inf, math.inf)
        inside = (
            0 <= place.row < place.row + place.rows <= rows
            and 0 <= place.column < place.column + place.columns <= columns
        )
        need((known or not pictures) and inside and place.frame >= 0, "a token lies outside its picture")


def _check_times(text: Tokens, sounds: tuple[Sound, ...]) -> None:
    for place in text.places:
        if isinstance(place, TimePlace):
            known = 0 <= place.sound < len(sounds)
            need((known or not sounds) and 0 <= place.start < place.stop, "a token lies outside its sound")


def _check_block(block: Block, queries: int, keys: int) -> None:
    name, heads = f"{block.part} {block.layer}", block.heads
    need(0 <= block.layer < MOST_LAYERS and heads > 0, f"block {name} has an impossible number")
    need(block.kv_heads > 0 and heads % block.kv_heads == 0, f"block {name} has an impossible number of key heads")
    capped = block.softcap is None or (math.isfinite(block.softcap) and block.softcap != 0)
    need(math.isfinite(block.scale) and capped, f"block {name} has an invalid scale or soft cap")
    _need_shape(block, "mask", (1, {1, heads}, queries, keys))
    if block.dense is not None:
        _need_shape(block, "dense", (heads, queries, keys))
        return
    if block.q is None or block.k is None:
        raise Unfit(f"block {name} has neither q and k nor weights")
    width = block.q.shape[-1] if block.q.ndim else 0
    _need_shape(block, "q", (1, heads, queries, width))
    _need_shape(block, "k", (1, block.kv_heads, keys, width))
    _need_shape(block, "v", (1, block.kv_heads, keys, None))
    _need_shape(block, "bias", (1, {1, heads}, queries, keys))
    _need_shape(block, "sinks", (heads,))
    _check_projection(block)


def _check_projection(block: Block) -> None:
    projection = block.projection
    if projection is None:
        return
    name = f"the projection of block {block.part} {block.layer}"
    weight, bias = projection.weight, projection.bias
    width = 0 if block.v is None else block.heads * block.v.shape[-1]
    need(weight.ndim == 2 and weight.shape[1] == width, f"{name} does not fit its values")
    need(bias is None or bias.shape == weight.shape[:1], f"{name} has a bias that does not fit")
    kinds = [weight] if bias is None else [weight, bias]
    need(all(tensor.is_floating_point() for tensor in kinds), f"{name} does not hold numbers")


def _need_shape(block: Block, field: str, shape: tuple[int | set[int] | None, ...]) -> None:
    """Each size is a number, one of a set, or None for any; dtypes are floating point, for masks also bool."""
    tensor = getattr(block, field)
    if tensor is None:
        return
    size = tuple(tensor.shape)
    fits = len(size) == len(shape) and all(
        wanted is None or own in (wanted if isinstance(wanted, set) else {wanted})
        for own, wanted in zip(size, shape, strict=True)
    )
    name = f"{field} of block {block.part} {block.layer}"
    need(fits, f"{name} has the shape {size}, which does not fit {block.heads} heads and its tokens")
    kind = tensor.is_floating_point() or (field == "mask" and str(tensor.dtype) == "torch.bool")
    need(kind, f"{name} holds {tensor.dtype}")


def need(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Unfit(otherwise)
