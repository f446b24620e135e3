"""The usual script over a picture, beside a saved page: a PNG for every head against one file with all of them."""

import copy
from io import BytesIO
from statistics import median
from time import perf_counter
from typing import Any

import matplotlib as mpl
import torch
from matplotlib.figure import Figure
from PIL import Image

import attnwidget as aw
from attnwidget.tiny.vision.drawing import drawn_picture
from attnwidget.tiny.vision.evaluate import held_out_scenes
from attnwidget.widget.bundle import bundle
from tests.benchmarks.report import machine

mpl.use("Agg")

ROUNDS = 7
ALPHA = 0.5
"""How opaque the usual script lays the heat."""


def overlays(model: Any, processor: Any, image: Image.Image) -> list[bytes]:
    """What [CLS] reads, over the picture, a PNG for every head: eager maps, bilinear to the picture's size, a colour map."""
    eager = copy.deepcopy(model)
    eager.set_attn_implementation("eager")
    with torch.no_grad():
        given = processor(images=image, return_tensors="pt")
        maps = eager(**given, output_attentions=True).attentions
    side = round((maps[0].shape[-1] - 1) ** 0.5)
    files = []
    for layer in maps:
        for head in layer[0]:
            patches = head[0, 1:].reshape(side, side).numpy()
            heat = Image.fromarray(patches).resize(image.size, Image.Resampling.BILINEAR)
            files.append(overlay(image, heat))
    return files


def overlay(image: Image.Image, heat: Image.Image) -> bytes:
    figure = Figure()
    axes = figure.subplots()
    axes.imshow(image)
    axes.imshow(heat, alpha=ALPHA, cmap="jet")
    axes.axis("off")
    into = BytesIO()
    figure.savefig(into, bbox_inches="tight")
    return into.getvalue()


def page(model: Any, image: Image.Image) -> bytes:
    """The page that `ex.save` writes: the picture is read anew."""
    explorer = aw.explore(model, image=image)
    try:
        return explorer._page(None, None).encode()
    finally:
        explorer.close()


def beside() -> tuple[float, int, float, int]:
    """(seconds, bytes) of all overlays, then of a page, in turns: medians, after one of each of another picture."""
    first, second = (drawn.convert("RGB") for drawn in two_pictures())
    model = aw.load("tiny-vision")
    ways = (lambda image: overlays(model.model, model.processor, image), lambda image: [page(model, image)])
    for make in ways:
        make(first)
    taken: list[list[float]] = [[], []]
    sizes = [0, 0]
    for _ in range(ROUNDS):
        for number, make in enumerate(ways):
            began = perf_counter()
            files = make(second)
            taken[number].append(perf_counter() - began)
            sizes[number] = sum(map(len, files))
    return median(taken[0]), sizes[0], median(taken[1]), sizes[1]


def two_pictures() -> list[Image.Image]:
    return [drawn_picture(scene) for scene in held_out_scenes("many", 2, seed=1)]


def section() -> str:
    scripted, drawn, paged, written = beside()
    program = sum(bundle(name).stat().st_size for name in ("page.js", "explorer.css")) / 1e6
    return f"""tiny-vision, 3 layers x 4 heads, 197 tokens. A script that draws what [CLS] reads in each head with matplotlib (`imshow` of the picture, over it
`imshow` of the eager map with alpha, a PNG each) takes {scripted:.2f} s and {drawn / 1e6:.2f} MB. A page that has all heads, and under the pointer what each
token reads and is read by: **{paged:.2f} s** and **{written / 1e6:.2f} MB**, the program of {program:.2f} MB included: {paged / scripted:.2f} of the time, {written / drawn:.1f} times the bytes. Both with
the pass of the model; medians of {ROUNDS} in turns.

{machine("matplotlib")}
"""
