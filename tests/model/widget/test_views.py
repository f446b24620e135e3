"""What the views on the stage are made from: the trait that names one, and one query through all layers."""

import gc
import threading
import weakref

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.errors import Cancelled, NotNumbers
from attnwidget.frames import difference
from attnwidget.frames.frame import Question
from attnwidget.frames.maps.strip import SAMPLED, compose_strip
from attnwidget.measures.paths.rollout_edges import rollout_edges
from attnwidget.widget.answering import progress
from attnwidget.widget.answering.requests import parse_request
from attnwidget.widget.explorer import Explorer
from attnwidget.widget.selection.selecting import Selecting
from tests.model.widget.played_page import Page

TEXT = "The cat sat on the mat."
LONG = "The capital of France is Paris. The river bank was quiet, so she walked to the bank for money. " * 12


@pytest.fixture
def explorer(tiny):
    return Explorer(tiny, TEXT)


@pytest.fixture
def page(explorer, monkeypatch):
    return Page(explorer, monkeypatch)


# the trait


def test_the_matrix_is_shown_first_and_another_view_when_it_is_asked_for(tiny):
    assert Explorer(tiny, TEXT).view == "matrix"
    assert aw.explore(text=TEXT, view="layers").view == "layers"


@pytest.mark.parametrize("view", ["river", "", None, 1, "Matrix", ["lines"]])
def test_a_view_that_is_not_there_is_refused_and_the_old_one_stays(explorer, view):
    explorer.view = "lines"
    with pytest.raises(aw.AttnWidgetError, match="'matrix', 'lines', 'layers'"):
        explorer.view = view
    assert explorer.view == "lines"


def test_an_explorer_is_not_made_with_a_view_that_is_not_there():
    with pytest.raises(aw.AttnWidgetError, match="view"):
        aw.explore(text=TEXT, view="river")


def test_the_page_sets_the_view(page, explorer):
    page.sets(view="layers")
    assert explorer.view == "layers"


def test_at_most_fourteen_traits_of_ours_are_synced(explorer):
    own = {**Selecting.__dict__, **Explorer.__dict__}
    ours = [name for name in explorer.trait_names(sync=True) if name in own and not name.startswith("_")]
    assert "view" in ours
    assert len(ours) <= 14, sorted(ours)


# one query through all layers


def fused(trace, question):
    """The definition, written down with whole maps: heads are fused first, as in a frame."""
    start, stop = question.query
    fuse = {"mean": lambda maps: maps.mean(0), "max": lambda maps: maps.amax(0), "single": lambda m: m[question.head]}
    maps = torch.stack([fuse[question.fusion](trace.weights(layer)) for layer in range(trace.layers())])
    return (maps[:, start:stop].mean(1) if question.direction == "reads" else maps[:, :, start:stop].sum(-1)).numpy()


@pytest.mark.parametrize("text", [TEXT, LONG])
@pytest.mark.parametrize("direction", ["reads", "read_by"])
@pytest.mark.parametrize("fusion", ["mean", "max", "single"])
@pytest.mark.parametrize("query", [(4, 5), (2, 5)])
def test_a_strip_is_the_row_or_column_of_the_fused_heads(tiny, text, direction, fusion, query):
    trace = tiny.trace(text)
    question = Question(query, direction, fusion, head=2)
    assert np.allclose(compose_strip(trace, question).values, fused(trace, question), atol=1e-6)


def test_what_is_read_sums_to_one_in_every_layer(tiny):
    strip = compose_strip(tiny.trace(TEXT), Question((3, 6)))
    assert np.allclose(strip.values.sum(-1), 1, atol=1e-5)


def test_layers_without_attention_or_without_the_head_have_no_numbers():
    two, one = torch.ones(2, 3, 3) / 3, torch.ones(1, 3, 3) / 3
    trace = aw.Trace.from_weights([two, one], ["a", "b", "c"])
    assert np.isnan(compose_strip(trace, Question((1, 2), fusion="single", head=1)).values[1]).all()
    assert not np.isnan(compose_strip(trace, Question((1, 2), fusion="single", head=1)).values[0]).any()


