"""The explorer from Python's side, with a page played by the test: traits, requests, answers."""

import threading

import pytest

import attnwidget as aw
from attnwidget.frames.predictions import predictions
from attnwidget.widget.explorer import Explorer
from tests.model.conftest import build
from tests.model.widget.played_page import Page
from tests.unit.frames.frames_read import decode

TEXT = "The cat sat on the mat."


@pytest.fixture
def explorer(tiny):
    return Explorer(tiny, TEXT)


@pytest.fixture
def page(explorer, monkeypatch):
    return Page(explorer, monkeypatch)


# traits


def test_where_it_starts(explorer):
    assert (explorer.text, explorer.layer, explorer.head, explorer.query) == (TEXT, 0, 0, (5, 6))
    assert "layer 0, head 0" in repr(explorer)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("layer", 2, 2),
        ("layer", -1, 3),
        ("head", -4, 0),
        ("query", 3, (3, 4)),
        ("query", -1, (6, 7)),
        ("query", (1, 3), (1, 3)),
        ("query", [0, 7], (0, 7)),
        ("direction", "read_by", "read_by"),
        ("text", "a\ud800", "a\ufffd"),
    ],
)
def test_what_can_be_set(explorer, name, value, kept):
    setattr(explorer, name, value)
    assert getattr(explorer, name) == kept


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("layer", 4),
        ("layer", -5),
        ("layer", "1"),
        ("layer", True),
        ("head", 1.5),
        ("query", 7),
        ("query", -8),
        ("query", (3, 3)),
        ("query", (5, 9)),
        ("query", "the"),
        ("direction", "sideways"),
        ("part", "cross"),
        ("text", None),
        ("text", "a" * 200_001),
    ],
)
def test_a_bad_value_raises_and_the_old_one_stays(explorer, name, value):
    before = getattr(explorer, name)
    with pytest.raises(aw.AttnWidgetError):
        setattr(explorer, name, value)
    assert getattr(explorer, name) == before
    assert explorer.trace is explorer.trace


def test_the_query_stays_inside_a_shrinking_text(explorer):
    explorer.text = "The cat"
    assert explorer.query == (1, 2)
    explorer.text = ""
    explorer.text = TEXT
    assert explorer.query == (1, 2)


def test_show(explorer):
    assert explorer.show("L2H3") is explorer
    assert (explorer.layer, explorer.head) == (2, 3)
    explorer.show("L1")
    assert (explorer.layer, explorer.head) == (1, 3)
    with pytest.raises(aw.AttnWidgetError):
        explorer.show("L9H0")


def test_a_head_that_is_not_there_leaves_the_layer_too(explorer):
    with pytest.raises(aw.AttnWidgetError):
        explorer.show("L3H99")
    assert (explorer.layer, explorer.head) == (0, 0)


def test_an_explorer_that_could_not_be_made_leaves_nothing_behind(tiny):
    from ipywidgets.widgets.widget import _instances

    def explorers():
        return [known for known in _instances.values() if isinstance(known, Explorer)]

    before = explorers()
    with pytest.raises(aw.AttnWidgetError):
        Explorer(tiny, TEXT, layer=99)
    assert explorers() == before


def test_a_text_that_shrinks_on_the_page_takes_the_query_along(page, explorer):
    seen = []
    explorer.observe(lambda change: seen.append((change["new"], explorer.query)), "text")
    page.sets(text="The cat")
    assert seen == [("The cat", (1, 2))]
    page.sets(query=[0, 10**9])
    assert explorer.query == (0, 2)


def test_unknown_keywords_are_refused(tiny):
    with pytest.raises(TypeError, match="attention"):
        aw.explore(tiny, TEXT, attention="raw")


# reading


def test_what_is_no_text_is_refused_with_a_way_on(explorer):
    before = explorer.text
    for given, way in (
        ([{"role": "user", "content": "Hello"}], "has no chat template"),
        ([1, 2], "aw.view"),
        (3, "not int.$"),
    ):
        with pytest.raises(aw.AttnWidgetError, match=way):
            explorer.text = given
    assert explorer.text == before


def test_the_trace_waits_for_the_newest_text(explorer):
    first = explorer.trace
    assert first.text.text == TEXT
    assert explorer.trace is first
    explorer.text = "The dog ran."
    assert explorer.trace.text.text == "The dog ran."
    assert explorer.wait(10)


