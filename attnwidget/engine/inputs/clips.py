"""How a model of videos cuts its frames into tokens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from attnwidget.engine.media.places import PatchPlace
from attnwidget.engine.text.tokens import Tokens
from attnwidget.errors import AttnWidgetError

CLIP_AXES = 5
"""batch frame channel row column."""


@dataclass(frozen=True)
class Clip:
    """`frames` are read, `tube` of them in one token, in patches of `patch` pixels (high, wide).

    `by_patch`: the tokens of a patch through all frames follow each other; else all patches of the first frames come first.
    `first` are the special tokens before them.
    """

    frames: int
    tube: int
    patch: tuple[int, int]
    by_patch: bool = False
    first: tuple[str, ...] = ()


def clip_of(config: Any) -> Clip | None:
    """How VideoMAE, ViViT and TimeSformer read; None of a model that reads no videos.

    >>> from transformers import VideoMAEConfig, ViTConfig
    >>> clip_of(VideoMAEConfig(num_frames=8, patch_size=16)), clip_of(ViTConfig())
    (Clip(frames=8, tube=2, patch=(16, 16), by_patch=False, first=()), None)
    """
    kind = getattr(config, "model_type", "")
    if kind == "videomae":
        return Clip(config.num_frames, config.tubelet_size, _sides(config.patch_size))
    if kind == "vivit":
        tube, high, wide = config.tubelet_size
        return Clip(config.num_frames, tube, (high, wide), first=("[CLS]",))
    if kind == "timesformer":
        return Clip(config.num_frames, 1, _sides(config.patch_size), by_patch=True, first=("[CLS]",))
    return None


def _sides(size: Any) -> tuple[int, int]:
    high, wide = size if isinstance(size, list | tuple) else (size, size)
    return int(high), int(wide)


def frames_shown(clip: Clip, pixels: Tensor | None) -> Tensor | None:
    """The first frame of every token (frame channel row column) of what a forward pass is given; None where it is no video."""
    if pixels is None or pixels.ndim != CLIP_AXES or pixels.shape[0] != 1 or pixels.shape[1] < clip.tube:
        return None
    count = pixels.shape[1] // clip.tube
    return pixels[0, : count * clip.tube : clip.tube]


def clip_tokens(clip: Clip, count: int, forward: Mapping[str, Tensor]) -> Tokens:
    """The tokens of a video by frame, row and column; numbers where they are not as many as its patches.

    Raises AttnWidgetError for a mask of pre-training: what is left of a video under it is no grid.
    """
    if forward.get("bool_masked_pos") is not None:
        raise AttnWidgetError(
            "bool_masked_pos hides patches of this video before the model reads it, so the rest is no grid of frames, rows and columns. "
            "Leave it out; to hide patches, give edits: edits='hide 3..5'."
        )
    seen = frames_shown(clip, forward.get("pixel_values"))
    if seen is None:
        return Tokens.frames(count)
    shown, (rows, columns) = seen.shape[0], (seen.shape[2] // clip.patch[0], seen.shape[3] // clip.patch[1])
    if count != len(clip.first) + shown * rows * columns:
        return Tokens.frames(count)
    cells = [(row, column) for row in range(rows) for column in range(columns)]
    order = (
        [(at, *cell) for cell in cells for at in range(shown)]
        if clip.by_patch
        else [(at, *cell) for at in range(shown) for cell in cells]
    )
    return Tokens.in_picture(
        [PatchPlace(row, column, picture=at, frame=at * clip.tube, frames=clip.tube) for at, row, column in order],
        clip.first,
    )
