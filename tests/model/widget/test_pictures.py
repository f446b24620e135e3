"""An explorer of a model that reads pictures."""

import json
import re
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

import attnwidget as aw
from attnwidget.engine import is_reference
from tests.model.families import FAMILIES, build
from tests.model.pictures import Halves, vision
from tests.model.widget.played_page import Page

RED, BLUE = (Image.new("RGB", (48, 48), colour) for colour in ("red", "blue"))


@pytest.fixture(scope="module")
def model():
    return aw.load(vision(), processor=Halves())


@pytest.fixture
def explorer(model):
    return aw.explore(model, image=RED)


@pytest.fixture
def page(explorer, monkeypatch):
    return Page(explorer, monkeypatch)


def asked(explorer, **fields):
    return {"text": explorer.text, "query": list(explorer.query), **fields}


def png(image):
    into = BytesIO()
    image.save(into, "PNG")
    return into.getvalue()


def test_a_trace_of_a_picture_is_what_eager_attention_gives(model):
    trace = model.trace(image=RED)
    eager = vision()
    eager.set_attn_implementation("eager")
    with torch.no_grad():
        maps = eager(**Halves()(images=RED, return_tensors="pt"), output_attentions=True).attentions
    for layer, heads in enumerate(maps):
        assert torch.allclose(trace.weights(layer), heads[0], atol=1e-5)
    assert trace.text.pieces[:3] == ("[CLS]", "0,0", "0,1")
    assert trace.pictures[0].grid == (6, 6)


def test_an_explorer_begins_at_the_token_that_stands_for_the_picture(explorer):
    assert explorer.query == (0, 1)
    assert explorer.scale == "stretch"
    assert is_reference(explorer.text)
    assert explorer.image.size == RED.size


def test_another_picture_takes_its_place(explorer):
    before, seen = explorer.text, explorer.trace.pictures[0].name
    explorer.image = BLUE
    assert explorer.text != before
    assert explorer.trace.pictures[0].name != seen
    explorer.text = before
    assert explorer.trace.pictures[0].name == seen


def test_a_page_hears_where_tokens_stand_and_asks_for_the_colours(page, explorer):
    header, _ = page.frame(**asked(explorer))
    (told,) = header["pictures"]
    assert (told["rows"], told["columns"], told["patch"]) == (6, 6, [4, 4])
    assert header["tokens"]["places"][:2] == [None, [0, 0, 0, 0, 1, 1]]
    content, buffers = page.end_of(page.ask("picture", name=told["name"], **asked(explorer)))
    assert content["picture"] == {"name": told["name"], "type": "image/png"}
    assert (np.asarray(Image.open(BytesIO(buffers[0]))) == np.asarray(RED.resize((24, 24)))).all()
    content, _ = page.end_of(page.ask("picture", name="another", **asked(explorer)))
    assert content["code"] == "bad_request"
    assert page.about()["reads"] == ["picture"]
    assert page.about()["second"] is None


def test_a_page_sends_a_picture_and_shows_it(page, explorer):
    content, _ = page.end_of(page.ask("upload", [png(BLUE)]))
    page.sets(text=content["uploaded"])
    assert np.asarray(explorer.image)[0, 0].tolist() == [0, 0, 255]
    assert page.frame(**asked(explorer))[0]["pictures"][0]["note"].startswith("48 × 48")


@pytest.mark.parametrize("buffers", [[], [b""], [b"no picture"]])
def test_what_a_page_sends_instead_is_refused_and_the_last_picture_stays(page, explorer, buffers):
    before = explorer.text
    content, _ = page.end_of(page.ask("upload", buffers))
    assert content["status"] == "error"
    assert explorer.text == before


def test_a_state_holds_its_picture(explorer, model):
    explorer.image = BLUE
    state = json.loads(json.dumps(explorer.state()))
    elsewhere = aw.explore(aw.load(vision(), processor=Halves()), state=state)
    assert np.array_equal(np.asarray(elsewhere.image), np.asarray(BLUE))
    assert elsewhere.state() == state
    (name, data), *_ = state["pictures"].items()
    assert Image.open(BytesIO(b64decode(data))).size == BLUE.size
    for bad in ({name: "?"}, {name: 5}, {"picture:0000000000000000": data}, [name]):
        with pytest.raises(aw.AttnWidgetError, match="picture"):
            aw.explore(model, state={**state, "pictures": bad})


