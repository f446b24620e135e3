"""States, links and snapshots: what is on screen as data, in another explorer, and as a picture."""

import json
from io import BytesIO

import pytest
from PIL import Image
from transformers import GPT2Config, GPT2LMHeadModel, T5Config, T5ForConditionalGeneration

import attnwidget as aw
from attnwidget.widget import explorer as module
from attnwidget.widget.explorer import Explorer
from tests.model.widget.played_page import Page

TEXT = "The cat sat on the mat."
FULL = {
    "layer": 2,
    "head": 1,
    "query": (1, 3),
    "direction": "read_by",
    "view": "lines",
    "heads": ["L2H0", "L2H1"],
    "filter": "top 5",
    "words": True,
    "sinks": "hide",
}


def made(tiny, text=TEXT, **chosen):
    return Explorer(tiny, text, **chosen)


# states


def test_a_state_goes_through_json_and_shows_the_same():
    explorer = aw.explore(text=TEXT, **FULL)
    state = json.loads(json.dumps(explorer.state()))
    again = aw.explore(state=state)
    assert again.state() == explorer.state()
    assert (again.heads, again.query, again.words) == (((2, 0), (2, 1)), (1, 3), True)


def test_what_is_said_beside_a_state_counts(tiny):
    state = aw.explore(text=TEXT, **FULL).state()
    other = aw.explore(tiny, "The dog ran.", state=state, layer=3, words=False)
    assert (other.text, other.layer, other.heads, other.words, other.sinks) == (
        "The dog ran.",
        3,
        ((3, 0),),
        False,
        "hide",
    )


def test_a_state_of_a_source_and_its_target_is_restored(tiny):
    config = T5Config(vocab_size=len(tiny.tokenizer), d_model=16, d_kv=8, d_ff=16, num_layers=2, num_heads=2)
    config.decoder_start_token_id = 0
    translator = aw.load(T5ForConditionalGeneration(config), tiny.tokenizer)
    explorer = aw.explore(translator, TEXT, target="The dog.", query=1, direction="read_by")
    again = aw.explore(translator, state=explorer.state())
    assert again.state() == explorer.state()
    assert (again.part, again.target, again.direction) == ("cross", "The dog.", "read_by")


@pytest.mark.parametrize("state", [[], "lines", {"colour": "red"}, {"layer": 99}, {"look": {"words": "yes"}}])
def test_what_is_no_state_is_refused_and_leaves_nothing_behind(state):
    from ipywidgets.widgets.widget import _instances

    def explorers():
        return [known for known in _instances.values() if isinstance(known, Explorer)]

    before = explorers()
    with pytest.raises(aw.AttnWidgetError):
        aw.explore(text=TEXT, state=state)
    assert explorers() == before


def test_a_state_is_restored_in_place(tiny):
    explorer = made(tiny)
    assert explorer.restore({"text": "One two three four.", "query": [3, 4], "layer": 1}) is explorer
    assert (explorer.text, explorer.query, explorer.layer) == ("One two three four.", (3, 4), 1)


# links


def test_linked_explorers_move_together_until_they_are_let_go(tiny):
    one, other = made(tiny, layer=1, head=2), made(tiny, "The dog ran to the park.")
    link = one.link(other)
    assert (other.layer, other.head) == (1, 2)
    other.heads, other.view, one.words = ["L3H0", "L3H1"], "layers", True
    assert (one.heads, one.head, one.view, other.words) == (((3, 0), (3, 1)), 1, "layers", True)
    assert one.text == TEXT
    link.unlink()
    link.unlink()
    one.layer = 0
    assert other.layer == 3


def test_an_explorer_that_is_closed_is_let_go(tiny):
    one, other = made(tiny), made(tiny)
    one.link(other)
    one.close()
    other.layer = 2
    assert one.layer == 0


def test_only_what_is_named_is_linked(tiny):
    one, other = made(tiny), made(tiny)
    one.link(other, "layer")
    one.layer, one.view = 2, "lines"
    assert (other.layer, other.view) == (2, "matrix")
    with pytest.raises(aw.AttnWidgetError, match="text"):
        one.link(other, "text")
    for stranger in (None, "ex", one):
        with pytest.raises(aw.AttnWidgetError, match="Give another explorer"):
            one.link(stranger)


def test_a_smaller_model_follows_as_far_as_it_can(tiny):
    config = GPT2Config(n_layer=3, n_head=2, n_embd=8, n_positions=64, vocab_size=len(tiny.tokenizer))
    small = Explorer(aw.load(GPT2LMHeadModel(config), tiny.tokenizer), TEXT)
    big = made(tiny, "The cat sat on the mat and on the chair.")
    big.link(small)
    big.layer, big.head, big.query = 3, 3, 9
    assert ((small.layer, small.head), (big.layer, big.head)) == ((2, 1), (3, 3))
    assert (small.query, big.query) == ((6, 7), (9, 10))


def test_what_a_page_sets_reaches_the_linked_one_once(tiny, monkeypatch):
    one, other = made(tiny), made(tiny)
    one.link(other)
    seen = []
    other.observe(lambda change: seen.append(change["new"]), "layer")
    Page(one, monkeypatch).sets(layer=3)
    assert seen == [3]


# snapshots


def test_a_snapshot_is_of_what_is_shown(tiny, tmp_path):
    explorer = made(tiny, layer=1, head=0)
    shot = explorer.snapshot()
    weights = explorer.trace.weights(1, 0)[5]
    assert f"{float(weights.max()):.3f}" in shot.html
    assert "Layer 1 · Head 0" in shot.html
    explorer.show("L2H3")
    assert "Layer 2 · Head 3" in explorer.snapshot().html
    assert Image.open(BytesIO(shot.png)).size[0] >= 480
    assert shot.save(tmp_path / "head.png").read_bytes() == shot.png
    assert shot.html.count("data:image/png") == 1
    assert "data:image/png" not in shot.words
    assert shot.html in shot.save(tmp_path / "head.html").read_text(encoding="utf-8")
    for wrong in ("head.pdf", "no folder/head.png"):
        with pytest.raises(aw.AttnWidgetError):
            shot.save(tmp_path / wrong)


def test_where_no_notebook_takes_a_still_later_the_cell_has_it_at_once(tiny, monkeypatch):
    monkeypatch.setattr(module, "STILL", 30)
    data, _ = made(tiny)._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/html", "image/png", "text/plain"} == set(data)
    assert "<script" not in data["text/html"]
    assert len(data["image/png"]) < 70_000


def test_a_slow_model_keeps_no_cell_waiting(tiny, monkeypatch):
    monkeypatch.setattr(module, "STILL", 0)
    data, _ = made(tiny, "Never read before.")._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/plain"} == set(data)


def test_a_text_that_cannot_be_read_has_no_picture_but_its_explorer(tiny):
    data, _ = made(tiny, "")._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/plain"} == set(data)
    with pytest.raises(aw.AttnWidgetError):
        made(tiny, "").snapshot()
