"""A small model of pictures from a seed, and a processor for it that needs no other library."""

import numpy as np
import torch
from transformers import ViTConfig, ViTForImageClassification

SIDE, PATCH = 24, 4


class Halves:
    """Resizes, and puts colours between -1 and 1, as most processors do."""

    do_rescale = do_normalize = True
    image_mean = image_std = (0.5, 0.5, 0.5)

    def __init__(self, side=SIDE):
        self.side = side

    def colours(self, image):
        """What the model is to see, from 0 to 255."""
        return np.asarray(image.resize((self.side, self.side)))

    def __call__(self, images, return_tensors):  # noqa: ARG002  as processors are called
        rows = self.colours(images).astype(np.float32) / 255
        return {"pixel_values": torch.from_numpy(((rows - 0.5) / 0.5).transpose(2, 0, 1)[None])}


def vision():
    """A ViT of two layers over 6 x 6 patches."""
    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=SIDE,
        patch_size=PATCH,
        initializer_range=0.5,
    )
    return ViTForImageClassification(config).eval()
