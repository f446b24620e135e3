"""A video that somebody has -> the frames that a model reads, or one sentence that says why not."""

import os
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from attnwidget.engine.inputs.clips import CLIP_AXES, clip_of
from attnwidget.engine.inputs.images import CHANNEL_COUNTS, MOST_PIXELS, picture_given
from attnwidget.engine.inputs.pictured import refuse_without_processor
from attnwidget.engine.inputs.processed import made_by
from attnwidget.engine.inputs.recipient import Recipient
from attnwidget.engine.inputs.tensors import tensor_of
from attnwidget.engine.media.given_video import GivenVideo
from attnwidget.errors import AttnWidgetError

POSSIBLE_VIDEOS = "Give a list of pictures, an array (frame row column channel), a tensor (frame channel row column), a folder of pictures, or a GIF."

FEWEST_FRAMES = 2

ARRAY_AXES = 4


def video_given(video: Any, wanted: int) -> GivenVideo:
    """The frames that are read of a list of pictures, an array, a tensor, a folder or an animated picture: `wanted`, evenly from the first to the last.

    Fewer than that are read more than once, and the note says so. Raises AttnWidgetError for anything else, for a single frame, and
    for frames of several sizes.

    >>> video_given(np.zeros((9, 2, 4, 3), np.uint8), 3)
    GivenVideo(3 frames, 4 x 2 pixels)
    """
    count, frame = _frames_of(video)
    if count < FEWEST_FRAMES:
        raise AttnWidgetError(
            f"This video has {count} frame{'s' if count != 1 else ''}; at least {FEWEST_FRAMES} are needed. {POSSIBLE_VIDEOS}"
        )
    chosen = [int(place) for place in np.rint(np.linspace(0, count - 1, wanted))]
    read = {place: picture_given(frame(place)).image for place in sorted(set(chosen))}
    sizes = sorted({image.size for image in read.values()})
    if len(sizes) > 1:
        named = " and ".join(f"{width} × {height}" for width, height in sizes[:2])
        raise AttnWidgetError(
            f"The frames of this video are of several sizes, such as {named} pixels. Bring them to one size first."
        )
    width, height = sizes[0]
    if width * height * len(read) > MOST_PIXELS:
        raise AttnWidgetError(
            f"{len(read)} frames of {width:,} × {height:,} pixels are more than the {MOST_PIXELS:,} pixels that are read, and models see far "
            "fewer. Make the frames smaller first."
        )
    repeated = "" if len(read) == wanted else ", some more than once"
    return GivenVideo(
        tuple(read[place] for place in chosen),
        f"{count:,} frames of {width} × {height} pixels given, {wanted} read{repeated}",
    )


def _frames_of(video: Any) -> tuple[int, Callable[[int], Any]]:
    """How many frames there are, and what gives one of them."""
    if isinstance(video, Tensor | np.ndarray):
        axes = tuple(video.shape)
        if len(axes) == CLIP_AXES and axes[0] == 1:
            return _frames_of(video[0])
        if len(axes) != ARRAY_AXES or not {axes[1], axes[3]} & {*CHANNEL_COUNTS}:
            raise AttnWidgetError(f"An array of the shape {axes} is no video. {POSSIBLE_VIDEOS}")
        values = video.detach().cpu().numpy() if isinstance(video, Tensor) else video
        upright = values.transpose(0, 2, 3, 1) if axes[3] not in CHANNEL_COUNTS else values
        return axes[0], lambda place: upright[place]
    if isinstance(video, Image.Image):
        return _animated(video)
    if isinstance(video, bytes):
        return _opened(video, "The file")
    if isinstance(video, str | os.PathLike):
        path = Path(video)
        if path.is_dir():
            return _folder(path)
        return _opened(path, str(path))
    if isinstance(video, Sequence):
        return len(video), lambda place: video[place]
    raise AttnWidgetError(f"video={type(video).__name__} is no video. {POSSIBLE_VIDEOS}")


def _folder(path: Path) -> tuple[int, Callable[[int], Any]]:
    suffixes = {name for name, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in suffixes and not file.name.startswith("."))
    if not files:
        raise AttnWidgetError(f"There are no pictures in {path}. {POSSIBLE_VIDEOS}")
    return len(files), lambda place: files[place]


def _opened(source: bytes | Path, name: str) -> tuple[int, Callable[[int], Any]]:
    try:
        if isinstance(source, Path):
            with Image.open(source):  # before all of it is read
                source = source.read_bytes()
        return _animated(Image.open(BytesIO(source)))
    except FileNotFoundError:
        raise AttnWidgetError(f"There is no file {name}. {POSSIBLE_VIDEOS}") from None
    except UnidentifiedImageError:
        raise AttnWidgetError(
            f"{name} is no animated picture that can be read. Of another video take the frames first, for example "
            "imageio.v3.imread(path), and give these."
        ) from None
    except (Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise AttnWidgetError(f"{name} cannot be read as a video: {error}. {POSSIBLE_VIDEOS}") from None


def _animated(image: Image.Image) -> tuple[int, Callable[[int], Any]]:
    def frame(place: int) -> Image.Image:
        try:
            image.seek(place)
            return image.convert("RGBA" if "transparency" in image.info else "RGB")
        except (EOFError, OSError, SyntaxError, ValueError) as error:
            raise AttnWidgetError(f"Frame {place} of this video cannot be read: {error}. {POSSIBLE_VIDEOS}") from None

    return int(getattr(image, "n_frames", 1)), frame


def video_arguments(recipient: Recipient, video: GivenVideo) -> dict[str, Tensor]:
    """What the model is given for one video. Raises AttnWidgetError without a processor, or where it fails."""
    refuse_without_processor(recipient)
    processor: Any = recipient.processor
    name = type(processor).__name__
    frames = [np.asarray(frame) for frame in video.frames]
    made = made_by(recipient, "this video", lambda: processor(frames, return_tensors="pt"))
    pixels = made.get("pixel_values")
    clip = clip_of(recipient.model.config)
    expected = 0 if clip is None else clip.frames
    if pixels is None or len(pixels) != 1 or tuple(pixels.shape)[1] != expected or pixels.ndim != CLIP_AXES:
        raise AttnWidgetError(
            f"{name} makes no pixel_values of one video of {expected} frames, so it is not the processor of {recipient.name}. Give the model's own."
        )
    return {"pixel_values": tensor_of(recipient.model, "pixel_values", pixels)}
