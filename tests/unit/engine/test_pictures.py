"""Pictures: what can be given, what the model saw of it, and where its tokens stand."""

from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from attnwidget.engine.inputs.images import picture_given
from attnwidget.engine.inputs.pictures import STRETCHED, pictures_in
from attnwidget.engine.media.picture import SHOWN_BYTES, Picture
from attnwidget.engine.media.places import PatchPlace, in_rows, in_squares
from attnwidget.engine.media.shelf import MEDIA_KEPT, GivenPicture, Shelf
from attnwidget.engine.text.tokens import Tokens
from attnwidget.errors import AttnWidgetError
from tests.model.pictures import Halves

COLOURS = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def file_of(image, kind="PNG"):
    into = BytesIO()
    image.save(into, kind)
    return into.getvalue()


@pytest.mark.parametrize(
    "given",
    [
        Image.fromarray(COLOURS),
        COLOURS,
        COLOURS.astype(np.int64),
        COLOURS / 255,
        torch.from_numpy(COLOURS).permute(2, 0, 1),
        torch.from_numpy(COLOURS).permute(2, 0, 1)[None].float() / 255,
        file_of(Image.fromarray(COLOURS)),
    ],
    ids=["pil", "bytes", "whole numbers", "shares", "tensor", "a batch of one", "a file"],
)
def test_whatever_holds_the_same_colours_is_the_same_picture(given):
    made = picture_given(given)
    assert (np.asarray(made.image) == COLOURS).all()
    assert made.reference == GivenPicture(Image.fromarray(COLOURS)).reference


def test_a_path_is_read(tmp_path):
    file = tmp_path / "a picture.png"
    file.write_bytes(file_of(Image.fromarray(COLOURS)))
    assert picture_given(file).image.size == picture_given(str(file)).image.size == (6, 4)


def test_what_is_see_through_lies_on_white_and_one_channel_is_grey():
    clear = np.zeros((2, 2, 4), np.uint8)
    assert (np.asarray(picture_given(clear).image) == 255).all()
    assert "white" in picture_given(clear).note
    assert np.asarray(picture_given(np.full((2, 2), 7, np.uint8)).image).tolist() == [[[7] * 3] * 2] * 2


def test_a_photograph_stands_upright():
    lying = Image.fromarray(COLOURS)
    exif = lying.getexif()
    exif[0x0112] = 6  # turned by a quarter
    into = BytesIO()
    lying.save(into, "PNG", exif=exif)
    made = picture_given(into.getvalue())
    assert made.image.size == (4, 6)
    assert (np.asarray(made.image) == np.rot90(COLOURS, -1)).all()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("there is none.png", "no file"),
        (b"these are words", "no picture"),
        (file_of(Image.fromarray(np.tile(COLOURS, (50, 50, 1))))[:500], "cannot be read"),
        (Image.new("L", (8000, 8000)), "8,000"),
        (np.zeros((3,)), r"\(3,\)"),
        (np.zeros((4, 4, 2)), r"\(4, 4, 2\)"),
        (np.zeros((0, 4, 3)), r"\(0, 4, 3\)"),
        (np.full((2, 2, 3), 300), "from 0 to 255"),
        (np.full((2, 2, 3), -0.5), "pixel_values"),
        (np.full((2, 2, 3), np.nan), "not finite"),
        (7, "int"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(given, said):
    with pytest.raises(AttnWidgetError, match=said):
        picture_given(given)


def test_what_the_model_saw_has_the_colours_that_its_processor_was_given():
    made = Halves(side=8)(images=Image.fromarray(COLOURS), return_tensors="pt")
    (seen,) = pictures_in(made, Config(4), Halves(side=8))
    assert (seen.pixels == np.asarray(Image.fromarray(COLOURS).resize((8, 8)))).all()
    assert (seen.size, seen.grid, seen.note) == ((8, 8), (2, 2), "")


def test_without_a_processor_colours_are_stretched_and_that_is_said():
    (seen,) = pictures_in({"pixel_values": torch.linspace(-2, 5, 48).reshape(1, 3, 4, 4)}, Config(2), None)
    assert (int(seen.pixels.min()), int(seen.pixels.max()), seen.note) == (0, 255, STRETCHED)


@pytest.mark.parametrize(
    "forward",
    [
        {},
        {"pixel_values": torch.zeros(10, 12)},
        {"pixel_values": torch.zeros(1, 5, 8, 8)},
        {"pixel_values": torch.zeros(1, 3, 2, 8)},
    ],
    ids=["none", "patches already", "five channels", "smaller than a patch"],
)
def test_what_is_no_whole_picture_is_not_shown(forward):
    assert pictures_in(forward, Config(4), None) == ()


def test_a_picture_is_sent_small_and_in_its_own_shape():
    flat = Picture(np.zeros((40, 60, 3), np.uint8), (4, 4))
    data, kind = flat.encoded
    assert kind == "image/png"
    assert Image.open(BytesIO(data)).size == (60, 40)
    noise = np.random.default_rng(0).integers(0, 255, (1200, 2400, 3), dtype=np.uint8)
    data, kind = Picture(noise, (4, 4)).encoded
    assert kind == "image/jpeg"
    assert len(data) <= SHOWN_BYTES
    width, height = Image.open(BytesIO(data)).size
    assert width == 2 * height


def test_the_shelf_forgets_what_was_not_looked_at_for_longest():
    shelf = Shelf()
    names = [shelf.put(GivenPicture(Image.new("RGB", (1, 1), (at, 0, 0)))) for at in range(MEDIA_KEPT)]
    assert shelf.get(names[0]) is not None
    shelf.put(GivenPicture(Image.new("RGB", (1, 1), (0, 1, 0))))
    assert (shelf.get(names[0]) is None, shelf.get(names[1]) is None) == (False, True)


def test_tokens_keep_their_places():
    tokens = Tokens.patches(2, 3, before=["[CLS]"])
    assert tokens.places == (None, *in_rows(2, 3))
    assert tokens[2:4].places == (PatchPlace(0, 1), PatchPlace(0, 2))
    assert (tokens[:3] + tokens[3:]) == tokens
    assert Tokens.from_pieces(["a", "b"]).places == ()


def test_squares_cover_every_patch_once():
    assert sorted(in_squares(4, 6, 2), key=lambda place: (place.row, place.column)) == list(in_rows(4, 6))
    assert in_squares(4, 6, 2)[:4] == (PatchPlace(0, 0), PatchPlace(0, 1), PatchPlace(1, 0), PatchPlace(1, 1))


class Config:
    def __init__(self, patch_size):
        self.patch_size = patch_size
