"""A picture that somebody has -> the picture in RGB, or one sentence that says why not."""

import os
import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from attnwidget.engine.media.shelf import GivenPicture
from attnwidget.errors import AttnWidgetError

MOST_PIXELS = 50_000_000
"""Pixels of a picture that is read: far more than any model sees."""

POSSIBLE_PICTURES = (
    "Give a PIL image, an array (row column channel), a tensor (channel row column), or the path of a file."
)

CHANNEL_COUNTS = (1, 3, 4)


def picture_given(image: Any) -> GivenPicture:
    """The picture in RGB: of a PIL image, an array, a tensor, bytes or a path.

    What is see-through lies on white, one channel becomes grey, and a photograph stands upright. Numbers are colours from 0
    to 255, or from 0 to 1 where they are not whole. Raises AttnWidgetError for anything else, and for more than 50 million pixels.

    >>> picture_given(np.zeros((2, 4), np.uint8)).image.size
    (4, 2)
    """
    made = _opened(image) if isinstance(image, str | os.PathLike | bytes) else _made(image)
    width, height = made.size
    _refuse_size(width, height)
    try:
        upright = ImageOps.exif_transpose(made)
        notes = [] if upright.size == made.size else ["turned upright"]
        if "A" in upright.getbands() or "transparency" in upright.info:
            layered = upright.convert("RGBA")
            notes.append("laid on white")
            upright = Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered)
        return GivenPicture(upright.convert("RGB"), ", ".join([f"{width} × {height} pixels given", *notes]))
    except (OSError, SyntaxError, ValueError) as error:
        raise AttnWidgetError(f"This picture cannot be read to its end: {error}. {POSSIBLE_PICTURES}") from None


def _opened(source: Any) -> Image.Image:
    name = "The file" if isinstance(source, bytes) else f"{Path(source)}"
    try:
        with warnings.catch_warnings():
            # Said in our own words, before it is decoded.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            found = Image.open(BytesIO(source) if isinstance(source, bytes) else Path(source))
        _refuse_size(*found.size)
        found.load()
    except FileNotFoundError:
        raise AttnWidgetError(f"There is no file {name}. {POSSIBLE_PICTURES}") from None
    except UnidentifiedImageError:
        raise AttnWidgetError(f"{name} is no picture that can be read. {POSSIBLE_PICTURES}") from None
    except Image.DecompressionBombError:
        raise AttnWidgetError(
            f"{name} has too many pixels: at most {MOST_PIXELS:,} are read. Make it smaller first."
        ) from None
    except (OSError, SyntaxError, ValueError) as error:
        raise AttnWidgetError(f"{name} cannot be read as a picture: {error}. {POSSIBLE_PICTURES}") from None
    return found


def _made(image: Any) -> Image.Image:
    if isinstance(image, Image.Image):
        return image
    if isinstance(image, Tensor):
        given = image.detach().cpu()
        given = given[0] if given.ndim == 4 and given.shape[0] == 1 else given
        values = (
            given.permute(1, 2, 0).float().numpy()
            if given.ndim == 3 and given.shape[0] in CHANNEL_COUNTS
            else given.numpy()
        )
        values = values.astype(np.uint8) if not image.is_floating_point() else values
    elif isinstance(image, np.ndarray):
        values = image
    else:
        raise AttnWidgetError(f"image={type(image).__name__} is no picture. {POSSIBLE_PICTURES}")
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or values.shape[2] not in CHANNEL_COUNTS or 0 in values.shape:
        raise AttnWidgetError(f"An array of the shape {tuple(image.shape)} is no picture. {POSSIBLE_PICTURES}")
    _refuse_size(values.shape[1], values.shape[0])
    if values.dtype != np.uint8:
        values = _colours(values)
    return Image.fromarray(values[..., 0] if values.shape[2] == 1 else np.ascontiguousarray(values))


def _colours(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind not in "biuf" or not np.isfinite(values).all():
        raise AttnWidgetError("The numbers of this picture are not finite. Give colours from 0 to 1, or from 0 to 255.")
    low, high = float(values.min()), float(values.max())
    top = 1 if values.dtype.kind in "fb" else 255
    if low < 0 or high > top:
        raise AttnWidgetError(
            f"The numbers of this picture go from {low:g} to {high:g}, so they are no colours: give whole numbers from 0 to 255, "
            "or others from 0 to 1. What a processor has made is given as {'pixel_values': ...}."
        )
    return np.rint(values.astype(np.float64) * (255 / top)).astype(np.uint8)


def _refuse_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise AttnWidgetError(
            f"This picture has {width:,} × {height:,} pixels; at most {MOST_PIXELS:,} are read, and models see far fewer. Make it "
            "smaller first, for example with image.thumbnail((2000, 2000))."
        )
    if width * height == 0:
        raise AttnWidgetError(f"This picture has no pixels. {POSSIBLE_PICTURES}")