def test_a_snapshot_shows_the_picture_with_its_heat(explorer):
    explorer.look = {"scale": "stretch"}
    explorer.query, explorer.edits = 8, ["hide 2"]
    snapshot = explorer.snapshot()
    assert "picture:" not in snapshot.html
    assert "[CLS]" in snapshot.words
    ((_, data),) = re.findall(r'src="data:image/(\w+);base64,([^"]+)"', snapshot.words)
    image = np.asarray(Image.open(BytesIO(b64decode(data))).convert("RGB")).astype(int)
    assert image.shape == (320, 320, 3)
    seen = explorer.trace.pictures[0].pixels.astype(int)
    row = explorer.trace.weights(explorer.layer, explorer.head)[8].numpy()
    reddest = np.abs(image[20:34, 20:34].mean((0, 1)) - seen[1, 1])  # token 1, in the corner
    strongest = int(np.argmax(row[1:])) + 1
    at, across = divmod(strongest - 1, 6)
    step = 320 / 6
    patch = image[int(at * step) + 14 : int(at * step) + 34, int(across * step) + 14 : int(across * step) + 34]
    assert np.abs(patch.mean((0, 1)) - seen[1, 1]).sum() > reddest.sum()
    plain, explorer.over = snapshot, "light"
    assert explorer.snapshot().words != plain.words
    assert Image.open(BytesIO(plain.png)).height > 700  # above the map


def test_a_snapshot_of_a_text_shows_the_pictures_that_its_placeholders_stand_for():
    trace = aw.load(build("llava-two-pictures")).trace(FAMILIES["llava-two-pictures"].inputs(20))
    snapshot = aw.view(trace, query=-1).snapshot()
    assert snapshot.words.count("<img") == len(trace.pictures) == 2
    assert trace.text.text.split()[0] in snapshot.words  # and its words


def test_how_heat_lies_over_a_picture_is_part_of_a_state_and_of_a_page(explorer, model):
    explorer.over = "light"
    assert aw.explore(model, state=explorer.state()).over == "light"
    with pytest.raises(aw.AttnWidgetError, match="'colour', 'light'"):
        explorer.over = "dark"
    assert explorer.over == "light"


def test_a_scale_that_was_chosen_outlasts_a_state(explorer, model):
    explorer.scale = 1
    assert aw.explore(model, state=explorer.state()).scale == 1
    assert aw.explore(model, image=RED, look={"sinks": "hide"}).scale == 1
    assert aw.explore(model, image=RED, scale=0.5).scale == 0.5


def test_hiding_a_patch_takes_it_from_all_others(explorer):
    explorer.edits = ("hide 5",)
    weights = explorer.trace.weights(0, 0)
    assert float(weights[torch.arange(37) != 5, 5].max()) == 0


def test_without_an_image_an_example_is_shown(model):
    assert aw.explore(model).image.size == (448, 448)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _model: aw.explore(vision(), image=RED), "without a processor"),
        (lambda model: aw.explore(model, "a text", image=RED), "in place of a text"),
        (lambda model: aw.explore(model, "a text"), "reads pictures, not text"),
        (lambda _model: aw.explore(image=RED), "reads text, not pictures"),
        (lambda model: model.trace("a text"), "names none that is here"),
        (lambda model: model.trace("a text", image=RED), "in place of a text"),
        (lambda _model: aw.load().trace(image=RED), "reads no picture"),
        (lambda _model: aw.load(vision(), processor=lambda **_given: {}).trace(image=RED), "no pixel_values"),
        (lambda _model: aw.load(vision(), processor=len).trace(image=RED), "failed on this picture"),
    ],
)
def test_what_cannot_be_shown_is_said_in_a_sentence(model, make, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        make(model)


def test_a_given_trace_shows_its_picture_and_keeps_it_in_a_file(model, tmp_path):
    trace = model.trace(image=RED)
    ex = aw.view(trace)
    assert ex.text == trace.pictures[0].reference
    again = aw.Trace.load(trace.save(tmp_path / "red"))
    assert again.text == trace.text
    assert (again.pictures[0].pixels == trace.pictures[0].pixels).all()
    saved = ex.save(tmp_path / "page").read_text("utf-8")
    assert "a picture · attention of" in saved
