"""A frame -> a small PNG of its matrix, drawn without a browser, for viewers that only show pictures."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from textwrap import wrap
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from attnwidget.engine import Picture, file_of_image
from attnwidget.export.still import asked_tokens, caption, largest_of_query, overlays, scale_note
from attnwidget.frames.frame import Frame
from attnwidget.plots.labels import number_ticks
from attnwidget.tones import CHANGE_RAMPS, FAINTEST, RAMPS, TONE_STEPS, Scale, full_tone, tones

LARGEST_PICTURE = 50 * 1024
"""Bytes. Every copy of the notebook carries them."""

MAP = 448
"""Approximate pixels per side of the matrix."""

MARGIN = 16
_TITLE = MARGIN + 19
"""Pixels down to the end of the title."""

LABELLED = 40
"""The most tokens that can be named along an axis."""

_GREY = (118, 126, 134)
"""Of the letters, which are to be read on light and dark pages alike."""

_MARK = 0.75
"""The tone of the query's name: the strongest that is an orange, or a blue."""

_TONES, _LETTERS = 200, 55
"""How many entries of the palette, after one for nothing, are tones of the ramp and shades of the letters."""


def picture_png(
    frame: Frame,
    model: str,
    *,
    scale: Scale = 1.0,
    alone: bool = True,
    pictures: Sequence[Picture] = (),
    over: str = "colour",
) -> bytes:
    """The map of a frame with its tokens, title, recipe and legend as a PNG of at most 50 KB, for pages of any colour.

    Its ground is the page's: a tone is as opaque as it is strong. `scale` says the weight of the full tone. Long texts
    are max-pooled further until it fits. Names that the built-in font lacks are replaced by the number of the token.
    Not `alone`, title and recipe are left to the page around it, and so are the `pictures` that tokens stand in, which
    else stand above the map with their heat, by a "colour" or by "light" (`over`).

    >>> import attnwidget as aw
    >>> from attnwidget.frames.compose import compose_frame
    >>> from attnwidget.frames.frame import Selection
    >>> model = aw.load()
    >>> frame = compose_frame(model.trace("The cat sat."), Selection(), model.piece, overview=False)
    >>> picture_png(frame, model.name)[1:4]
    b'PNG'
    """
    matrix = np.nan_to_num(np.asarray(frame.blocks["matrix"], np.float32))
    full = full_tone(scale, largest_of_query(frame))
    tone = scale_note(scale, full)
    seen = overlays(frame, pictures, full, over) if alone else []
    while True:
        drawn = _drawn(frame.header, matrix, model if alone else None, full, tone)
        if len(drawn) <= LARGEST_PICTURE or max(matrix.shape) <= LABELLED:
            return _under(seen, drawn) if seen else drawn
        matrix = _halved(matrix) if not frame.header.get("signed") else _halved_changes(matrix)


