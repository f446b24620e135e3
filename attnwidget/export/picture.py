"""A frame -> a small PNG of its matrix, drawn without a browser, for viewers that only show pictures."""

from collections.abc import Mapping
from io import BytesIO
from textwrap import wrap
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from attnwidget.export.still import asked_tokens, caption, scale_note
from attnwidget.frames.frame import Frame
from attnwidget.tones import FAINTEST, RAMPS, Scale, full_tone, tones

LARGEST_PICTURE = 50 * 1024
"""Bytes. Every copy of the notebook carries them."""

MAP = 448
"""Approximate pixels per side of the matrix."""

MARGIN = 16
LABELLED = 40
"""The most tokens that can be named along an axis."""

_INK, _MUTED, _EDGE, _GROUND = (31, 35, 40), (101, 109, 118), (208, 215, 222), (255, 255, 255)


def picture_png(frame: Frame, model: str, *, scale: Scale = 1.0) -> bytes:
    """The map of a frame with its tokens, title and recipe as a PNG of at most 50 KB, in light colours.

    `scale` says the weight of the full tone. Long texts are max-pooled further until it fits. Names that the built-in font lacks are replaced by the number of
    the token.

    >>> import attnwidget as aw
    >>> from attnwidget.frames.compose import compose_frame
    >>> from attnwidget.frames.frame import Selection
    >>> model = aw.load()
    >>> frame = compose_frame(model.trace("The cat sat."), Selection(), model.piece, overview=False)
    >>> picture_png(frame, model.name)[1:4]
    b'PNG'
    """
    matrix = np.nan_to_num(np.asarray(frame.blocks["matrix"], np.float32))
    while True:
        drawn = _drawn(frame.header, matrix, model, scale)
        if len(drawn) <= LARGEST_PICTURE or max(matrix.shape) <= LABELLED:
            return drawn
        matrix = _halved(matrix)


def _drawn(header: Mapping[str, Any], matrix: np.ndarray, model: str, scale: Scale) -> bytes:
    font, bold = ImageFont.load_default(12), ImageFont.load_default(14)
    rows, columns = matrix.shape
    tokens, read = header["tokens"], header.get("key_tokens") or header["tokens"]
    queries, keys = _names(header, tokens, rows), _names(header, read, columns)
    left = MARGIN + max((int(font.getlength(name)) for name in queries), default=0) + (6 if queries else 0)
    head = MARGIN + 26
    names = max((int(font.getlength(name)) for name in keys), default=0)
    top = head + names + (6 if keys else 0)
    cell = max(MAP // max(rows, columns), 1)
    across, down = columns * cell, rows * cell
    full = full_tone(scale, float(header["peak"]))
    made = f"{header['recipe']} · square-root tone, full at {scale_note(scale, full)}"
    shown = _hatched(header, matrix)
    made += "; sinks are hatched" if shown else ""
    recipe = wrap(made, max(40, (left + across) // 6))
    size = (max(left + across + MARGIN, 480), top + down + 12 + 16 * len(recipe) + MARGIN)
    image = Image.new("RGB", size, _GROUND)
    pen = ImageDraw.Draw(image)
    pen.text((MARGIN, MARGIN), _writable(caption(header, model)), _INK, bold)
    image.paste(_coloured(header, matrix, full).resize((across, down), Image.Resampling.NEAREST), (left, top))
    for column in shown:
        _hatch(image, (left + column * cell, top, left + (column + 1) * cell, top + down))
    pen.rectangle((left - 1, top - 1, left + across, top + down), outline=_EDGE)
    start, stop = header["query"] if asked_tokens(header) is tokens else (0, 0)
    for place, name in enumerate(queries):
        pen.text((left - 6, top + (place + 0.5) * cell), name, _INK if start <= place < stop else _MUTED, font, "rm")
    for place, name in enumerate(keys):
        _upright(image, name, (left + int((place + 0.5) * cell), top - 5), font)
    for number, line in enumerate(recipe):
        pen.text((MARGIN, top + down + 12 + 16 * number), _writable(line), _MUTED, font)
    written = BytesIO()
    # One colour ramp and grey letters: a palette holds them all, in a third of the bytes.
    image.quantize(256, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
    return written.getvalue()


def _coloured(header: Mapping[str, Any], matrix: np.ndarray, full: float) -> Image.Image:
    stops = [[int(code[at : at + 2], 16) for at in (1, 3, 5)] for code in RAMPS[header["direction"]].split()]
    places = np.linspace(0, len(stops) - 1, 256)
    ramp = np.stack([np.interp(places, range(len(stops)), channel) for channel in zip(*stops, strict=True)], -1)
    pixels = ramp[(tones(matrix, full) * 255).round().astype(int)].round().astype(np.uint8)
    if header["causal"]:
        pixels[np.triu(np.ones(matrix.shape, bool), 1)] = _GROUND
    return Image.fromarray(pixels)


def _hatched(header: Mapping[str, Any], matrix: np.ndarray) -> list[int]:
    """The columns of the sinks that anything rests on."""
    keys = len((header.get("key_tokens") or header["tokens"])["pieces"])
    each = -(-keys // matrix.shape[1])
    columns = dict.fromkeys(int(sink) // each for sink in header["sinks"])
    return [column for column in columns if matrix[:, column].max() >= FAINTEST]


def _hatch(image: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Slanted lines of the ground over a rectangle, through which its tones are seen."""
    wide, high = box[2] - box[0], box[3] - box[1]
    lines = Image.new("L", (wide, high), 0)
    pen = ImageDraw.Draw(lines)
    for start in range(-high, wide, 5):
        pen.line((start, high, start + high, 0), 140)
    image.paste(_GROUND, box, lines)


def _upright(image: Image.Image, name: str, foot: tuple[int, int], font: Any) -> None:
    """A name written upwards."""
    wide, high = int(font.getlength(name)) + 2, 15
    label = Image.new("RGB", (wide, high), _GROUND)
    ImageDraw.Draw(label).text((0, high // 2), name, _MUTED, font, "lm")
    turned = label.rotate(90, expand=True)
    image.paste(turned, (foot[0] - high // 2, foot[1] - turned.height))


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
    return "".join(letter if " " <= letter <= "ÿ" or letter in known else "?" for letter in text)


def _halved(matrix: np.ndarray) -> np.ndarray:
    rows, columns = (size + size % 2 for size in matrix.shape)
    whole = np.zeros((rows, columns), matrix.dtype)
    whole[: matrix.shape[0], : matrix.shape[1]] = matrix
    return whole.reshape(rows // 2, 2, columns // 2, 2).max((1, 3))
