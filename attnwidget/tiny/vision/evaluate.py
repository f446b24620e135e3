"""Held-out figures of tiny-vision: how often the class is right, and which heads look where."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random

import numpy as np
import torch
from torch import Tensor
from transformers import ViTForImageClassification

from attnwidget.tiny.cards import ReadingHead, eagerly
from attnwidget.tiny.vision.drawing import covered_patches, drawn_pixels, painted_patches
from attnwidget.tiny.vision.processor import pixel_values
from attnwidget.tiny.vision.scenes import PICTURE_KINDS, Scene, arranged_scene, asked_shape, colour_asked
from attnwidget.tiny.vision.vocabulary import GRID, PICTURE_CLASSES

PICTURES_SEED = 30_000
AT_ONCE = 50
FIRST_PATCH = 1
"""The first token is [CLS]."""

PAINTED_GREY = 128


@dataclass(frozen=True)
class VisionFigures:
    """What the model card reports. `accuracy`: kind of picture -> share of classes right. `gone`: share of pictures that are "none"
    once the triangle is painted over; `still`: share whose class stays right when another shape is. `readers`: what is read, from
    where -> the head. `covered`: patches that the triangle covers, the mean.
    """

    accuracy: dict[str, float]
    covered: float
    gone: float
    still: float
    readers: dict[str, ReadingHead]

    def as_dict(self) -> dict[str, object]:
        """Plain data for figures.json."""
        return asdict(self)


def held_out_scenes(kind: str, count: int, seed: int) -> list[Scene]:
    """Scenes whose triangles stand where none of their colour stands in training."""
    rng = Random(f"{kind} {seed}")
    return [arranged_scene(rng, kind, held_out=True) for _ in range(count)]


@torch.no_grad()
def guessed_colours(model: ViTForImageClassification, pictures: Sequence[np.ndarray]) -> list[str]:
    """The class that the model gives each picture, [row column channel]."""
    found: list[str] = []
    for start in range(0, len(pictures), AT_ONCE):
        logits = model(pixel_values(np.stack(pictures[start : start + AT_ONCE]))).logits
        found += [PICTURE_CLASSES[number] for number in logits.argmax(-1).tolist()]
    return found


def pictures_right(model: ViTForImageClassification, count: int = 500, seed: int = PICTURES_SEED) -> dict[str, float]:
    """Kind -> share of `count` held-out pictures whose class is right."""
    model.eval()
    shares: dict[str, float] = {}
    for kind in PICTURE_KINDS:
        scenes = held_out_scenes(kind, count, seed)
        guesses = guessed_colours(model, [drawn_pixels(scene) for scene in scenes])
        shares[kind] = _share(guesses, [colour_asked(scene) for scene in scenes])
    return shares


def right_when_painted(
    model: ViTForImageClassification, count: int = 500, seed: int = PICTURES_SEED
) -> tuple[float, float]:
    """Of `count` pictures with several shapes: the share that is "none" once the patches of the triangle are grey, and the share whose
    class stays right when those of another shape are that do not touch it.
    """
    model.eval()
    without, other, answers = [], [], []
    for scene in held_out_scenes("many", count, seed):
        asked = asked_shape(scene)
        if asked is None:
            continue
        pixels, deciding = drawn_pixels(scene), covered_patches(asked)
        without.append(painted_patches(pixels, deciding, PAINTED_GREY))
        hidden = covered_patches(next(one for one in scene.shapes if one is not asked)) & ~deciding
        other.append(painted_patches(pixels, hidden, PAINTED_GREY))
        answers.append(asked.colour)
    return (
        _share(guessed_colours(model, without), ["none"] * len(without)),
        _share(guessed_colours(model, other), answers),
    )


def _share(guesses: Sequence[str], answers: Sequence[str]) -> float:
    return round(sum(guess == answer for guess, answer in zip(guesses, answers, strict=True)) / len(answers), 4)


def kinds_in_a_line(shares: Mapping[str, float]) -> str:
    """For the log of a training run."""
    return "  held out: " + "  ".join(f"{kind} {share:.3f}" for kind, share in shares.items())


def patches_read(scene: Scene) -> dict[str, tuple[list[int], list[int]]]:
    """What a head might read in a picture: (queries, keys), tokens counted from 0: [CLS], then the patches row by row."""
    asked = asked_shape(scene)
    other = next((one for one in scene.shapes if one is not asked), None)
    found: dict[str, tuple[list[int], list[int]]] = {}
    if asked is not None:
        triangle = tokens_of_shape(covered_patches(asked))
        found["the triangle, from [CLS]"] = ([0], triangle)
        found["the triangle, from its own patches"] = (triangle, triangle)
    if other is not None:
        tokens = tokens_of_shape(covered_patches(other))
        found["another shape, from its own patches"] = (tokens, tokens)
    return found


def tokens_of_shape(covered: np.ndarray) -> list[int]:
    """[row column] of patches -> the numbers of their tokens."""
    return (np.flatnonzero(covered) + FIRST_PATCH).tolist()


@torch.no_grad()
def patch_attention(model: ViTForImageClassification, pictures: Sequence[np.ndarray]) -> Tensor:
    """[layer row head query key] attention weights."""
    with eagerly(model):
        weights = model(pixel_values(np.stack(pictures)), output_attentions=True).attentions
    return torch.stack(weights)


def patch_readers(
    model: ViTForImageClassification, count: int = 100, seed: int = PICTURES_SEED
) -> dict[str, ReadingHead]:
    """The head that reads most of each: the mean, over `count` held-out pictures with several shapes, of what a query gives to all keys."""
    model.eval()
    sums: dict[str, Tensor] = {}
    evenly: dict[str, list[float]] = {}
    scenes = held_out_scenes("many", count, seed)
    for start in range(0, count, AT_ONCE):
        some = scenes[start : start + AT_ONCE]
        weights = patch_attention(model, [drawn_pixels(scene) for scene in some])
        for row, scene in enumerate(some):
            for name, (queries, keys) in patches_read(scene).items():
                given = weights[:, row][:, :, queries][..., keys].sum(-1).mean(-1)
                sums[name] = sums.get(name, torch.zeros(())) + given
                evenly.setdefault(name, []).append(len(keys) / (GRID * GRID + FIRST_PATCH))
    return {name: ReadingHead.highest(total / len(evenly[name]), evenly[name]) for name, total in sums.items()}


def vision_figures(model: ViTForImageClassification, count: int = 500, seed: int = PICTURES_SEED) -> VisionFigures:
    """All figures, on `count` held-out pictures of each kind; of heads on a fifth of them."""
    gone, still = right_when_painted(model, count, seed)
    triangles = [asked for scene in held_out_scenes("many", count, seed) if (asked := asked_shape(scene)) is not None]
    covered = round(float(np.mean([covered_patches(one).sum() for one in triangles])), 1)
    readers = patch_readers(model, max(20, count // 5), seed)
    return VisionFigures(pictures_right(model, count, seed), covered, gone, still, readers)
