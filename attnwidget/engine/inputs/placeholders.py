"""Placeholders of a text that reads pictures: each stands for a rectangle of patches that were merged into it.

Which one is said by the family's way of merging, in the order in which it fills its placeholders. A family that is not
listed has none, and so has one behind a resampler, where every placeholder is made from all patches.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import isqrt
from typing import Any, TypeAlias

from attnwidget.engine.media.picture import Picture
from attnwidget.engine.media.places import PatchPlace
from attnwidget.engine.text.tokens import Tokens

SideOfMerged: TypeAlias = Callable[[Any, Picture], int | None]
"""(configuration, picture) -> how many patches are merged along each side; None where that is not known."""


def _none_merged(_config: Any, _picture: Picture) -> int | None:
    return 1


def _merge_size(config: Any, _picture: Picture) -> int | None:
    found = getattr(config.vision_config, "spatial_merge_size", None)
    return found if isinstance(found, int) else None


def _scale_factor(config: Any, _picture: Picture) -> int | None:
    return int(config.scale_factor)


def _downsampled(config: Any, _picture: Picture) -> int | None:
    return round(1 / config.downsample_ratio)


def _pooled(config: Any, picture: Picture) -> int | None:
    return picture.grid[0] // max(1, isqrt(config.mm_tokens_per_image))


MERGED: Mapping[str, SideOfMerged] = {
    **dict.fromkeys(("llava", "paligemma"), _none_merged),
    **dict.fromkeys(("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe"), _merge_size),
    **dict.fromkeys(("smolvlm", "idefics3"), _scale_factor),
    "internvl": _downsampled,
    "gemma3": _pooled,
}
"""By model type."""


def with_placeholders(tokens: Tokens, pictures: Sequence[Picture], config: Any) -> Tokens:
    """The tokens of a text, those that stand for patches of a picture with the place of these.

    As they are where the family is not listed, or its placeholders are not as many as its pictures fill.
    """
    side_of = MERGED.get(getattr(config, "model_type", ""))
    at = [place for place, number in enumerate(tokens.ids) if number == _image_token(config)]
    if side_of is None or not at:
        return tokens
    found: list[PatchPlace] = []
    for number, picture in enumerate(pictures):
        side = side_of(config, picture)
        if side is None or side < 1 or any(count % side for count in picture.grid):
            return tokens
        found += merged_in_rows(*picture.grid, side, picture=number)
    if len(found) != len(at):
        return tokens
    places = dict(zip(at, found, strict=True))
    return replace(tokens, places=tuple(places.get(place) for place in range(len(tokens))))


def merged_in_rows(rows: int, columns: int, side: int, *, picture: int = 0) -> list[PatchPlace]:
    """Squares of `side` times `side` patches, each as one place, row by row.

    >>> [(place.name, place.rows) for place in merged_in_rows(2, 4, 2)]
    [('0,0', 2), ('0,2', 2)]
    """
    return [
        PatchPlace(row, column, side, side, picture=picture)
        for row in range(0, rows, side)
        for column in range(0, columns, side)
    ]


def _image_token(config: Any) -> int | None:
    named = (getattr(config, name, None) for name in ("image_token_id", "image_token_index"))
    return next((number for number in named if isinstance(number, int)), None)
