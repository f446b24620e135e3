"""Heads, filter and look as traits: both ways, checked, without an echo."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import attnwidget as aw
from attnwidget.widget.explorer import Explorer
from attnwidget.widget.selection.look import CHOICES, PLAIN_LOOK
from tests.model.widget.played_page import Page

TEXT = "The cat sat on the mat."


@pytest.fixture
def explorer(tiny):
    return Explorer(tiny, TEXT, layer=1, head=2)


@pytest.fixture
def page(explorer, monkeypatch):
    return Page(explorer, monkeypatch)


def test_it_begins_with_one_head_and_a_plain_look(explorer):
    assert (explorer.heads, explorer.filter, explorer.look) == (((1, 2),), "auto", dict(PLAIN_LOOK))


def test_the_last_of_several_heads_is_the_chosen_one(explorer):
    explorer.heads = ["L0H1", (1, -1), "L0H1"]
    assert explorer.heads == ((0, 1), (1, 3))
    assert (explorer.layer, explorer.head) == (1, 3)


def test_a_head_outside_them_stands_alone_and_one_of_them_does_not(explorer):
    explorer.heads = [(0, 1), (1, 3), (1, 0)]
    explorer.head = 3
    assert explorer.heads == ((0, 1), (1, 3), (1, 0))
    explorer.head = 2
    assert explorer.heads == ((1, 2),)
    assert explorer.show("L3H1").heads == ((3, 1),)


@pytest.mark.parametrize("wrong", [[], "L1", "L9H9", [(0, 0), (9, 0)], [(0, 0, 0)], 3, None, [None], [("a", "b")]])
def test_heads_that_are_none_are_refused_and_the_old_ones_stay(explorer, wrong):
    explorer.heads = [(0, 1), (1, 3)]
    with pytest.raises(aw.AttnWidgetError, match=r"\.$"):
        explorer.heads = wrong
    assert explorer.heads == ((0, 1), (1, 3))


def test_the_full_tone_is_a_weight_or_stretched_in_the_state_and_in_the_still(explorer):
    assert explorer.scale == 1.0
    before = explorer.snapshot().html
    explorer.scale = "stretch"
    assert explorer.state()["look"]["scale"] == "stretch"
    assert explorer.snapshot().html != before
    explorer.look = {"scale": 0.25}
    assert explorer.scale == 0.25
    old = {name: value for name, value in explorer.look.items() if name != "scale"}
    assert aw.explore(state={**explorer.state(), "look": old}).scale == 1.0
    assert aw.explore(text=TEXT, scale=1).look["scale"] == 1.0


@pytest.mark.parametrize("wrong", [0, -1, True, "all", "1", None, float("nan"), float("inf"), [1]])
def test_a_full_tone_that_is_none_is_refused_and_the_old_one_stays(explorer, wrong):
    explorer.scale = 0.5
    with pytest.raises(aw.AttnWidgetError, match="'stretch'"):
        explorer.scale = wrong
    assert explorer.look["scale"] == 0.5


def test_each_explorer_has_a_size_and_a_height_of_its_own_in_its_state(explorer):
    assert (explorer.size, explorer.height) == ("normal", None)
    other = aw.explore(text=TEXT, size="projector", height=500)
    link = explorer.link(other)
    explorer.words, explorer.height = True, 700
    assert (other.words, other.size, other.height) == (True, "projector", 500)
    link.unlink()
    explorer.restore(other.state())
    assert (explorer.look["size"], explorer.look["height"]) == ("projector", 500)
    explorer.height = None
    assert explorer.state()["look"]["height"] is None


@pytest.mark.parametrize("wrong", [0, 319, 4001, 500.5, "500", True, [500]])
def test_a_height_that_is_none_is_refused_and_the_old_one_stays(explorer, wrong):
    explorer.height = 640
    with pytest.raises(aw.AttnWidgetError, match="from 320 to 4,000"):
        explorer.height = wrong
    assert explorer.height == 640


@pytest.mark.parametrize("name", CHOICES)
def test_each_part_of_the_look_is_a_trait_of_its_own_and_both_agree(explorer, name):
    heard = []
    explorer.observe(lambda change: heard.append(change["name"]), ["look", name])
    other = CHOICES[name][-1]
    setattr(explorer, name, other)
    assert explorer.look == {**PLAIN_LOOK, name: other}
    explorer.look = {name: CHOICES[name][0]}
    assert getattr(explorer, name) == CHOICES[name][0]
    assert sorted(heard) == sorted(["look", name] * 2)
    with pytest.raises(aw.AttnWidgetError, match=f"{name} must be one of"):
        setattr(explorer, name, "else")
    assert explorer.look == PLAIN_LOOK


@pytest.mark.parametrize("wrong", [None, "words", {"word": True}, {"words": 1}, {"sinks": ["hide"]}, {1: 2}])
def test_a_look_that_cannot_be_is_refused(explorer, wrong):
    explorer.words = True
    with pytest.raises(aw.AttnWidgetError, match=r"\.$"):
        explorer.look = wrong
    assert explorer.words


@pytest.mark.parametrize("wrong", ["words", 1, ["words"], {"word": True}])
def test_a_look_that_cannot_be_begins_no_explorer(tiny, wrong):
    for begin in (
        lambda: aw.explore(tiny, TEXT, look=wrong, words=True),
        lambda: aw.view(tiny.trace(TEXT), look=wrong),
    ):
        with pytest.raises(aw.AttnWidgetError, match=r"^look "):
            begin()


def test_a_look_keeps_what_is_not_named(explorer):
    explorer.sinks = "hide"
    explorer.look = {"words": True}
    assert (explorer.words, explorer.sinks) == (True, "hide")


def test_explore_takes_them(tiny):
    explorer = aw.explore(text=TEXT, heads=["L1H2", (1, 3)], filter="top 3", words=True, look={"sinks": "hide"})
    assert (explorer.heads, explorer.filter) == (((1, 2), (1, 3)), "top 3")
    assert (explorer.words, explorer.sinks, explorer.source) == (True, "hide", "head")
    with pytest.raises(aw.AttnWidgetError, match="weight must be one of 'attention', 'norm'"):
        aw.explore(text=TEXT, weight="value")


def test_the_page_sets_them_together_and_no_head_is_heard_of_that_nobody_chose(page, explorer):
    heard = []
    explorer.observe(lambda change: heard.append(change["new"]), "heads")
    page.sets(heads=[[1, 2], [2, 3]], layer=2, head=3)
    page.sets(layer=3, head=0)
    assert heard == [((1, 2), (2, 3)), ((3, 0),)]


def test_the_page_sets_heads_filter_and_look(page, explorer):
    page.sets(heads=[[0, 1], [1, 3]], layer=1, head=3, filter="top 4", look={**PLAIN_LOOK, "words": True})
    assert explorer.heads == ((0, 1), (1, 3))
    assert (explorer.filter, explorer.words) == ("top 4", True)


def test_a_page_that_pins_another_head_leaves_the_others(page, explorer):
    explorer.heads = [(0, 1), (1, 3)]
    page.sets(layer=2, head=0)
    assert explorer.heads == ((2, 0),)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "heads": anything,
            "filter": anything,
            "look": anything | st.dictionaries(st.sampled_from([*CHOICES]), anything),
        },
    )
)
def test_garbage_from_the_page_changes_nothing_that_is_not_valid(page, explorer, state):
    page.sets(**state)
    assert all(head in {(layer, head[1]) for layer in range(4)} and 0 <= head[1] < 4 for head in explorer.heads)
    assert (explorer.layer, explorer.head) in explorer.heads
    assert all(explorer.look[name] in CHOICES[name] for name in CHOICES)
    assert {name: getattr(explorer, name) for name in PLAIN_LOOK} == explorer.look


@pytest.mark.parametrize(
    "wrong",
    [{"heads": [[0]]}, {"heads": [[0, 1], [9, 9]]}, {"sinks": "gone"}, {"words": "yes"}, {"fusion": "single"}],
)
def test_a_request_that_makes_no_sense_is_an_error_with_a_sentence(page, wrong):
    content, _ = page.end_of(page.ask("frame", text=TEXT, query=[0, 1], **wrong))
    assert (content["status"], content["code"]) == ("error", "bad_request")


def test_a_request_shows_what_it_asks_for(page):
    header, _ = page.frame(text=TEXT, query=[1, 2], heads=[[0, 1], [1, 2]], fusion="max", sinks="renormalise")
    assert header["title"] == "Max of L0H1, L1H2"
    assert header["hidden"] >= 0
    assert header["chosen"] == [[0, 1], [1, 2]]