def sinking(size, share=0.9):
    """Every query gives `share` to the first token, and the rest to itself."""
    weights = torch.eye(size) * (1 - share)
    weights[:, 0] += share
    return weights


@pytest.mark.parametrize("size", [12, 400])
def test_sinks_are_told_layer_by_layer_also_by_a_few_rows_of_a_long_text(size):
    even = torch.full((size, size), 1 / size)
    trace = aw.Trace.from_weights([sinking(size)[None], even[None]], [f"w{i}" for i in range(size)])
    assert compose_strip(trace, Question((size - 1, size))).sinks == ((0,), ())
    assert compose_strip(trace, Question((size - 1, size), "read_by")).sinks == ((), ())


def test_sinks_of_a_sample_are_those_of_all_rows(tiny):
    trace = tiny.trace(LONG)
    assert len(trace.text) > SAMPLED
    found = compose_strip(trace, Question((5, 6), fusion="single", head=0)).sinks
    from attnwidget.measures.heads.sinks import sink_tokens, unmasked_readers

    for layer, sinks in enumerate(found):
        maps = trace.weights(layer, 0)
        assert sinks == sink_tokens(
            maps.sum(0) - maps.diagonal(), trace.text, unmasked_readers(trace.text, causal=True)
        )


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (Question((3, 99)), "no tokens 3 to 99"),
        (Question((3, 3)), "no tokens"),
        (Question((0, 1), fusion="single", head=7), "no head 7"),
        (Question((0, 1), part="cross"), "part"),
    ],
)
def test_what_is_not_there_is_said(tiny, question, sentence):
    with pytest.raises(aw.AttnWidgetError, match=sentence):
        compose_strip(tiny.trace(TEXT), question)


def test_weights_that_are_no_numbers_are_refused():
    trace = aw.Trace.from_weights([torch.full((1, 3, 3), 1 / 3)], list("abc"))
    trace.blocks[0].dense[0, 1, 2] = torch.nan
    with pytest.raises(NotNumbers):
        compose_strip(trace, Question((1, 2)))


@pytest.mark.parametrize("direction", ["reads", "read_by"])
def test_it_stops_between_layers_when_nobody_wants_it_any_more(tiny, direction):
    asked = []

    def cancelled():
        asked.append(True)
        return len(asked) > 2

    trace = tiny.trace(TEXT)
    with pytest.raises(Cancelled), aw.stopping_when(cancelled):
        compose_strip(trace, Question((1, 2), direction))
    assert len(asked) == 3


def test_one_token_and_one_layer_are_a_strip():
    strip = compose_strip(aw.Trace.from_weights([torch.ones(1, 1, 1)], ["a"]), Question((0, 1)))
    assert strip.values.tolist() == [[1.0]]


def test_the_recipe_says_what_was_done(tiny):
    assert compose_strip(tiny.trace(TEXT), Question((1, 2), fusion="max")).recipe == (
        "softmax weights, fp32, largest of the heads in each layer, no renormalisation"
    )
    long = compose_strip(tiny.trace(LONG), Question((1, 3), fusion="single", head=1)).recipe
    assert "head 1 in each layer" in long
    assert "mean over 2 tokens" in long
    assert "sinks by 64 sampled queries" in long


# the page's question


def test_the_page_gets_a_strip_as_numbers_and_bytes(page, explorer):
    content, buffers = page.end_of(page.ask("strip", text=TEXT, query=[4, 5], direction="read_by", fusion="max"))
    told = content["strip"]
    values = np.frombuffer(buffers[0], "<f4").reshape(told["layers"], told["tokens"])
    question = Question((4, 5), "read_by", "max")
    assert np.allclose(values, fused(explorer.trace, question), atol=1e-6)
    assert (told["query"], told["direction"], told["fusion"]) == ([4, 5], "read_by", "max")
    assert len(told["sinks"]) == told["layers"]


