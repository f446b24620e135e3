"""Weights in one byte each: logarithmic steps, so that small weights are as accurate as large ones."""

import math
import zlib

import numpy as np
from torch import Tensor

STEPS_IN_A_FOLD = (20, 14, 10, 8)
"""Steps per e-fold of weight: neighbours are 5 % apart, or 7, 10, 12.5."""

LARGEST_PACKED = 1_750_000
"""Bytes of compressed maps above which coarser steps are used: the page must stay small enough to share."""


def as_steps(weights: Tensor, steps: int) -> np.ndarray:
    """Weights in [0, 1] -> bytes b with weight = exp((b - 255) / steps), and 0 for 0.

    >>> import torch
    >>> as_steps(torch.tensor([0.0, 1e-7, 0.5, 1.0]), 20).tolist()
    [0, 0, 241, 255]
    """
    return (weights.float().log() * steps + 255).round().clamp(0, 255).byte().numpy()


def worst(steps: int) -> float:
    """The largest relative error: half a step.

    >>> round(worst(20), 3), round(worst(10), 3)
    (0.025, 0.051)
    """
    return math.exp(0.5 / steps) - 1


def least(steps: int) -> float:
    """Weights below this become 0.

    >>> f"{least(20):.1g}"
    '3e-06'
    """
    return math.exp((0.5 - 255) / steps)


def steps_for(weights: Tensor) -> int:
    """The finest steps with which these maps are small enough; the coarsest if none are.

    >>> import torch
    >>> steps_for(torch.eye(3))
    20
    """
    return next(
        (
            steps
            for steps in STEPS_IN_A_FOLD
            if len(zlib.compress(as_steps(weights, steps).tobytes())) <= LARGEST_PACKED
        ),
        STEPS_IN_A_FOLD[-1],
    )
