"""Pictures as a model saw them: what its forward pass was given, turned back into colours."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from attnwidget.engine.media.picture import Picture

PIXEL_AXES = 4
"""batch channel row column: pictures that are not split into patches yet."""

SHOWN_CHANNELS = (1, 3)

STRETCHED = "colours stretched: there was no processor to say how they had been made into numbers"


def pictures_in(
    forward: Mapping[str, Tensor], config: Any, processor: Any | None, note: str = ""
) -> tuple[Picture, ...]:
    """The pictures among the arguments of a forward pass; () where they are not whole pictures, or nothing says their patches.

    Colours are made by undoing what `processor` says it did to them; without one, the smallest number is black and the
    largest white, and the note says so.
    """
    values, patch = forward.get("pixel_values"), patch_of(config)
    if values is None or values.ndim != PIXEL_AXES or values.shape[1] not in SHOWN_CHANNELS or patch is None:
        return ()
    if min(values.shape[2] // patch[0], values.shape[3] // patch[1]) < 1:
        return ()
    rows = values.detach().float().cpu().permute(0, 2, 3, 1).numpy()
    scale = _scaling(processor, rows.shape[-1])
    said = note if scale is not None else "; ".join(filter(None, (note, STRETCHED)))
    return tuple(Picture(_colours(row, scale), patch, said) for row in rows)


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
