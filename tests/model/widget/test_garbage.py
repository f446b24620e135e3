"""Whatever a page sends, the explorer stays in a state that it can be in, and goes on answering."""

import gc
import weakref

import pytest
from bokeh.plotting import figure
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attnwidget.widget.answering.requests import REQUEST_KINDS
from attnwidget.widget.explorer import Explorer
from tests.model.widget.played_page import Page

TEXT = "The cat sat on the mat."

NUMBERS = st.integers(-9, 9) | st.integers() | st.sampled_from([2**31, 2**63, -(2**70), 10**400])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats() | st.text(max_size=12) | st.sampled_from(["\ud800", "</script>"]),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=6), children, max_size=4),
    max_leaves=8,
)
PAIRS = st.lists(NUMBERS, min_size=2, max_size=2)
NEARLY = (
    JSON
    | NUMBERS
    | PAIRS
    | st.text(max_size=30)
    | st.sampled_from(
        ["self", "encoder", "reads", "read_by", "head", "layer", "rollout", "mean", "max", "lines", "dark"]
    )
)
FIELDS = [
    *"text layer head heads part direction source fusion caret query position rows columns first theme pair".split(),
    *"filter look words sinks weight metric view chart edits shows question against_edits".split(),
]
REQUESTS = st.fixed_dictionaries(
    {"id": st.text(max_size=3) | JSON, "kind": st.sampled_from(REQUEST_KINDS) | JSON},
    optional=dict.fromkeys(FIELDS, NEARLY),
)
BUFFERS = st.lists(st.binary(max_size=40), max_size=3)


@pytest.fixture(scope="module")
def page(tiny):
    with pytest.MonkeyPatch.context() as patch:
        yield Page(Explorer(tiny, TEXT), patch)


def assert_sound(explorer):
    """Every trait has a value that could be set again, and the explorer still answers."""
    for name in explorer.trait_names(sync=True):
        if not name.startswith("_") and name != "layout":
            setattr(explorer, name, getattr(explorer, name))
    assert explorer.layer in range(4)
    assert explorer.head in range(4)
    assert explorer.direction in {"reads", "read_by"}
    assert isinstance(explorer.text, str)
    explorer.text.encode()
    start, stop = explorer.query
    assert 0 <= start < stop


def garbage(examples):
    def decorate(test):
        quiet = [HealthCheck.too_slow, HealthCheck.data_too_large]
        return settings(max_examples=examples, suppress_health_check=quiet)(
            given(
                JSON | REQUESTS, BUFFERS, st.dictionaries(st.sampled_from([*FIELDS, "nonsense"]), NEARLY, max_size=5)
            )(test)
        )

    return decorate


def survives(page, content, buffers, state):
    page.explorer._on_request(page.explorer, content, buffers)
    page.explorer.set_state(state)
    assert_sound(page.explorer)


@garbage(120)
def test_garbage_leaves_a_sound_explorer(page, content, buffers, state):
    survives(page, content, buffers, state)


@pytest.mark.long
@pytest.mark.timeout(900)
@garbage(4000)
def test_much_garbage_leaves_a_sound_explorer(page, content, buffers, state):
    survives(page, content, buffers, state)


def test_after_all_the_garbage_it_answers(page):
    page.explorer.text = TEXT
    odd = [content for content, _ in page.answers if content["status"] == "error" and content["code"] == "failed"]
    odd = [content for content in odd if "no picture" not in content["message"]]  # that is said of any other file
    page.answers.clear()  # garbage has numbers too
    assert page.frame(text=TEXT)
    assert odd == []  # what is wrong with a message is the message's fault, and said so


def test_what_can_be_kept_of_a_message_is_kept(page):
    page.explorer.set_state({"layer": "x", "head": 2, "direction": "sideways", "query": [1, 2], "text": 7})
    assert (page.explorer.head, page.explorer.query) == (2, (1, 2))


# the end


def test_a_closed_explorer_lets_go_of_what_it_read(tiny):
    explorer = Explorer(tiny, TEXT)
    chart = figure()
    explorer.beside(chart)
    held = [weakref.ref(explorer.trace), weakref.ref(chart)]
    del chart
    gc.collect()
    assert [ref() is not None for ref in held] == [True, True]
    explorer.close()
    gc.collect()
    assert [ref() for ref in held] == [None, None]
    held = weakref.ref(explorer)
    del explorer
    gc.collect()
    assert held() is None


def test_a_closed_explorer_waits_for_nothing(tiny, monkeypatch):
    first, other = Page(Explorer(tiny, TEXT), monkeypatch), Page(Explorer(tiny, TEXT), monkeypatch)
    worker = first.explorer._worker
    with worker._changed:  # the worker cannot begin
        numbers = [first.ask(kind, text=f"{TEXT} {kind}", position=0) for kind in ("frame", "predict", "verify")]
        kept = other.ask("frame", text=TEXT)
        first.explorer.close()
        assert len(worker._waiting) == 1
    assert other.end_of(kept)[0]["status"] == "ok"
    assert [first.end_of(number)[0]["status"] for number in numbers] == ["superseded"] * 3