def test_the_pages_query_is_brought_inside_the_text(page):
    content, _ = page.end_of(page.ask("strip", text=TEXT, query=[40, 50]))
    assert content["strip"]["query"] == [6, 7]


@pytest.mark.parametrize("wrong", [{"fusion": "sum"}, {"head": 99, "fusion": "single"}, {"part": "cross"}])
def test_a_strip_that_cannot_be_had_is_an_error_with_a_sentence(page, wrong):
    content, _ = page.end_of(page.ask("strip", text=TEXT, query=[1, 2], **wrong))
    assert (content["status"], content["code"]) == ("error", "bad_request")
    assert content["message"].endswith(".")


def test_a_newer_strip_stops_an_older_one_of_the_same_text(page, explorer, monkeypatch):
    began, go_on = threading.Event(), threading.Event()
    from attnwidget.widget.answering import answers

    own = answers.compose_strip

    def slowly(trace, question, *before):
        if question.query == (1, 2):
            began.set()
            assert go_on.wait(10)
        return own(trace, question, *before)

    monkeypatch.setattr(answers, "compose_strip", slowly)
    old = page.ask("strip", text=TEXT, query=[1, 2])
    assert began.wait(20)
    new = page.ask("strip", text=TEXT, query=[2, 3])
    go_on.set()
    assert page.end_of(old)[0]["status"] == "superseded"
    assert page.end_of(new)[0]["status"] == "ok"
    assert explorer.trace is explorer.trace


def test_a_question_is_let_go_whether_it_runs_or_waits_or_is_answered_or_was_never_asked(page, monkeypatch):
    began = threading.Event()
    from attnwidget.engine import go_on
    from attnwidget.widget.answering import answers

    def endless(*_given, **_named):
        began.set()
        while True:
            go_on()

    monkeypatch.setattr(answers, "followed_edges", endless)
    answered = page.ask("predict", text=TEXT, position=1)
    page.end_of(answered)
    running = page.ask("flow", text=TEXT, position=1)
    assert began.wait(20)
    waiting = page.ask("strip", text=TEXT, query=[1, 2])
    for number in (answered, waiting, running, "nobody", "\ud800"):
        page.post({"id": number, "kind": "cancel"})
    page.post({"id": 7, "kind": "cancel"})
    assert [page.end_of(number)[0]["status"] for number in (running, waiting)] == ["superseded"] * 2
    page.end_of(page.ask("predict", text=TEXT, position=2))
    ends = [content["status"] for content, _ in page.answers if content["status"] != "progress"]
    assert ends == ["ok", "superseded", "superseded", "ok"]


def test_a_strip_never_stops_the_frame_of_its_text():
    frames = [parse_request({"id": "1", "kind": "frame", "text": TEXT, "query": query}) for query in ([0, 1], [1, 2])]
    assert frames[0].topic == frames[1].topic
    strips = [parse_request({"id": "1", "kind": "strip", "text": TEXT, "query": query}) for query in ([0, 1], [1, 2])]
    assert strips[0].topic != strips[1].topic


# what flows into a token


def test_a_flow_travels_as_it_was_measured(page, explorer):
    content, buffers = page.end_of(page.ask("flow", text=TEXT, position=4))
    told = content["flow"]
    expected = rollout_edges(explorer.trace, 4)
    reached, ends, shares = (np.frombuffer(bytes(b), t) for b, t in zip(buffers, ("<f4", "<u4", "<f4"), strict=True))
    assert (told["query"], told["levels"], told["attending"]) == (4, 5, [0, 1, 2, 3])
    assert told["pieces"] == list(explorer.trace.text.pieces)
    np.testing.assert_array_equal(reached.reshape(5, 7), expected.reached)
    np.testing.assert_array_equal(
        ends.reshape(-1, 3), np.stack([expected.layers, expected.sources, expected.targets], -1)
    )
    np.testing.assert_array_equal(shares, expected.shares)


