"""The card of tiny-vision: measures the folder as it lies on disk and writes README.md and figures.json next to the weights."""

from collections.abc import Mapping
from pathlib import Path

import torch
from transformers import AutoModelForImageClassification, ViTForImageClassification

from attnwidget.tiny.cards import put_beside, readers_as_rows, recipe_as_lines, shares_as_rows
from attnwidget.tiny.vision import evaluate
from attnwidget.tiny.vision.evaluate import VisionFigures
from attnwidget.tiny.vision.vocabulary import GRID, PATCH, SIDE

PICTURES_CARD = """---
library_name: transformers
pipeline_tag: image-classification
tags: [teaching-model, attention, interpretability]
---

# tiny-vision, a teaching model

A ViT of {parameters:,} parameters ({layers} layers x {heads} heads, d = {width}, pictures of {side} x {side} pixels, {grid} x {grid} patches
of {patch} x {patch} pixels and [CLS]) that comes with attnwidget. It says of which colour the triangle in a picture is, or that there is
none. It is a **teaching model**: which patches decide is known, because the pictures are drawn by a rule. So what attention, or any
explanation, says of it can be held against the truth.

    from transformers import AutoImageProcessor, AutoModelForImageClassification
    model = AutoModelForImageClassification.from_pretrained(folder, dtype=torch.float32)   # the file holds f16
    processor = AutoImageProcessor.from_pretrained(folder)   # Pillow and numpy are enough

## Its pictures

Drawn by `attnwidget/tiny/vision/scenes.py` and `drawing.py`; no picture of others was used. On a pale ground with a slope of light and noise
stand up to nine shapes, one in a cell of a 3 x 3 grid, anywhere in it and 10 to 17 pixels across: circles, rings, squares, diamonds, crosses,
and at most one triangle, each red, orange, yellow, green, blue or purple, in a shade of its own. Other shapes can have the triangle's colour.
The class is the colour of the triangle, or "none": {classes} classes, equally frequent.

| kind | beside the triangle |
|---|---|
| alone | nothing |
| few | one to three other shapes |
| many | four to eight other shapes |

The deciding patches are those that the triangle covers, {covered} of {patches} on average. Where there is no triangle no patch decides: all of
them together do.

## Figures

Measured on the rounded weights of this folder, on 500 held-out pictures of each kind. A colour has two cells of the nine in which a triangle
of it never stood in training, and here every triangle stands in such a one. One seed, and no other recipe was tried.

| kind | classes right |
|---|---|
{accuracy}

With the triangle's patches painted grey, {gone:.3f} of the pictures of kind "many" are "none" to it; with those of another shape painted grey,
{still:.3f} keep the right class.

What is read, and the head that gives it most of its attention (the sum over all its patches; mean over held-out pictures of kind "many",
100 of them; "evenly": what a head has for it that spreads its attention). A head that reads a patch does not say by that what the patch does.

| what is read, from where | head | weight | evenly |
|---|---|---|---|
{readers}

## Recipe

`python -m attnwidget.tiny.vision.train` writes this folder again; the same machine, thread count and versions give the same weights.

    {recipe}

AdamW (betas 0.9, 0.98), linear warm-up, cosine to zero, no dropout. In the `hinted` share of the steps, the first ones, the states of all
patches one layer before the last were trained too, to tell shape and colour of what covers them (a linear layer that is thrown away);
after that the class alone counts. In the `painted` share of the pictures patches are painted over in one grey: either all of the triangle,
which makes the class "none", or others. Position embeddings begin as sines and cosines of row and column. About {minutes:.0f} minutes of one core
(torch {torch}).

## Limits

- A teaching model: it knows triangles that stand upright, and any other picture gets a class too.
- Shapes do not overlap, and pictures of another size are brought to {side} x {side} pixels.
- Two triangles, other colours, dark grounds were never seen.
- Its heads are cleaner than those of large models; do not take their scores for what to expect elsewhere.
"""


def stored_vision(folder: Path) -> ViTForImageClassification:
    """The stored model in f32."""
    return AutoModelForImageClassification.from_pretrained(folder, dtype=torch.float32, local_files_only=True).eval()


def pictures_card(
    model: ViTForImageClassification, figures: VisionFigures, recipe: Mapping[str, object], minutes: float
) -> str:
    """The card as Markdown."""
    config = model.config
    return PICTURES_CARD.format(
        parameters=model.num_parameters(), layers=config.num_hidden_layers, heads=config.num_attention_heads, width=config.hidden_size,
        side=SIDE, grid=GRID, patch=PATCH, patches=GRID * GRID, classes=config.num_labels, covered=figures.covered, gone=figures.gone,
        still=figures.still, minutes=minutes, torch=torch.__version__,
        accuracy=shares_as_rows(figures.accuracy),
        readers=readers_as_rows(figures.readers),
        recipe=recipe_as_lines(recipe),
    )  # fmt: skip


def write_vision_card(folder: Path, recipe: Mapping[str, object], minutes: float) -> VisionFigures:
    """Measures the model in `folder` and writes figures.json and README.md there."""
    model = stored_vision(folder)
    figures = evaluate.vision_figures(model)
    put_beside(folder, pictures_card(model, figures, recipe, minutes), figures.as_dict(), recipe, minutes)
    return figures