@pytest.mark.parametrize(
    "raised", [RuntimeError("CUDA error: device-side assert"), TimeoutError(), IndexError("index 7")]
)
def test_what_a_model_raises_of_its_own_is_the_cause_of_ours(tiny, raised, monkeypatch):
    explorer = Explorer(tiny, TEXT)

    def fails(*_texts, **_how):
        raise raised

    monkeypatch.setattr(explorer._session, "read", fails)
    for ask in (lambda: explorer.trace, explorer.snapshot):
        with pytest.raises(
            aw.AttnWidgetError, match=f"failed on this text: {str(raised) or 'TimeoutError'}\\."
        ) as found:
            ask()
        assert found.value.__cause__ is raised
    assert explorer.wait(60)
    monkeypatch.undo()
    assert explorer.trace.text.text == TEXT


def test_a_text_that_cannot_be_read_raises_in_the_cell_and_recovers(explorer):
    explorer.text = ""
    assert explorer.wait(10)
    with pytest.raises(aw.AttnWidgetError, match="no text"):
        _ = explorer.trace
    explorer.text = TEXT
    assert len(explorer.trace.text) == 7


def test_several_cells_may_wait_at_once(explorer):
    found = []
    threads = [threading.Thread(target=lambda: found.append(explorer.trace)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 6
    assert len({id(trace) for trace in found}) == 1


def test_an_observer_may_read_the_trace(explorer):
    seen = []
    explorer.observe(lambda _change: seen.append(len(explorer.trace.text)), "text")
    explorer.text = "The dog ran."
    assert seen == [4]


# requests


def test_about(page):
    content, _ = page.end_of(page.ask("about"))
    model = content["about"]["model"]
    assert (model["name"], model["layers"], model["heads"], model["limit"]) == ("tiny-causal", 4, [4] * 4, 512)
    assert model["teaching"]
    assert model["source"] is None  # an object was given to this one
    assert len(content["about"]["examples"]) >= 3


def test_a_frame_is_what_the_trace_says(page, explorer):
    header, arrays = page.frame(text=TEXT, layer=2, head=1, caret=[len("The cat")] * 2)
    assert header["query"] == [1, 2]
    assert header["tokens"]["pieces"] == ["The", "cat", "sat", "on", "the", "mat", "."]
    assert arrays["matrix"] == pytest.approx(explorer.trace.weights(2, 1).numpy(), rel=1e-5, abs=1e-6)
    assert arrays["row"] == pytest.approx(explorer.trace.weights(2, 1)[1].numpy(), rel=1e-5, abs=1e-6)
    assert arrays["thumbnails"].shape == (4, 4, 7, 7)
    top = header["predictions"]["top"]
    expected = explorer.trace.logits(1)[0].softmax(-1)
    assert [entry["probability"] for entry in top] == pytest.approx(
        expected.topk(5).values.tolist(), rel=1e-5, abs=1e-6
    )
    assert header["predictions"]["actual"]["piece"].strip() == "sat"


def test_a_preview_has_no_overview(page):
    content, buffers = page.end_of(page.ask("preview", text=TEXT, layer=1, head=1, query=[2, 3]))
    _, arrays = decode(buffers[0])
    assert content["status"] == "ok"
    assert set(arrays) == {"matrix", "row", "column"}


def test_predictions_at_a_position(page, explorer):
    content, _ = page.end_of(page.ask("predict", text=TEXT, position=4))
    expected = explorer.trace.logits(4)[0].softmax(-1)
    assert content["predictions"]["top"][0]["probability"] == pytest.approx(float(expected.max()), rel=1e-5, abs=1e-6)
    content, _ = page.end_of(page.ask("predict", text=TEXT, position=40))
    assert content["code"] == "bad_request"


def test_verify(page):
    content, _ = page.end_of(page.ask("verify", text=TEXT))
    assert content["verify"]["error"] < 1e-5
    content, _ = page.end_of(page.ask("verify", text="the " * 300))
    assert content["verify"] is None


def test_thirty_keystrokes_end_in_the_last_and_each_is_answered_once(page):
    typed = "The capital of France is Paris"
    numbers = [page.ask("frame", text=typed[: n + 1], caret=[n + 1, n + 1]) for n in range(30)]
    content, buffers = page.end_of(numbers[-1])
    assert content["status"] == "ok"
    assert decode(buffers[0])[0]["tokens"]["pieces"][-1] == "Paris"
    ends = [page.end_of(number)[0]["status"] for number in numbers]
    assert set(ends) <= {"ok", "superseded"}
    assert len([content for content, _ in page.answers if content["status"] != "progress"]) == 30


def test_a_text_over_the_limit(page):
    text = " ".join(["the"] * 600)
    content, _ = page.end_of(page.ask("frame", text=text))
    assert (content["code"], content["tokens"], content["limit"]) == ("too_long", 600, 512)
    assert "600" in content["message"]
    header, _ = page.frame(text=text, first=True)
    assert header["truncated"] == {"shown": 512, "total": 600}
    assert header["query"] == [511, 512]
    page.sets(text=text)
    assert len(page.explorer.trace.text) == 512  # the trace on screen


@pytest.mark.parametrize(("text", "code"), [("", "empty"), ("x" * 200_001, "too_large")])
def test_texts_that_cannot_be_read(page, text, code):
    content, _ = page.end_of(page.ask("frame", text=text))
    assert (content["status"], content["code"]) == ("error", code)
    assert page.frame(text=TEXT)  # and the next one is


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "</script>", "a\ud800b", "שלום", "👩‍👩‍👧 😀", "\x00"])
def test_odd_texts(page, text):
    header, arrays = page.frame(text=text)
    assert len(header["tokens"]["pieces"]) == arrays["row"].shape[0]
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    assert all(stop <= units for _, stop in header["tokens"]["spans"])


