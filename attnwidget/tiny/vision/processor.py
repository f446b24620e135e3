"""The processor of tiny-vision: any picture becomes 56 x 56 pixels, RGB, each channel -1 to 1. Pillow and numpy are enough for it."""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from attnwidget.tiny.vision.vocabulary import SIDE

PROCESSING = {
    "image_processor_type": "ViTImageProcessor",
    "do_convert_rgb": True,
    "do_resize": True,
    "size": {"height": SIDE, "width": SIDE},
    "resample": 2,  # bilinear
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
}
"""What transformers reads as the settings of an image processor."""


def store_processor(folder: Path) -> None:
    """Writes preprocessor_config.json, which `AutoImageProcessor` reads."""
    (folder / "preprocessor_config.json").write_text(json.dumps(PROCESSING, indent=1) + "\n", encoding="utf-8")


def pixel_values(pictures: np.ndarray) -> Tensor:
    """[picture row column channel], u8, of 56 x 56 -> [picture channel row column] as the processor gives them, at once."""
    return torch.from_numpy(pictures.transpose(0, 3, 1, 2).astype(np.float32)) / 127.5 - 1