def _under(seen: Sequence[Image.Image], drawn: bytes) -> bytes:
    """The pictures between the title of a drawn map and the map."""
    below = Image.open(BytesIO(drawn)).convert("RGBA")
    across, down = sum(image.width + MARGIN for image in seen), max(image.height for image in seen) + MARGIN
    whole = Image.new("RGBA", (max(below.width, MARGIN + across), below.height + down))
    whole.paste(below.crop((0, 0, below.width, _TITLE)), (0, 0))
    whole.paste(below.crop((0, _TITLE, below.width, below.height)), (0, _TITLE + down))
    left = MARGIN
    for image in seen:
        whole.paste(image, (left, _TITLE))
        left += image.width + MARGIN
    few = whole.quantize(255, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    return file_of_image(few, "PNG", optimize=True)


def size_on_page(png: bytes) -> tuple[int, int]:
    """The width and height at which a page should show the picture, in its own pixels."""
    return Image.open(BytesIO(png)).size


def _drawn(header: Mapping[str, Any], matrix: np.ndarray, model: str | None, full: float, tone: str) -> bytes:
    font, bold = ImageFont.load_default(12), ImageFont.load_default(14)
    margin, gap = MARGIN, 6
    rows, columns = matrix.shape
    tokens, read = header["tokens"], header.get("key_tokens") or header["tokens"]
    queries, keys = _names(header, tokens, rows), _names(header, read, columns)
    each_row, each_column = -(-len(tokens["pieces"]) // rows), -(-len(read["pieces"]) // columns)
    # Tokens without a name are told by their numbers.
    down_ticks, across_ticks = (
        () if named else number_ticks(len(own["pieces"]), 6) for named, own in ((queries, tokens), (keys, read))
    )
    labels = [*queries, *map(str, down_ticks)]
    left = margin + max((int(font.getlength(name)) for name in labels), default=0) + gap
    head = margin + (42 if model is not None else 22)
    top = head + max((int(font.getlength(name)) for name in keys), default=14) + gap
    cell = max(MAP // max(rows, columns), 1)
    across, down = columns * cell, rows * cell
    signed = bool(header.get("signed"))
    shown = [] if signed else _hatched(header, matrix)
    hatches = "; green is more, violet less" if signed else "; sinks are hatched" if shown else ""
    made = f"{header['recipe']} · square-root tone, full at {tone}{hatches}"
    recipe = wrap(made, max(40, (left + across) // gap)) if model is not None else []
    legend = top + down + 2 * gap
    below = legend + 26
    size = (max(left + across + margin, 480), below + 16 * len(recipe) + gap)
    heat, letters, marked = (Image.new("L", size) for _ in range(3))
    pen = ImageDraw.Draw(letters)
    if model is not None:
        pen.text((margin, margin), _writable(caption(header, model)), 255, bold)
    pen.text((margin, head - 22), "matrix: queries downwards, keys to the right", 255, font)
    heat.paste(
        Image.fromarray(_steps(header, matrix, full)).resize((across, down), Image.Resampling.NEAREST), (left, top)
    )
    for column in shown:
        _hatch(heat, (left + column * cell, top, left + (column + 1) * cell, top + down))
    pen.rectangle((left - 1, top - 1, left + across, top + down), outline=90)
    start, stop = header["query"] if asked_tokens(header) is tokens else (0, 0)
    for place, name in enumerate(queries):
        own = ImageDraw.Draw(marked) if start <= place < stop else pen
        own.text((left - gap, top + (place + 0.5) * cell), name, 255, font, "rm")
    for place, name in enumerate(keys):
        _upright(letters, name, (left + int((place + 0.5) * cell), top - gap), font)
    for token in down_ticks:
        pen.text((left - gap, top + (token + 0.5) / each_row * cell), str(token), 255, font, "rm")
    for token in across_ticks:
        pen.text((left + (token + 0.5) / each_column * cell, top - gap), str(token), 255, font, "ms")
    _tones(heat, pen, (left, legend), full, font, signed=signed)
    for number, line in enumerate(recipe):
        pen.text((margin, below + 16 * number), _writable(line), 255, font)
    return _written(
        np.asarray(heat), np.asarray(letters), np.asarray(marked), "change" if signed else header["direction"]
    )


def _tones(
    heat: Image.Image, pen: ImageDraw.ImageDraw, corner: tuple[int, int], full: float, font: Any, *, signed: bool
) -> None:
    """The legend: tones with the weights that they stand for."""
    x, y = corner
    pen.text((x, y + 7), "tone", 255, font, "lm")
    x += 34
    strong = TONE_STEPS[-2:]
    for share in (*(-share for share in strong[::-1]), *strong) if signed else TONE_STEPS:
        steps = _signed_steps(np.array([share]), 1.0)[0] if signed else round(share**0.5 * _TONES)
        heat.paste(int(steps), (x, y, x + 22, y + 14))
        pen.rectangle((x, y, x + 22, y + 14), outline=50)
        weight = f"{share * full:.2g}"
        pen.text((x + 28, y + 7), weight, 255, font, "lm")
        x += 28 + int(font.getlength(weight)) + 14


def _steps(header: Mapping[str, Any], matrix: np.ndarray, full: float) -> np.ndarray:
    """The entries of the palette for a matrix."""
    steps = (tones(matrix, full) * _TONES).round().astype(np.uint8)
    if header.get("signed"):
        steps = _signed_steps(matrix, full)
    if header["causal"]:
        steps[np.triu(np.ones(matrix.shape, bool), 1)] = 0
    return steps


def _signed_steps(changes: np.ndarray, full: float) -> np.ndarray:
    """After nothing, half of the tones are of what is more, and half of what is less."""
    half = _TONES // 2
    steps = (tones(np.abs(changes), full) * half).round().astype(np.uint8)
    return np.where((changes < 0) & (steps > 0), steps + half, steps).astype(np.uint8)


def _hatched(header: Mapping[str, Any], matrix: np.ndarray) -> list[int]:
    """The columns of the sinks that anything rests on."""
    keys = len((header.get("key_tokens") or header["tokens"])["pieces"])
    each = -(-keys // matrix.shape[1])
    columns = dict.fromkeys(int(sink) // each for sink in header["sinks"])
    return [column for column in columns if matrix[:, column].max() >= FAINTEST]


def _hatch(heat: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Slanted lines over a rectangle, in which its tones are fainter."""
    wide, high = box[2] - box[0], box[3] - box[1]
    lines = Image.new("L", (wide, high))
    pen = ImageDraw.Draw(lines)
    for start in range(-high, wide, 5):
        pen.line((start, high, start + high, 0), 255)
    heat.paste(heat.crop(box).point(lambda step: step * 0.45), box, lines)


def _written(heat: np.ndarray, letters: np.ndarray, marked: np.ndarray, direction: Any) -> bytes:
    """The layers as one picture with a palette of its own, in a third of the bytes of colours."""
    if direction == "change":  # no colour of theirs is that of the query
        letters, marked = np.maximum(letters, marked), np.zeros_like(marked)
    shade, mark = (np.ceil(np.arange(256) / 255 * steps).astype(np.uint8) for steps in (_LETTERS, _TONES * _MARK))
    pixels = np.where(letters > 0, _TONES + shade[letters], heat)
    pixels = np.where(marked > 0, mark[marked], pixels)
    ramp, opacity = _see_through(direction)
    shades = np.linspace(0, 255, _LETTERS + 1)[1:].round()
    image = Image.fromarray(pixels, "P")
    image.putpalette([*ramp.ravel().tolist(), *_GREY * _LETTERS])
    return file_of_image(image, "PNG", transparency=bytes([*map(int, opacity), *map(int, shades)]))


def _see_through(direction: Any) -> tuple[np.ndarray, np.ndarray]:
    """The page's ramp up to its strongest colour that is seen on dark pages too, as colours and how opaque they are.

    On white they look as they do on the page.
    """
    if direction == "change":
        more, less = (_laid_over(CHANGE_RAMPS[way], 4, _TONES // 2) for way in ("more", "less"))
        return np.concatenate([more[0], less[0][1:]]), np.concatenate([more[1], less[1][1:]])
    return _laid_over(RAMPS[direction], 7, _TONES)


def _laid_over(ramp: str, most: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    stops = [[int(code[at : at + 2], 16) for at in (1, 3, 5)] for code in ramp.split()[:most]]
    places = np.linspace(0, len(stops) - 1, steps + 1)
    seen = np.stack([np.interp(places, range(len(stops)), channel) for channel in zip(*stops, strict=True)], -1).round()
    opacity = 1 - seen.min(-1, keepdims=True) / 255
    colours = 255 - (255 - seen) / np.maximum(opacity, 1 / 255)
    return colours.clip(0, 255).round().astype(int), (opacity[:, 0] * 255).round()


def _upright(letters: Image.Image, name: str, foot: tuple[int, int], font: Any) -> None:
    """A name written upwards."""
    wide, high = int(font.getlength(name)) + 2, 15
    label = Image.new("L", (wide, high))
    ImageDraw.Draw(label).text((0, high // 2), name, 255, font, "lm")
    turned = label.rotate(90, expand=True)
    letters.paste(turned, (foot[0] - high // 2, foot[1] - turned.height))


def _names(header: Mapping[str, Any], tokens: Mapping[str, Any], cells: int) -> list[str]:
    """The names along an axis; none if cells are not single tokens, or too many."""
    pieces = tokens["pieces"]
    if cells > LABELLED or header["pooling"] != 1 or cells != len(pieces):
        return []
    return [
        shown if (shown := _writable(piece.strip()[:14])) == piece.strip()[:14] and shown else f"#{place}"
        for place, piece in enumerate(pieces)
    ]


def _writable(text: str) -> str:
    """The characters of Pillow's own font; anything else becomes a question mark."""
    known = "“”‘’·–—…×"
    text = text.replace("−", "-")
    return "".join(letter if " " <= letter <= "ÿ" or letter in known else "?" for letter in text)


def _halved_changes(matrix: np.ndarray) -> np.ndarray:
    more, less = _halved(np.maximum(matrix, 0)), _halved(np.maximum(-matrix, 0))
    return np.where(more >= less, more, -less)


def _halved(matrix: np.ndarray) -> np.ndarray:
    rows, columns = (size + size % 2 for size in matrix.shape)
    whole = np.zeros((rows, columns), matrix.dtype)
    whole[: matrix.shape[0], : matrix.shape[1]] = matrix
    return whole.reshape(rows // 2, 2, columns // 2, 2).max((1, 3))
