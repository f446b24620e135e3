"""Pictures for readers that run no script: what they say is what the frame says, and nothing in them runs."""

import re
import xml.etree.ElementTree as ET
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from attnwidget import Trace
from attnwidget.engine.text.tokens import Tokens
from attnwidget.export.picture import LARGEST_PICTURE, _halved_changes, picture_png
from attnwidget.export.still import LONGEST_STILL, still_html
from attnwidget.frames.compose import compose_frame
from attnwidget.frames.frame import Selection
from attnwidget.tones import CHANGE_RAMPS, DARK_RAMPS, RAMPS, behind_letters

COLOURS = Path(__file__).resolve().parents[3] / "js/src/lib/colour.ts"

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
    assert len(page) < 25 * LONGEST_STILL  # every word of it coloured
    assert "…</p>" in page


def test_of_a_long_text_the_part_with_the_query_and_its_strongest_keys_near_it_is_shown():
    words = [f"word{number}" for number in range(1_000)]
    maps = torch.zeros(1, 1_000, 1_000)
    maps[0, :, 0], maps[0, :, 690], maps[0, :, 650] = 0.5, 0.3, 0.2
    frame, text = frame_of(maps, words, query=(700, 701))
    shown = "".join(ET.fromstring(still_html(frame, text, "").replace("<br>", "<br/>")).find("p").itertext())  # noqa: S314
    assert (shown[:2], shown[-2:]) == ("… ", " …")
    assert {"word700", "word690", "word650"} <= set(shown.split())
    assert len(shown) <= LONGEST_STILL + 4
    assert set(shown.split()) - {"…"} <= set(words)  # none is cut


def opacity(png):
    return np.asarray(Image.open(BytesIO(png)).convert("RGBA"))[..., 3]


def colours(png):
    """What is seen on a white page."""
    picture = Image.open(BytesIO(png)).convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB"))


def test_the_picture_has_the_matrix_pixel_for_pixel():
    frame, _ = frame_of(torch.tensor([[[1.0, 0.0], [0.0, 1.0]]]), ["a", "b"], query=(1, 2))
    png = picture_png(frame, "given")
    full = (np.asarray(Image.open(BytesIO(png)).convert("RGBA")) == (0xC2, 0x47, 0, 0xF5)).all(-1).sum()
    assert full == pytest.approx(2 * 224**2, rel=0.02)  # of 2 x 2 cells over 448 pixels


@pytest.mark.parametrize("direction", ["reads", "read_by"])
def test_a_stronger_weight_is_more_opaque_and_on_white_it_looks_as_on_the_page(direction):
    weights = torch.linspace(0, 1, 9).square()
    maps = torch.zeros(1, 9, 9)
    maps[0, :, 0], maps[0, :, 8] = weights, 1 - weights
    frame, _ = frame_of(maps, list("abcdefghi"), query=(0, 9), direction=direction)
    png = picture_png(frame, "given")
    stops = [[int(code[at : at + 2], 16) for at in (1, 3, 5)] for code in RAMPS[direction].split()[:7]]
    opaque = []
    for tone in np.linspace(0, 1, 9):
        colour = [np.interp(6 * tone, range(7), channel) for channel in zip(*stops, strict=True)]
        cell = (abs(colours(png) - colour) <= 2).all(-1)
        assert cell.sum() > 1_900, tone
        opaque.append(np.median(opacity(png)[cell]))
    assert opaque[0] == 0
    assert opaque == sorted(set(opaque))


def test_the_numbers_of_tokens_stand_along_a_map_without_their_names():
    pieces = [f"t{number}" for number in range(300)]
    inked = (colours(picture_png(frame_of(torch.eye(300)[None], pieces)[0], "given")) < 255).any(-1)
    edge = inked.sum(0).argmax()  # the frame of the map
    lines = inked[100:, : edge - 2].any(1)  # left of it
    assert (np.diff(lines.astype(int)) == 1).sum() >= 5  # 50, 100, 150 ...


