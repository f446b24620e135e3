"""Pictures to begin with, for models of pictures that bring none."""

from PIL import Image, ImageDraw

from attnwidget.tiny.bundled import Example

EXAMPLE_SIDE = 448


def house_and_tree() -> Image.Image:
    """A red house and a tree under the sun."""
    image = Image.new("RGB", (EXAMPLE_SIDE, EXAMPLE_SIDE), "#d3e6f5")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 290, EXAMPLE_SIDE, EXAMPLE_SIDE), fill="#b9cfae")
    draw.rectangle((90, 200, 220, 330), fill="#d9654e")
    draw.polygon([(70, 205), (155, 120), (240, 205)], fill="#8f4a52")
    draw.rectangle((140, 265, 172, 330), fill="#5b3a34")
    draw.rectangle((330, 230, 348, 340), fill="#8a6a4f")
    draw.ellipse((280, 130, 398, 256), fill="#5f8f57")
    draw.ellipse((340, 36, 402, 98), fill="#f6dc82")
    return image


def two_dice() -> Image.Image:
    """Two dice on a table: the same thing twice, with other spots."""
    image = Image.new("RGB", (EXAMPLE_SIDE, EXAMPLE_SIDE), "#6f8f7c")
    draw = ImageDraw.Draw(image)
    for left, top, spots in ((60, 90, ((0, 0), (1, 1), (2, 2))), (240, 220, ((0, 0), (2, 0), (0, 2), (2, 2), (1, 1)))):
        draw.rounded_rectangle(
            (left, top, left + 150, top + 150), radius=24, fill="#f4f1e8", outline="#c9c3b2", width=3
        )
        for across, down in spots:
            x, y = left + 38 + 37 * across, top + 38 + 37 * down
            draw.ellipse((x - 13, y - 13, x + 13, y + 13), fill="#2c2f36")
    return image


PLAIN_PICTURES = (
    Example(
        "A house and a tree",
        "",
        "Click the tree, then the sky: is there a head in which patches read their own kind?",
        picture=house_and_tree,
    ),
    Example(
        "Two dice",
        "",
        "Click a spot of one die: is there a head in which it reads the spots of the other?",
        picture=two_dice,
    ),
)
"""What an explorer begins with."""