def test_garbage_is_dropped_and_bad_fields_are_answered(page, caplog):
    for content in (None, [], "x", {"kind": "frame"}, {"id": 4}):
        page.post(content)
    assert page.answers == []
    content, _ = page.end_of(page.ask("frame", text=TEXT, layer=99))
    assert content["code"] == "bad_request"
    content, _ = page.end_of(page.ask("nonsense"))
    assert "nonsense" in content["message"]
    assert page.frame(text=TEXT)
    assert "dropped a message" in caplog.text


def test_a_failure_inside_the_model_is_one_sentence(page, explorer, monkeypatch, caplog):
    def broken(*_args, **_kw):
        raise ZeroDivisionError("somewhere deep")

    monkeypatch.setattr(explorer._session, "read", broken)
    content, _ = page.end_of(page.ask("frame", text="new"))
    assert content["code"] == "failed"
    assert "somewhere deep" in content["message"]
    assert "Traceback" in caplog.text
    monkeypatch.undo()


def test_an_explorer_whose_model_fails_is_shown_all_the_same(explorer, monkeypatch):
    def broken(*_args, **_kw):
        raise ZeroDivisionError("somewhere deep")

    monkeypatch.setattr(explorer._session, "read", broken)
    data, _ = explorer._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id


def test_the_pages_traits_arrive_together(page, explorer):
    # A query of the new text may stand before the text in the message.
    page.sets(query=[20, 21], text="the " * 30, layer=3)
    assert (explorer.query, explorer.layer) == ((20, 21), 3)


def test_two_explorers_on_one_model_do_not_starve_each_other(tiny, monkeypatch):
    pages = [Page(Explorer(tiny, TEXT), monkeypatch) for _ in range(2)]
    numbers = [(page, page.ask("frame", text=f"{TEXT} {n}")) for n in range(8) for page in pages]
    for page, number in numbers[-2:]:
        assert page.end_of(number)[0]["status"] == "ok"


def test_an_encoder(minilm, monkeypatch):
    page = Page(Explorer(minilm, "The river bank was quiet."), monkeypatch)
    header, _ = page.frame(text="The river bank was quiet.", layer=5, head=11, caret=[14, 14])
    assert header["tokens"]["pieces"][header["query"][0]] == "bank"
    assert not header["causal"]
    assert header["predictions"] is None
    assert header["tokens"]["special"][0]
    content, _ = page.end_of(page.ask("about"))
    assert content["about"]["model"]["kind"] == "encoder"
    assert content["about"]["model"]["layers"] == 6


def test_a_model_in_bf16_and_train_mode(tiny, monkeypatch):
    import torch

    model = build("llama-grouped").to(torch.bfloat16).train()
    model.resize_token_embeddings(1024)
    page = Page(aw.explore(model, TEXT, tokenizer=tiny.tokenizer), monkeypatch)
    header, arrays = page.frame(text=TEXT)
    assert arrays["matrix"].sum(-1) == pytest.approx([1] * 7, abs=1e-4)
    assert header["heads"] == [8, 8, 8]
    assert model.training


def test_a_masked_language_model_predicts_this_token(tiny, monkeypatch):
    model = build("bert-masked-lm")
    model.resize_token_embeddings(1024)
    explorer = aw.explore(model, TEXT, tokenizer=tiny.tokenizer)
    header, _ = Page(explorer, monkeypatch).frame(text=TEXT, query=[2, 3])
    assert header["predictions"]["kind"] == "this token"
    assert header["predictions"]["actual"]["piece"].strip() == "sat"
    # What stands in for a word is none itself.
    assert predictions(explorer.trace, "self", 2, lambda _: " <mask>")["actual"] is None


def test_a_sentence_where_a_tokenizer_is_missing():
    with pytest.raises(aw.AttnWidgetError, match="tokenizer"):
        aw.explore(build("gpt2"), TEXT)
