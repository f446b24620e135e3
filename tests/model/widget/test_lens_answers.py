"""What the page's lens is made from: what each layer would say, and what its parts add to the answer."""

import numpy as np
import pytest

import attnwidget as aw
from attnwidget.widget.explorer import Explorer
from tests.model.families import FAMILIES, build
from tests.model.small import small, words
from tests.model.widget.played_page import Page

TEXT = "The capital of Veldt is Miro. The capital of Veldt is"


@pytest.fixture
def explorer(tiny):
    return Explorer(tiny, TEXT)


@pytest.fixture
def page(explorer, monkeypatch):
    return Page(explorer, monkeypatch)


def arrays(buffers, *kinds):
    return [np.frombuffer(bytes(buffer), kind) for buffer, kind in zip(buffers, kinds, strict=True)]


def test_a_lens_travels_as_it_was_read(page, explorer, tiny):
    content, buffers = page.end_of(page.ask("lens", text=TEXT, rows=[8, 20]))
    told = content["lens"]
    expected = aw.lens(tiny, explorer.trace, positions=range(8, 12))
    assert (told["rows"], told["total"], told["layers"], told["asked"]) == ([8, 12], 12, 4, False)
    assert told["pieces"] == list(expected.pieces)
    best, probabilities, values, ranks = arrays(buffers, "<u4", "<f4", "<f4", "<u4")
    said = np.array(told["words"], object)[best].reshape(4, 4, 5)
    assert said[3, -1, 0] == " Miro"
    assert [[expected.vocabulary[int(number)] for number in row] for row in expected.ids[2]] == said[2].tolist()
    np.testing.assert_allclose(probabilities.reshape(4, 4, 5), expected.probabilities, rtol=1e-5)
    np.testing.assert_allclose(values.reshape(4, 4), expected.values, rtol=1e-5)
    np.testing.assert_array_equal(ranks.reshape(4, 4), expected.ranks)
    assert [told["words"][place] for place in told["answers"]] == [expected.vocabulary[one] for one in expected.answers]


def test_an_answer_that_is_asked_about_is_followed_after_every_token(page, explorer, tiny):
    question = {"answer": "Sela", "rather": "Miro", "at": None}
    content, buffers = page.end_of(page.ask("lens", text=TEXT, rows=[0, 12], position=11, question=question))
    expected = aw.lens(tiny, explorer.trace, answer=" Sela")
    assert content["lens"]["asked"]
    np.testing.assert_allclose(
        arrays(buffers, "<u4", "<f4", "<f4", "<u4")[2].reshape(4, 12), expected.values, rtol=1e-5
    )
    content, buffers = page.end_of(page.ask("direct", text=TEXT, position=11, question=question))
    pair = aw.direct_effects(tiny, explorer.trace, answer=("Sela", "Miro"))
    assert content["direct"]["answers"] == [" Sela", " Miro"]
    np.testing.assert_allclose(arrays(buffers, "<f4", "<f4")[1].reshape(4, 4), pair.values, atol=1e-6)


def test_what_parts_add_sums_to_the_logit_also_of_an_edited_text(page):
    for edits in ([], ["silence L1H1", "hide 4"]):
        content, buffers = page.end_of(page.ask("direct", text=TEXT, position=11, edits=edits))
        told = content["direct"]
        parts, heads = arrays(buffers, "<f4", "<f4")
        assert (told["layers"], told["heads"], len(parts), len(heads)) == (4, 4, 8, 16)
        assert abs(float(heads.sum()) + sum(one["value"] for one in told["rest"]) - told["logit"]) < 1e-4
        assert (float(heads[5]) == 0) == bool(edits)


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("class", "lens", "predicts no tokens"),
        ("gemma2-soft-cap", "direct", "cannot be split"),
        ("bart", "lens", "choose the part decoder"),
    ],
)
def test_a_model_that_has_none_says_why(name, kind, said, monkeypatch):
    model = aw.load(build(name) if name in FAMILIES else small(name), words())
    page = Page(Explorer(model, "the river bank"), monkeypatch)
    content, _ = page.end_of(page.ask(kind, text="the river bank", rows=[0, 2], position=1, part="encoder"))
    assert content["status"] == "error"
    assert said in content["message"]


def test_the_lens_can_be_chosen_and_given_weights_have_none(explorer, monkeypatch):
    explorer.view = "lens"
    assert explorer.view == "lens"
    given = Page(aw.view([np.eye(3)[None]], ["a", "b", "c"]), monkeypatch)
    content, _ = given.end_of(given.ask("lens", text="", rows=[0, 3]))
    assert "no model that could say anything" in content["message"]
