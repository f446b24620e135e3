"""What if: edits and the question as traits, and requests about a text as its edits make it."""

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.engine.live.session import LiveSession
from attnwidget.frames.maps.scan import _pooled_changes
from attnwidget.widget.explorer import Explorer
from tests.model.small import TEXT as BANK
from tests.model.small import small, words
from tests.model.widget.played_page import Page
from tests.unit.frames.frames_read import decode

TEXT = "The cat sat on the mat."


@pytest.fixture
def explorer():
    return aw.explore(text=TEXT, edits="hide 1")


@pytest.fixture
def page(explorer, monkeypatch):
    return Page(explorer, monkeypatch)


def test_edits_are_kept_as_text_and_the_trace_has_those_that_are_on(explorer):
    explorer.edits = [aw.Hide(2), "silence  L1H1", "( hide 40 )"]
    assert explorer.edits == ("hide 2", "silence L1H1", "(hide 40)")
    assert explorer.trace.edits == (aw.Hide(2), aw.Silence("L1H1"))
    assert float(explorer.trace.weights("L2H1", queries=5, keys=2)) == 0


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ("hide 40", "there is no token 40"),
        (["hide 2", "silence L9H0"], "Edit 2 of 2: 'silence L9H0': there is no layer 9"),
        (["hide 2", "silence L1H9"], "Edit 2 of 2: .*there is no head 9"),
        (["hide 2", "(hid 3)"], "Edit 2 of 2: 'hid 3' is not an edit"),
        (5, "5 is not an edit"),
        (aw.Paint("L1H1", torch.eye(7)), "holds more than text can say"),
        (["hide 1"] * 201, "201 edits are too many"),
    ],
)
def test_a_bad_edit_names_its_place_and_the_old_ones_stay(explorer, edits, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        explorer.edits = edits
    assert explorer.edits == ("hide 1",)


def test_a_question_is_a_record_that_cannot_be_changed_in_place(explorer):
    explorer.question = (" mat", " table")
    assert explorer.question == {"answer": " mat", "rather": " table", "at": None}
    explorer.question = {"at": 5}
    assert explorer.question == {"answer": None, "rather": None, "at": 5}
    for bad in ({"why": 1}, {"answer": 1.5}, {"answer": ""}, {"at": "x"}, [1, 2, 3]):
        with pytest.raises(aw.AttnWidgetError):
            explorer.question = bad
    with pytest.raises(aw.AttnWidgetError, match="in place"):
        explorer.question["at"] = 4
    assert explorer.question["at"] == 5


def test_state_and_links_have_edits_and_question(explorer):
    explorer.edits, explorer.question = ["hide 5", "(silence L1H1)"], " mat"
    again = aw.explore(state=explorer.state())
    assert (again.edits, again.question) == (explorer.edits, explorer.question)
    other = aw.explore(text="The cat sat")
    explorer.link(other)
    assert other.edits == ("(hide 5)", "(silence L1H1)")
    explorer.edits = "hide 2"
    assert (other.edits, other.question["answer"]) == (("hide 2",), " mat")


def test_an_edit_whose_token_is_gone_is_left_out_and_the_state_says_so(explorer):
    explorer.edits = ["hide 5", "silence L1H1"]
    explorer.text = "The cat sat"
    assert explorer.trace.edits == (aw.Silence("L1H1"),)
    assert explorer.edits == ("hide 5", "silence L1H1")
    assert explorer.state()["edits"] == ["(hide 5)", "silence L1H1"]
    explorer.text = TEXT
    assert explorer.trace.edits == (aw.Hide(5), aw.Silence("L1H1"))


def test_an_answer_is_of_the_text_as_its_edits_make_it_and_says_what_was_left_out(page):
    asked = {"text": TEXT, "layer": 2, "head": 1, "query": [5, 6]}
    _, edited = page.frame(**asked, edits=["hide 1"])
    _, plain = page.frame(**asked)
    assert edited["row"][1] == 0 < plain["row"][1]
    content, _ = page.end_of(page.ask("frame", **asked, edits=["hide 9", "hide 1", "silence L7"]))
    assert [one["edit"] for one in content["off"]] == ["hide 9", "silence L7"]
    assert content["off"][0]["why"] == "'hide 9': there is no token 9; they are numbered 0 to 6."
    content, _ = page.end_of(page.ask("frame", **asked, edits=["hide"]))
    assert (content["status"], content["code"]) == ("error", "bad_request")


def test_the_page_may_keep_an_edit_of_what_is_not_there_yet(page, explorer):
    page.sets(edits=["hide 9", "hide 1"])
    assert explorer.edits == ("hide 9", "hide 1")
    page.sets(edits=["hid"])
    assert explorer.edits == ("hide 9", "hide 1")


def test_readings_under_other_edits_have_other_names():
    session = LiveSession(aw.load())
    names = [session.read(TEXT, edits=edits).id for edits in ((), ("hide 1",), ("hide 2",), ("hide 1", "hide 2"))]
    assert len(set(names)) == 4
    assert session.read(TEXT, edits=("hide 1", "hide 40")).id == names[1]


def test_before_after_and_a_held_text_are_read_once_each():
    session, passes = LiveSession(aw.load()), []
    trace = session.model.trace
    session.model.trace = lambda *given, **options: passes.append(given[0]) or trace(*given, **options)
    try:
        for _ in range(3):
            for text, edits in ((TEXT, ("hide 1",)), (TEXT, ()), ("A dog ran.", ("hide 1",))):
                session.read(text, edits=edits)
    finally:
        del session.model.trace
    assert len(passes) == 3


def test_given_weights_and_saved_traces_say_in_one_sentence_that_nothing_can_be_edited():
    given = aw.view(aw.load().trace(TEXT))
    with pytest.raises(aw.AttnWidgetError, match="nothing in their computation can be changed"):
        given.edits = "hide 1"
    given.edits = ()
    assert given.state()["edits"] == []


def test_a_model_that_gives_its_maps_alone_says_so_in_one_sentence(monkeypatch):
    explorer = Explorer(aw.load(small("bloom"), words()), BANK)
    with pytest.raises(aw.AttnWidgetError, match="in code of its own, where nothing can be changed but the mask"):
        explorer.edits = "silence L1H1"
    explorer.edits = "(silence L1H1)"
    page = Page(explorer, monkeypatch)
    content, _ = page.end_of(page.ask("frame", text=BANK, edits=["silence L1H1"]))
    assert [(one["edit"], "nothing else can be changed" in one["why"]) for one in content["off"]] == [
        ("silence L1H1", True)
    ]
    content, _ = page.end_of(page.ask("frame", text=BANK, edits=["hide 1"]))
    assert (content["status"], content["code"]) == ("error", "failed")
    assert "does not follow a mask" in content["message"]
    assert page.frame(text=BANK)[0]["path"] == "eager"


def test_a_hybrid_is_edited_in_the_layers_that_attend():
    explorer = Explorer(aw.load(small("jamba"), words()), BANK, edits="silence L1H1")
    assert explorer.trace.edits == (aw.Silence("L1H1"),)
    with pytest.raises(aw.AttnWidgetError, match="there is no layer 0 with attention"):
        explorer.edits = "silence L0H1"


def test_parts_stand_before_heads():
    explorer = Explorer(aw.load(small("t5"), words()), "a b c", pair="b c", edits=["silence cross L0H1"])
    assert explorer.trace.edits == (aw.Silence("L0H1", part="cross"),)
    with pytest.raises(aw.AttnWidgetError, match="does not say in which part"):
        explorer.edits = "silence L0H1"
    with pytest.raises(aw.AttnWidgetError, match="different tokens"):
        explorer.edits = "paint cross L0H1 identity"


def test_the_predictions_before_and_after_come_together(page):
    asked = {"text": TEXT, "edits": ["hide 1"], "against": TEXT, "against_edits": [], "position": 6}
    content, _ = page.end_of(page.ask("expected", **asked, part="self"))
    found = content["expected"]
    assert found["held"] == found["position"] == 6
    model, trace = page.explorer.model, page.explorer.trace
    after = {one.piece: one.probability for one in model.predict(trace, 6, top=5).top}
    before = {one.piece: one.probability for one in model.predict(model.trace(TEXT), 6, top=5).top}
    for row in found["rows"]:
        assert row["after"] == pytest.approx(after.get(row["piece"], row["after"]), abs=1e-6)
        assert row["before"] == pytest.approx(before.get(row["piece"], row["before"]), abs=1e-6)


LOOKS = [
    {},
    {"source": "layer"},
    {"heads": [[1, 1], [2, 0]], "fusion": "max"},
    {"direction": "read_by"},
    {"words": True},
    {"source": "rollout"},
    {"weight": "norm"},
]


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_a_difference_is_the_map_after_the_edits_minus_the_map_before(page, look):
    asked = {"text": TEXT, "layer": 2, "head": 1, "query": [5, 6], **look}
    edits = ["hide 1", "silence L1H1"]
    (_, before), (after_header, after) = page.frame(**asked), page.frame(**asked, edits=edits)
    header, found = page.frame(**asked, edits=edits, shows="difference")
    assert header["signed"] is True
    assert (header["edits"], after_header["edits"]) == (edits, edits)
    assert found["matrix"].min() < 0 < found["matrix"].max()
    for name in ("matrix", "row", "column"):
        assert found[name] == pytest.approx(after[name] - before[name], abs=1e-6)
    assert header["stats"] == pytest.approx(after_header["stats"])
    assert header["peak"] <= abs(found["matrix"]).max() + 1e-6


def test_a_difference_without_sinks_is_without_the_same_keys_in_both(page):
    asked = {"text": TEXT, "layer": 2, "head": 3, "query": [5, 6], "edits": ["hide 1"]}
    (_, whole), (header, found) = (
        page.frame(**asked, shows="difference"),
        page.frame(**asked, shows="difference", sinks="hide"),
    )
    assert header["sinks"]
    others = [key for key in range(7) if key not in header["sinks"]]
    assert found["matrix"][:, others] == pytest.approx(whole["matrix"][:, others], abs=1e-6)
    assert not found["matrix"][:, header["sinks"]].any()


def test_tiles_and_strips_have_the_difference_too(page):
    asked = {"text": TEXT, "edits": ["hide 1"], "layer": 2, "head": 1, "shows": "difference"}
    _, frame = page.frame(**asked, query=[5, 6])
    content, buffers = page.end_of(page.ask("tile", **asked, rows=[2, 6], columns=[0, 4]))
    assert decode(buffers[0])[1]["matrix"] == pytest.approx(frame["matrix"][2:6, 0:4], abs=1e-7)
    content, buffers = page.end_of(page.ask("strip", **asked, query=[5, 6], part="self", fusion="single"))
    strip = np.frombuffer(buffers[0], "<f4").reshape(4, 7)
    assert content["strip"]["signed"] is True
    assert strip[2] == pytest.approx(frame["row"], abs=1e-6)
    assert frame["changes"][2, 1] == pytest.approx(frame["matrix"], abs=1e-3)


def test_a_difference_without_anything_that_is_changed_is_nothing(page):
    header, found = page.frame(text=TEXT, layer=2, head=1, query=[5, 6], edits=["hide 40"], shows="difference")
    assert header["signed"] is True
    assert not found["matrix"].any()


def test_a_long_difference_keeps_the_change_that_is_largest_in_size():
    changes = torch.tensor([[0.1, -0.3, 0.0], [0.2, 0.0, 0.0], [0.0, 0.0, -0.1]])
    torch.testing.assert_close(_pooled_changes(changes, 2), torch.tensor([[-0.3, 0.0], [0.0, -0.1]]))
