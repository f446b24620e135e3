"""Where an explorer opens of which nobody said what to look at."""

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2Config, GPT2LMHeadModel

import attnwidget as aw
from attnwidget.measures.patterns.sights import sights
from attnwidget.tiny.causal import CAUSAL, FOLDER
from tests.model.widget.played_page import Page
from tests.unit.frames.frames_read import decode

TEXT = "lamp river Tom quiet bread Oslo lamp river Tom quiet bread."
LAST_WORD = (10, 11)


@pytest.fixture(scope="module")
def model():
    """The weights of the bundled model as somebody's own."""
    return AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32, local_files_only=True)


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(FOLDER, local_files_only=True)


@pytest.fixture
def explore(model, tokenizer):
    return lambda **given: aw.explore(model, given.pop("text", TEXT), tokenizer=tokenizer, **given)


def test_it_opens_at_the_clearest_head_once_the_text_is_read(explore):
    explorer = explore()
    assert (explorer.layer, explorer.head, explorer.query) == (0, 0, LAST_WORD)
    first = sights(explorer.trace)[0]
    assert (explorer.layer, explorer.head, explorer.query[0]) == (first.layer, first.head, first.query)
    assert explorer.heads == ((first.layer, first.head),)
    assert first.pattern in {"induction", "previous token"}
    assert first.score > 0.9
    reads = explorer.trace.weights(explorer.layer, explorer.head)[first.query].argmax()
    assert reads == {"induction": 5, "previous token": 9}[first.pattern]


def test_the_first_picture_is_there_already_and_says_what_can_be_seen(explore, monkeypatch):
    explorer = explore()
    page = Page(explorer, monkeypatch)
    asked = {"text": TEXT, "query": [10, 11]}
    content, buffers = page.end_of(page.ask("frame", **asked))
    header, first = decode(buffers[0])[0], content["sights"][0]
    assert [header["layer"], header["head"], header["query"]] == [first["layer"], first["head"], first["query"]]
    explorer.wait()
    assert [explorer.layer, explorer.head, list(explorer.query)] == [first["layer"], first["head"], first["query"]]
    second = content["sights"][1]
    place = {name: second[name] for name in ("layer", "head", "query")}
    assert page.end_of(page.ask("frame", text=TEXT, **place))[0]["sights"] == content["sights"]
    page.sets(layer=0, head=0, query=[10, 11])
    content, buffers = page.end_of(page.ask("frame", **asked))
    assert "sights" not in content
    assert (decode(buffers[0])[0]["layer"], decode(buffers[0])[0]["head"]) == (0, 0)


def test_the_still_in_the_notebook_shows_the_same(explore):
    explorer = explore()
    found = explorer.snapshot()
    assert repr(found) == f"Snapshot(Layer {explorer.layer} · Head {explorer.head})"
    assert (explorer.layer, explorer.head) != (0, 0)


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"layer": 2}, (2, 0, (10, 11))),
        ({"head": 1}, (0, 1, (10, 11))),
        ({"heads": ["L3H2"]}, (3, 2, (10, 11))),
        ({"query": 3}, (0, 0, (3, 4))),
        ({"layer": 0, "head": 0, "query": 10}, (0, 0, (10, 11))),
        ({"state": {"layer": 1, "head": 3}}, (1, 3, (10, 11))),
    ],
)
def test_what_was_given_stays(explore, given, place):
    explorer = explore(**given)
    explorer.wait()
    assert (explorer.layer, explorer.head, explorer.query) == place


def test_what_was_chosen_before_the_text_was_read_stays(explore):
    explorer = explore()
    explorer.head = 3
    explorer.wait()
    assert (explorer.layer, explorer.head) == (0, 3)


def test_the_bundled_model_keeps_its_own_head():
    explorer = aw.explore(text=TEXT)
    explorer.wait()
    assert (explorer.layer, explorer.head) == CAUSAL.first_head


def test_where_nothing_is_to_be_seen_nothing_is_said(tokenizer, monkeypatch):
    torch.manual_seed(0)
    config = GPT2Config(n_layer=2, n_head=2, n_embd=32, vocab_size=len(tokenizer), bos_token_id=0, eos_token_id=0)
    explorer = aw.explore(GPT2LMHeadModel(config), TEXT, tokenizer=tokenizer)
    page = Page(explorer, monkeypatch)
    assert "sights" not in page.end_of(page.ask("frame", text=TEXT, query=[10, 11]))[0]
    explorer.wait()
    assert (explorer.layer, explorer.head, explorer.query) == (0, 0, LAST_WORD)
