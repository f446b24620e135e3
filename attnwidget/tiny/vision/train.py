"""Trains tiny-vision on pictures of shapes: `python -m attnwidget.tiny.vision.train`. Not imported by the package."""

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import ViTConfig, ViTForImageClassification

from attnwidget.tiny.training import Descent, command_line, descended, waves
from attnwidget.tiny.vision import VISION_FOLDER, card, evaluate
from attnwidget.tiny.vision.drawing import covered_patches, drawn_pixels, painted_patches
from attnwidget.tiny.vision.processor import pixel_values, store_processor
from attnwidget.tiny.vision.scenes import PICTURE_KINDS, Scene, arranged_scene, asked_shape, colour_asked
from attnwidget.tiny.vision.vocabulary import (
    ASKED_SHAPE,
    DISTRACTING,
    GRID,
    PATCH,
    PICTURE_CLASSES,
    SHAPE_COLOURS,
    SIDE,
)

SHAPE_HINTS = (ASKED_SHAPE, *DISTRACTING)
COLOUR_HINTS = tuple(SHAPE_COLOURS)


@dataclass(frozen=True)
class VisionRecipe:
    """All that decides the weights, apart from the machine. `shares`: of each kind of picture. In the `hinted` share of the steps there
    are hints (`picture_loss`). Of the pictures the share `painted` has patches painted over.
    """

    seed: int = 0
    width: int = 64
    layers: int = 3
    heads: int = 4
    inner: int = 192
    steps: int = 1500
    count: int = 32
    peak: float = 2e-3
    warmup: int = 100
    decay: float = 0.01
    clip: float = 1.0
    hinted: float = 0.7
    shares: tuple[float, ...] = (0.15, 0.35, 0.5)
    painted: float = 0.2


@dataclass(frozen=True)
class PictureBatch:
    """pixels [row channel row column]; labels [row]; `shape` and `colour`, [row patch], say what most covers a patch, the last number
    where nothing does.
    """

    pixels: Tensor
    labels: Tensor
    shape: Tensor
    colour: Tensor


