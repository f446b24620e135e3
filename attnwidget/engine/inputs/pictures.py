"""Pictures as a model saw them: what its forward pass was given, turned back into colours."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor

from attnwidget.engine.inputs.clips import clip_of, frames_shown
from attnwidget.engine.media.picture import SHOWN_BYTES, Picture

PIXEL_AXES = 4
"""batch channel row column: pictures that are not split into patches yet."""

TILED_AXES = 6
"""batch picture tile channel row column: pictures that are cut into tiles."""

SHOWN_CHANNELS = (1, 3)

STRETCHED = "colours stretched: there was no processor to say how they had been made into numbers"


def pictures_in(
    forward: Mapping[str, Tensor], config: Any, processor: Any | None, note: str = ""
) -> tuple[Picture, ...]:
    """The pictures among the arguments of a forward pass; () where they are not whole pictures, or nothing says their patches.

    Colours are made by undoing what `processor` says it did to them; without one, the smallest number is black and the
    largest white, and the note says so.
    """
    clip = clip_of(config)
    if clip is not None:
        found = _pictures(frames_shown(clip, forward.get("pixel_values")), clip.patch, processor, note)
        return tuple(replace(one, most=SHOWN_BYTES // len(found)) for one in found)
    patch = patch_of(config)
    if patch is not None and "image_grid_thw" in forward:
        apart = _unpacked(forward, patch, vision_config(config))
        return tuple(picture for values in apart for picture in _pictures(values[None], patch, processor, note))
    return _pictures(_one_by_one(forward.get("pixel_values"), forward.get("aspect_ratio_mask")), patch, processor, note)


def _pictures(
    values: Tensor | None, patch: tuple[int, int] | None, processor: Any | None, note: str
) -> tuple[Picture, ...]:
    if values is None or values.ndim != PIXEL_AXES or values.shape[1] not in SHOWN_CHANNELS or patch is None:
        return ()
    if min(values.shape[2] // patch[0], values.shape[3] // patch[1]) < 1:
        return ()
    rows = values.detach().float().cpu().permute(0, 2, 3, 1).numpy()
    scale = _scaling(processor, rows.shape[-1])
    said = note if scale is not None else "; ".join(filter(None, (note, STRETCHED)))
    return tuple(Picture(_colours(row, scale), patch, said) for row in rows)


def _one_by_one(values: Tensor | None, tiles: Tensor | None = None) -> Tensor | None:
    """Several pictures of one text (batch picture channel row column) as a list of them, without those that are all padding.

    `tiles` (batch picture tile) says which tiles of pictures that are cut into tiles are not padding.
    """
    if values is not None and values.ndim == TILED_AXES:
        rows = values.flatten(0, 2)
        return rows if tiles is None else rows[tiles.flatten().bool()]
    if values is None or values.ndim != PIXEL_AXES + 1:
        return values
    rows = values.flatten(0, 1)
    real = rows.flatten(1).ne(0).any(1)
    return rows[real] if bool(real.any()) else rows[:1]


def _unpacked(forward: Mapping[str, Tensor], patch: tuple[int, int], vision: Any) -> list[Tensor]:
    """Pictures (channel row column) whose patches were written one after the other, square by square; [] for films."""
    packed, grids = forward.get("pixel_values"), forward["image_grid_thw"].tolist()
    merge, times = (getattr(vision, name, None) for name in ("spatial_merge_size", "temporal_patch_size"))
    if packed is None or packed.ndim != 2 or not isinstance(merge, int) or not isinstance(times, int):
        return []
    high, wide = patch
    width, found, begin = times * high * wide, [], 0
    fits = packed.shape[1] % width == 0 and sum(t * rows * columns for t, rows, columns in grids) == len(packed)
    if not fits or any(t != 1 or rows % merge or columns % merge for t, rows, columns in grids):
        return []
    for _, rows, columns in grids:
        own, begin = packed[begin : begin + rows * columns], begin + rows * columns
        squares = own.reshape(rows // merge, columns // merge, merge, merge, -1, times, high, wide)[:, :, :, :, :, 0]
        found.append(squares.permute(4, 0, 2, 5, 1, 3, 6).reshape(-1, rows * high, columns * wide))
    return found


def patch_of(config: Any) -> tuple[int, int] | None:
    """(height, width) of a patch in pixels; None if the configuration does not say.

    >>> from transformers import ViTConfig
    >>> patch_of(ViTConfig(patch_size=16))
    (16, 16)
    """
    size = getattr(vision_config(config), "patch_size", None)
    sides = list(size) if isinstance(size, list | tuple) else [size, size]
    high, wide = sides if len(sides) == 2 else (None, None)
    return (high, wide) if isinstance(high, int) and isinstance(wide, int) and min(high, wide) > 0 else None


def vision_config(config: Any) -> Any:
    """The configuration of what reads pictures: that of a tower, or the model's own."""
    return next((own for name in ("vision_config", "encoder") if (own := getattr(config, name, None))), config)


def _scaling(processor: Any | None, channels: int) -> tuple[np.ndarray, np.ndarray] | None:
    """(what numbers are multiplied by, what is added then) to have colours from 0 to 1; None if nothing says so."""
    own = getattr(processor, "image_processor", processor)
    if own is None or not hasattr(own, "do_rescale"):
        return None
    high = 1.0 if own.do_rescale else 255.0
    if not getattr(own, "do_normalize", False):
        return np.full(channels, 1 / high), np.zeros(channels)
    try:
        mean, spread = (np.broadcast_to(np.asarray(one, float), channels) for one in (own.image_mean, own.image_std))
    except (AttributeError, TypeError, ValueError):
        return None
    return spread / high, mean / high


def _colours(row: np.ndarray, scale: tuple[np.ndarray, np.ndarray] | None) -> np.ndarray:
    if scale is None:
        low, high = float(row.min()), float(row.max())
        shown = (row - low) / (high - low) if high > low else np.full_like(row, 0.5)
    else:
        shown = row * scale[0] + scale[1]
    colours = np.rint(np.clip(shown, 0, 1) * 255).astype(np.uint8)
    return np.repeat(colours, 3, axis=2) if colours.shape[2] == 1 else colours