def test_a_flow_says_how_many_layers_it_has_followed(page, monkeypatch):
    monkeypatch.setattr(progress, "EVERY", -1)
    number = page.ask("flow", text=TEXT, position=4)
    page.end_of(number)
    said = [content for content, _ in page.answers if content["id"] == number and content["status"] == "progress"]
    assert [(one["done"], one["total"]) for one in said[-4:]] == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_flow_from_beyond_the_text_begins_at_its_end(page):
    content, _ = page.end_of(page.ask("flow", text=TEXT, position=99))
    assert content["flow"]["query"] == 6


def test_levels_are_counted_over_the_layers_that_attend():
    given = [torch.eye(3)[None], None, torch.eye(3)[None]]
    edges = rollout_edges(aw.Trace.from_weights(given, ["a", "b", "c"]), 1)
    assert edges.attending == (0, 2)
    assert edges.reached.shape == (3, 3)


# what changed since a text was held


def test_a_difference_is_of_the_tokens_that_have_a_partner_in_the_other_text(page, explorer, tiny):
    other = "The small dog sat on the mat."
    explorer.text = other
    content, buffers = page.end_of(page.ask("compare", text=other, against=TEXT, layer=1, head=2))
    told = content["difference"]
    ours, theirs = tiny.trace(TEXT).weights(1, 2), explorer.trace.weights(1, 2)
    kept = [0, 1, 3, 4, 5, 6, 7]
    assert (told["queries"], told["heldKeys"]) == (kept, [0, 1, 2, 3, 4, 5, 6])
    assert told["queryPieces"][:3] == ["The", "small", "sat"]
    assert told["heldQueryPieces"][:3] == ["The", "cat", "sat"]
    assert [(one["before"], one["after"], one["second"]) for one in told["replaced"]] == [("cat", "small dog", (1, 3))]
    values = np.frombuffer(bytes(buffers[0]), "<f4").reshape(7, 7)
    np.testing.assert_allclose(values, theirs[kept][:, kept] - ours, atol=1e-6)
    here = float(theirs.sum(1)[kept].mean() - theirs[kept][:, kept].sum(1).mean())
    assert told["dropped"] == pytest.approx([0, here], abs=1e-6)


def test_how_much_every_head_changed_is_told_layer_by_layer_and_goes_on_where_it_was_stopped(tiny, monkeypatch):
    first, second, parts, read = tiny.trace(TEXT), tiny.trace("The small dog sat on the mat."), [], []
    largest = difference.largest_changes
    monkeypatch.setattr(difference, "largest_changes", lambda ours, *of: read.append(ours.layer) or largest(ours, *of))

    def stopped(make):
        parts.append(make())
        if len(parts) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        difference.changes(first, second, "self", stopped)
    assert [part.measured for part in parts] == [(1, 4), (2, 4)]
    assert np.isnan(parts[1].values).all(1).tolist() == [False, False, True, True]
    whole = difference.changes(first, second, "self")
    assert (whole.measured, read) == ((4, 4), [0, 1, 2, 3])
    np.testing.assert_allclose(whole.values, aw.compare(first, second).largest_difference.values)


def test_the_changes_of_all_heads_are_asked_for_by_themselves(page, tiny):
    other = "The small dog sat on the mat."
    content, buffers = page.end_of(page.ask("changes", text=other, against=TEXT))
    told = content["metric"]
    assert (told["name"], told["measured"]) == ("change", [4, 4])
    expected = aw.compare(tiny.trace(TEXT), tiny.trace(other)).largest_difference.values
    np.testing.assert_allclose(np.frombuffer(bytes(buffers[0]), "<f4").reshape(4, 4), expected)


