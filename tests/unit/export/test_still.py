"""Pictures for readers that run no script: what they say is what the frame says, and nothing in them runs."""

import xml.etree.ElementTree as ET
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from attnwidget import Trace
from attnwidget.engine.text.tokens import Tokens
from attnwidget.export.picture import LARGEST_PICTURE, picture_png
from attnwidget.export.still import LONGEST_STILL, still_html
from attnwidget.frames.compose import compose_frame
from attnwidget.frames.frame import Selection

HOSTILE = ["</script>", "<b>", "&amp;", "\"'", "日本", "😀"]


def frame_of(maps, pieces, **selection):
    trace = Trace.from_weights([maps], Tokens.from_pieces(pieces))
    return compose_frame(trace, Selection(**selection), str, overview=False), trace.text.text


def softmax(size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, size, size, generator=generator).mul(3).softmax(-1)


def test_hostile_words_are_words():
    frame, text = frame_of(softmax(6), HOSTILE, query=(1, 2))
    tree = ET.fromstring(still_html(frame, text, "<i>model</i>").replace("<br>", "<br/>"))  # noqa: S314  our own
    assert {element.tag for element in tree.iter()} <= {"div", "b", "p", "span", "table", "tr", "td", "br"}
    assert "".join(tree.find("p").itertext()) == text


def test_numbers_are_the_frames_and_the_query_is_marked():
    maps = torch.tensor([[[0.7, 0.2, 0.1], [0.0002, 0.4998, 0.5], [0.1, 0.1, 0.8]]])
    frame, text = frame_of(maps, ["a", "b", "c"], query=(1, 2))
    page = still_html(frame, text, "given")
    assert page.index("0.500") < page.index("&lt;0.001")
    assert page.count("outline:") == 1
    assert "“b” is read by" in page


def test_letters_beyond_the_basic_plane_keep_their_place():
    frame, text = frame_of(torch.eye(3)[None], ["😀", "cat", "😀"], query=(1, 2))
    page = still_html(frame, text, "given")
    assert ">cat</span>" in page


def test_a_long_text_is_cut_and_says_so():
    words = [f"word{number}" for number in range(1_000)]
    maps = torch.full((1, 1_000, 1_000), 1 / 1_000)
    frame, text = frame_of(maps, words)
    page = still_html(frame, text, "given")
    assert len(page) < 15 * LONGEST_STILL  # every word of it coloured
    assert "…</p>" in page


def test_the_picture_has_the_matrix_pixel_for_pixel():
    frame, _ = frame_of(torch.tensor([[[1.0, 0.0], [0.5, 0.5]]]), ["a", "b"], query=(1, 2))
    image = np.asarray(Image.open(BytesIO(picture_png(frame, "given"))).convert("RGB")).astype(int)
    dark = (abs(image - (0x5C, 0x1F, 0x04)).sum(-1) < 12).sum()
    assert dark == pytest.approx(
        3 * 224**2, rel=0.02
    )  # all of 2 x 2 cells over 448 pixels but the one that cannot be seen


def test_noise_is_pooled_until_it_is_small():
    frame, _ = frame_of(softmax(500), [str(number) for number in range(500)])
    drawn = picture_png(frame, "given")
    assert len(drawn) <= LARGEST_PICTURE
    assert min(Image.open(BytesIO(drawn)).size) > 300