def patch_hints(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """[patch] numbers of the shape and of the colour that cover each patch; the last number is the background."""
    shape = np.full((GRID, GRID), len(SHAPE_HINTS))
    colour = np.full((GRID, GRID), len(COLOUR_HINTS))
    for one in scene.shapes:
        covered = covered_patches(one)
        shape[covered] = SHAPE_HINTS.index(one.shape)
        colour[covered] = COLOUR_HINTS.index(one.colour)
    return shape.ravel(), colour.ravel()


def painted_over(rng: Random, scene: Scene, pixels: np.ndarray) -> tuple[np.ndarray, str, np.ndarray]:
    """Pixels with some patches in one grey, the class of what is left, and [row column] which patches are painted.

    Either all patches of the triangle are painted, and the class is "none", or only others are.
    """
    hidden = np.array([rng.random() for _ in range(GRID * GRID)]).reshape(GRID, GRID) < rng.uniform(0, 0.5)
    asked = asked_shape(scene)
    answer = colour_asked(scene)
    if asked is not None:
        gone = rng.random() < 0.2
        hidden = np.where(covered_patches(asked), gone, hidden)
        answer = "none" if gone else answer
    return painted_patches(pixels, hidden, rng.choice((0, 128, 128, 255, rng.randint(0, 255)))), answer, hidden


def picture_batch(recipe: VisionRecipe, rng: Random) -> PictureBatch:
    """The batch of a step."""
    pictures, labels, shapes, colours = [], [], [], []
    for kind in rng.choices(PICTURE_KINDS, recipe.shares, k=recipe.count):
        scene = arranged_scene(rng, kind, held_out=False)
        pixels, answer = drawn_pixels(scene), colour_asked(scene)
        shape, colour = patch_hints(scene)
        if rng.random() < recipe.painted:
            pixels, answer, hidden = painted_over(rng, scene, pixels)
            shape = np.where(hidden.ravel(), len(SHAPE_HINTS), shape)
            colour = np.where(hidden.ravel(), len(COLOUR_HINTS), colour)
        pictures.append(pixels)
        labels.append(PICTURE_CLASSES.index(answer))
        shapes.append(shape)
        colours.append(colour)
    return PictureBatch(
        pixel_values(np.stack(pictures)),
        torch.tensor(labels),
        torch.from_numpy(np.stack(shapes)),
        torch.from_numpy(np.stack(colours)),
    )


def fresh_vision(recipe: VisionRecipe) -> ViTForImageClassification:
    """tiny-vision before training. Its positions begin as sines and cosines of the row and of the column."""
    config = ViTConfig(
        image_size=SIDE, patch_size=PATCH, hidden_size=recipe.width, num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads, intermediate_size=recipe.inner, initializer_range=0.08,
        id2label=dict(enumerate(PICTURE_CLASSES)), label2id={name: at for at, name in enumerate(PICTURE_CLASSES)},
        attn_implementation="sdpa",
    )  # fmt: skip
    model = ViTForImageClassification(config)
    line = waves(GRID, recipe.width // 2)
    square = torch.cat((line[:, None].expand(-1, GRID, -1), line[None].expand(GRID, -1, -1)), dim=2)
    model.vit.embeddings.position_embeddings.data[0, 1:] = square.reshape(GRID * GRID, recipe.width)
    return model


def picture_loss(model: ViTForImageClassification, hints: torch.nn.Linear | None, given: PictureBatch) -> Tensor:
    """Mean cross entropy of the class. With `hints`, also of the shape and the colour at each patch, as they are read off it one layer
    before the last.
    """
    out = model(given.pixels, output_hidden_states=hints is not None)
    loss = cross_entropy(out.logits, given.labels)
    if hints is None:
        return loss
    shape, colour = hints(out.hidden_states[-2][:, 1:]).split((len(SHAPE_HINTS) + 1, len(COLOUR_HINTS) + 1), dim=-1)
    return (
        loss
        + cross_entropy(shape.flatten(0, 1), given.shape.flatten())
        + 0.5 * cross_entropy(colour.flatten(0, 1), given.colour.flatten())
    )


def trained_vision(
    recipe: VisionRecipe, every: int = 250, keep: Callable[[ViTForImageClassification], None] | None = None
) -> ViTForImageClassification:
    """The trained model, f32; prints loss and speed, and held-out figures `every` so many steps, when `keep` gets the model."""
    torch.manual_seed(recipe.seed)
    rng = Random(f"tiny-vision {recipe.seed}")
    model = fresh_vision(recipe).train()
    hints = torch.nn.Linear(recipe.width, len(SHAPE_HINTS) + len(COLOUR_HINTS) + 2)

    def loss_at(step: int) -> Tensor:
        given = picture_batch(recipe, rng)
        return picture_loss(model, hints if step < recipe.hinted * recipe.steps else None, given)

    started = time.perf_counter()
    how = Descent(recipe.steps, recipe.peak, recipe.warmup, recipe.decay, recipe.clip)
    for done, loss in descended(model, how, loss_at, hints.parameters()):
        if done % 50 == 0:
            speed = done / (time.perf_counter() - started)
            print(f"{done:6d} steps  loss {loss:.3f}  {speed:.2f} steps/s", flush=True)
        if done % every == 0:
            print(evaluate.kinds_in_a_line(evaluate.pictures_right(model, count=60)), flush=True)
            if keep is not None:
                keep(model)
            model.train()
    return model


def store_vision(folder: Path, model: ViTForImageClassification) -> None:
    """Writes the weights, in f16, and the settings of model and processor; the model itself stays as it is."""
    deepcopy(model).half().save_pretrained(folder)
    store_processor(folder)


def _main() -> None:
    """The command line."""
    parser = command_line("attnwidget.tiny.vision.train", __doc__, VISION_FOLDER, VisionRecipe(), "steps")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    recipe = VisionRecipe(seed=asked.seed, steps=asked.steps)
    asked.out.mkdir(parents=True, exist_ok=True)
    started = time.process_time()
    model = trained_vision(recipe, keep=lambda so_far: store_vision(asked.out, so_far))
    store_vision(asked.out, model)
    figures = card.write_vision_card(asked.out, asdict(recipe), minutes=(time.process_time() - started) / 60)
    print(evaluate.kinds_in_a_line(figures.accuracy))


if __name__ == "__main__":
    _main()
