"""Tiny models of videos, a processor for them, and videos."""

from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import BatchFeature, VideoMAEConfig, VideoMAEForVideoClassification

FRAMES, SIDE, PATCH = 8, 24, 6
SIZES = {
    "hidden_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "image_size": SIDE,
    "num_frames": FRAMES,
    "initializer_range": 0.2,
}


class HalvedFrames:
    """Makes of frames what a model of 24 x 24 pixels reads: their nearest pixels, from -1 to 1."""

    do_rescale, do_normalize = True, True
    image_mean, image_std = [0.5] * 3, [0.5] * 3

    def __call__(self, frames: Any, return_tensors: str) -> BatchFeature:  # noqa: ARG002  as processors are called
        small = [np.asarray(Image.fromarray(frame).resize((SIDE, SIDE), 0)) for frame in frames]
        values = torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2).float() / 127.5 - 1
        return BatchFeature({"pixel_values": values[None]})


def watching() -> VideoMAEForVideoClassification:
    """A VideoMAE of 4 tubes of 2 frames, 4 x 4 patches each: 64 tokens."""
    torch.manual_seed(0)
    return VideoMAEForVideoClassification(VideoMAEConfig(patch_size=PATCH, num_labels=3, **SIZES)).eval()


def moving(count: int = FRAMES, size: tuple[int, int] = (48, 48)) -> list[Image.Image]:
    """A square that goes from left to right."""
    found = []
    for moment in range(count):
        image = Image.new("RGB", size, "#3050a0")
        left = round((size[0] - 12) * moment / max(1, count - 1))
        image.paste("#e0a030", (left, 18, left + 12, 30))
        found.append(image)
    return found