def test_a_tone_is_the_square_root_of_its_weight_unless_it_is_stretched():
    maps = torch.tensor([[[0.5, 0.02, 0.0005], [0.2, 0.2, 0.2], [0.2, 0.2, 0.2]]])
    frame, text = frame_of(maps, ["a", "b", "c"], query=(0, 1))
    weaker, _ = frame_of(maps, ["a", "b", "c"], query=(1, 2))

    def opacities(scale, frame=frame):
        page = still_html(frame, text, "", scale=scale).partition("</p>")[0]
        return [float(one) for one in re.findall(r"rgba\([^)]*,([\d.]+)\)", page)]

    assert opacities(1.0) == pytest.approx([0.6 * behind_letters(tone) for tone in (0.5**0.5, 0.02**0.5)], abs=0.005)
    assert opacities("stretch") == pytest.approx([0.6, 0.6 * behind_letters(0.2)], abs=0.005)
    assert set(opacities("stretch", weaker)) == {0.6}
    assert "full tone at 0.2, stretched to the largest of the query" in still_html(weaker, text, "", scale="stretch")
    assert "full tone at 1<" in still_html(frame, text, "")
    assert "full tone at 0.5, stretched" in still_html(frame, text, "", scale="stretch")


def test_a_picture_paints_nothing_below_a_thousandth():
    frame, _ = frame_of(torch.full((1, 2, 2), 0.0005), ["a", "b"])
    assert (opacity(picture_png(frame, "given")) == 0).mean() > 0.9
    assert (opacity(picture_png(frame, "given", scale="stretch")) == 0).mean() < 0.6


def test_sinks_are_hatched_in_the_words_and_in_the_picture():
    maps = torch.tensor([[[0.9, 0.05, 0.05, 0.0, 0.0]] * 5])
    frame, text = frame_of(maps, ["a", "b", "c", "d", "e"], query=(2, 3))
    assert frame.header["sinks"] == [0]
    page = still_html(frame, text, "")
    assert page.count("repeating-linear-gradient") == 1
    assert "sinks are hatched" in page
    drawn = np.asarray(Image.open(BytesIO(picture_png(frame, "given"))).convert("RGBA")).astype(int)
    assert len({tuple(colour) for colour in drawn[150:250, 60]}) > 1  # across the stripes of the first column
    plain, text = frame_of(maps[:, :, [3, 1, 2, 0, 4]], ["a", "b", "c", "d", "e"], query=(2, 3))
    assert "hatch" not in still_html(plain, text, "")


def test_the_ramps_are_those_of_the_page():
    stops = dict(re.findall(r'(\w+): list\("([^"]+)"\)', COLOURS.read_text()))
    assert {"reads": stops["orangeLight"], "read_by": stops["blueLight"]} == RAMPS
    assert {"more": stops["aboveLight"], "less": stops["belowLight"]} == CHANGE_RAMPS
    assert {"reads": stops["orangeDark"], "read_by": stops["blueDark"]} == DARK_RAMPS


def changed(before, after, pieces, **selection):
    """A frame of what edits change, though none were made: maps alone matter here."""
    made = [Trace.from_weights([maps], Tokens.from_pieces(pieces)) for maps in (before, after)]
    frame = compose_frame(made[1], Selection(**selection), str, before=made[0], overview=False)
    return frame, made[1].text.text


def test_a_change_is_green_or_violet_by_its_sign_and_its_number_says_it():
    before, after = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]]), torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    frame, text = changed(before, after, ["a", "b"], query=(1, 2))
    page = still_html(frame, text, "given")
    assert "rgba(123,74,163,0.60)" in page.partition(">a</span>")[0].rpartition("<span")[2]
    assert "rgba(47,138,78,0.60)" in page.partition(">b</span>")[0].rpartition("<span")[2]
    assert page.count("+1.000") == 2  # of the row and of the column
    assert "−1.000" in page
    seen = colours(picture_png(frame, "given"))
    for ramp in CHANGE_RAMPS.values():
        strongest = [int(ramp.split()[3][at : at + 2], 16) for at in (1, 3, 5)]
        assert (abs(seen.astype(int) - strongest) <= 2).all(-1).sum() == pytest.approx(224**2, rel=0.05)


def test_a_long_change_keeps_what_is_largest_in_size():
    before, after = torch.zeros(1, 90, 90), torch.zeros(1, 90, 90)
    before[:, :, 0], after[:, :, 0] = 1, 1
    before[0, 40, :2] = torch.tensor([0.0, 1.0])
    after[0, 40, 0], after[0, 40, 5] = 0.4, 0.6
    frame, _ = changed(before, after, [f"w{number}" for number in range(90)], query=(40, 41))
    assert _halved_changes(np.asarray(frame.blocks["matrix"]))[20].tolist()[:2] == [-1.0, 0.0]


def test_noise_is_pooled_until_it_is_small():
    frame, _ = frame_of(softmax(500), [str(number) for number in range(500)])
    drawn = picture_png(frame, "given")
    assert len(drawn) <= LARGEST_PICTURE
    assert min(Image.open(BytesIO(drawn)).size) > 300