def test_what_the_model_expects_is_told_for_both_texts(page, tiny):
    before, after = "The capital of France is", "The small capital of Norway is"
    content, _ = page.end_of(page.ask("expected", text=after, against=before, position=5))
    told = content["expected"]
    assert (told["kind"], told["position"], told["held"]) == ("next token", 5, 4)
    chances = [tiny.trace(text).logits(-1)[0].softmax(-1) for text in (before, after)]
    best = {number: None for chance in reversed(chances) for number in chance.topk(5).indices.tolist()}
    assert {row["piece"] for row in told["rows"]} == {tiny.piece(number) for number in best}
    for row in told["rows"]:
        number = next(one for one in best if tiny.piece(one) == row["piece"])
        assert (row["before"], row["after"]) == pytest.approx(tuple(float(chance[number]) for chance in chances))
    assert [row["after"] for row in told["rows"]] == sorted((row["after"] for row in told["rows"]), reverse=True)


def test_a_token_without_a_partner_has_no_predictions_before(page):
    content, _ = page.end_of(page.ask("expected", text="The old cat sat", against="The cat sat", position=1))
    assert content["expected"] == {"kind": "next token", "position": 1}
    content, _ = page.end_of(page.ask("expected", text="The old cat sat", against="The cat sat", position=9))
    assert content["code"] == "bad_request"


def test_texts_without_a_common_token_are_said_to_be(page):
    content, _ = page.end_of(page.ask("compare", text="One two", against="Paris is", layer=0, head=0))
    assert content["status"] == "error"
    assert "no token in common" in content["message"]


def test_the_text_that_is_held_stays_read_while_the_other_is_edited(page, explorer, monkeypatch):
    read = []
    inner = explorer._session._trace
    monkeypatch.setattr(
        explorer._session, "_trace", lambda text, *rest, **how: read.append(text) or inner(text, *rest, **how)
    )
    for end in ("mat", "chair", "bed", "roof", "lamp"):
        text = f"The cat sat on the {end}"
        page.frame(text=text)
        page.end_of(page.ask("compare", text=text, against=TEXT, layer=0, head=0))
    assert read.count(TEXT) == 1


def test_what_is_kept_of_a_comparison_keeps_no_trace(tiny):
    first, second = tiny.trace(TEXT), tiny.trace("The dog sat.")
    difference.compose_difference(first, second, "self", 0, 0)
    difference.changes(first, second, "self")
    gone = weakref.ref(first), weakref.ref(second)
    del first, second
    gc.collect()
    assert [ref() for ref in gone] == [None, None]


def test_the_text_that_is_held_is_part_of_the_look(explorer):
    explorer.against = "The dog."
    assert explorer.look["against"] == "The dog."
    explorer.look = {"against": ""}
    assert explorer.against == ""
    with pytest.raises(aw.AttnWidgetError, match="against"):
        explorer.against = None


def test_parts_come_before_the_whole_and_only_to_those_who_ask_for_them(page, monkeypatch):
    from attnwidget.widget.answering import progress

    monkeypatch.setattr(progress, "EVERY", -1)  # nothing is too quick to be told
    plain = page.ask("metric", text=TEXT, name="entropy")
    page.end_of(plain)
    asked = page.ask("metric", text=TEXT, name="confidence", partial=True)
    end, _ = page.end_of(asked)
    said = [(content, buffers) for content, buffers in page.answers if content["id"] == asked]
    parts = [(content, buffers) for content, buffers in said if content["status"] == "partial"]
    assert not [content for content, _ in page.answers if content["id"] == plain and content["status"] == "partial"]
    assert said[-1][0] is end
    assert [content["reading"] for content, _ in parts] == [end["reading"]] * 3
    numbers = [np.frombuffer(buffers[0], "<f4").reshape(4, -1) for _, buffers in said if buffers]
    assert [int((~np.isnan(found).all(1)).sum()) for found in numbers] == [1, 2, 3, 4]
    for (content, _), found in zip(parts, numbers, strict=False):
        known = ~np.isnan(found)
        np.testing.assert_array_equal(found[known], numbers[-1][known])
        assert "so far" in content["metric"]["recipe"]
    assert "so far" not in end["metric"]["recipe"]
