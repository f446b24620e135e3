"""Videos to begin with, for models of videos that bring none."""

from collections.abc import Callable

from PIL import Image, ImageDraw

from attnwidget.tiny.bundled import Example

SIDE, MOMENTS = 224, 16


def ball_that_bounces() -> list[Image.Image]:
    """A red ball crosses the picture and bounces once, past a blue box that stands still."""
    found = []
    for moment in range(MOMENTS):
        image = Image.new("RGB", (SIDE, SIDE), "#dfe7ee")
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 184, SIDE, SIDE), fill="#b9a98f")
        draw.rectangle((150, 136, 198, 184), fill="#4a6ea8")
        across = moment / (MOMENTS - 1)
        left, top = 8 + 160 * across, 144 - 120 * abs(2 * across - 1)
        draw.ellipse((left, top, left + 40, top + 40), fill="#d2452f")
        found.append(image)
    return found


PLAIN_VIDEOS: tuple[tuple[Example, Callable[[], list[Image.Image]]], ...] = (
    (
        Example(
            "A ball that bounces",
            "",
            "Click the ball in one frame: is there a head in which it reads the ball of the frames before?",
        ),
        ball_that_bounces,
    ),
)
"""What an explorer begins with."""
