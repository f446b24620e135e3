"""The explorer over models of every kind: hybrids, encoder-decoders, towers, eager maps, and heads that classify."""

from dataclasses import replace

import pytest
import torch

import attnwidget as aw
from attnwidget.widget.answering import progress
from attnwidget.widget.explorer import Explorer
from tests.model.small import TEXT, small, words
from tests.model.widget.played_page import Page

SPECIAL = {"class", "label", "answer"}


def explored(name, **options):
    return aw.explore(small(name), TEXT, tokenizer=words(special=name in SPECIAL), **options)


def opened(name, monkeypatch, **options):
    return Page(explored(name, **options), monkeypatch)


def outputs(name, **options):
    """What transformers itself says of the text."""
    model, tokenizer = small(name), words(special=name in SPECIAL)
    with torch.no_grad():
        return model(**{"input_ids": tokenizer(TEXT, return_tensors="pt")["input_ids"], **options})


@pytest.mark.parametrize(
    ("name", "kind", "heads", "part", "path", "predicts"),
    [
        ("jamba", "decoder", [0, 4, 0, 4], "self", "interface", "next token"),
        ("t5", "encoder-decoder", [4, 4, 4], "encoder decoder cross", "interface", None),
        ("clip", "two towers", [4, 4], "text", "interface", None),
        ("clip-text", "encoder", [4, 4], "self", "interface", None),
        ("bloom", "decoder", [4, 4], "self", "eager", "next token"),
        ("class", "encoder", [4, 4], "self", "interface", "class"),
        ("label", "encoder", [4, 4], "self", "interface", "label"),
        ("answer", "encoder", [4, 4], "self", "interface", "answer span"),
        ("gpt-oss", "decoder", [4, 4], "self", "interface", "next token"),
    ],
)
def test_what_is_said_of_a_model_is_what_its_first_frame_shows(name, kind, heads, part, path, predicts, monkeypatch):
    page = opened(name, monkeypatch)
    about = page.about()
    assert (about["kind"], about["heads"], about["layers"]) == (kind, heads, len(heads))
    assert (about["parts"], about["path"], about["predicts"]) == (part.split(), path, predicts)
    part = part.split()[0]
    header, arrays = page.frame(text=TEXT)  # of layer 0 of part "self", which some of them do not have
    assert (header["part"], header["heads"], header["path"]) == (part, heads, path)
    assert page.explorer.part == part
    exact = page.explorer.trace.weights(header["layer"], header["head"], part)
    assert arrays["matrix"] == pytest.approx(exact.detach().numpy(), rel=1e-5, abs=1e-6)


# layers without attention


def test_a_hybrid_opens_where_it_attends_and_says_where_that_is():
    explorer = explored("jamba")
    assert (explorer.layer, explorer.head) == (1, 0)
    for wrong in (0, 2, -2):
        with pytest.raises(aw.AttnWidgetError, match=r"no attention.*layers 1, 3"):
            explorer.layer = wrong
    with pytest.raises(aw.AttnWidgetError, match="layers 1, 3"):
        explorer.show("L2H3")
    with pytest.raises(aw.AttnWidgetError, match="layers 1, 3"):
        explored("jamba", layer=0)
    with pytest.raises(aw.AttnWidgetError, match="no layer 4"):
        explorer.layer = 4
    assert (explorer.layer, explorer.head) == (1, 0)
    explorer.show("L-1H2")
    assert (explorer.layer, explorer.head) == (3, 2)


def test_a_page_that_asks_for_a_layer_without_attention_gets_the_nearest(monkeypatch):
    page = opened("jamba", monkeypatch)
    header, arrays = page.frame(text=TEXT, layer=0, head=3)
    assert (header["layer"], header["head"]) == (1, 3)
    assert header["title"] == "Layer 1 · Head 3"
    assert not arrays["thumbnails"][[0, 2]].any()
    assert (arrays["thumbnails"][[1, 3]].max((-1, -2)) == 255).all()
    content, _ = page.end_of(page.ask("frame", text=TEXT, layer=4))
    assert content["code"] == "bad_request"


def test_rollout_of_a_hybrid_says_what_it_leaves_out(monkeypatch):
    page = opened("jamba", monkeypatch)
    header, arrays = page.frame(text=TEXT, source="rollout")
    assert "layers without attention left out" in header["recipe"]
    maps = [page.explorer.trace.weights(layer).mean(0) for layer in (3, 1)]
    steps = [0.5 * torch.eye(len(maps[0])) + 0.5 * one for one in maps]
    assert arrays["matrix"] == pytest.approx((steps[0] @ steps[1]).numpy(), rel=1e-5, abs=1e-6)


def with_heads(heads):
    """A hybrid whose configuration says something else of its layers, or nothing."""
    model = aw.load(small("jamba"), words())
    model.facts = replace(model.facts, heads=heads)
    return model


def test_layers_that_nothing_tells_of_are_read_from_the_text(monkeypatch):
    page = Page(Explorer(with_heads(()), TEXT), monkeypatch)
    assert page.explorer.layer == 1
    assert page.about()["heads"] == [0, 4, 0, 4]


def test_layers_that_nothing_tells_of_wait_for_a_text(monkeypatch):
    page = Page(Explorer(with_heads(()), ""), monkeypatch)
    assert (page.explorer.layer, page.about()["heads"]) == (0, [])
    with pytest.raises(aw.AttnWidgetError, match="after the first text"):
        page.explorer.layer = 1
    page.explorer.text = TEXT
    assert page.explorer.wait(20)
    assert page.explorer.layer == 1


def test_what_the_text_shows_stands_above_what_the_configuration_says(monkeypatch):
    explorer = Explorer(with_heads((4, 4)), TEXT)
    assert explorer.layer == 0
    assert explorer.trace.heads() == (0, 4, 0, 4)
    assert explorer.layer == 1
    explorer.layer = 3
    page = Page(Explorer(with_heads((4, 4)), TEXT), monkeypatch)
    assert page.frame(text=TEXT)[0]["layer"] == 1
    page.sets(layer=3, head=2)
    assert (page.explorer.layer, page.explorer.head) == (3, 2)


def test_a_head_stays_inside_a_layer_with_fewer(monkeypatch):
    model = with_heads((2, 0, 4))
    monkeypatch.setattr("attnwidget.widget.explorer.seen", lambda _trace: page.explorer._shown)
    page = Page(Explorer(model, TEXT, layer=2, head=3), monkeypatch)
    page.explorer.layer = 0
    assert page.explorer.head == 1
    page.sets(head=3, layer=2)  # a head of the new layer, named before it
    assert (page.explorer.layer, page.explorer.head) == (2, 3)


@pytest.mark.parametrize(("name", "calls"), [("jamba", 2), ("t5", 7)])
def test_progress_counts_the_layers_that_attend(name, calls, monkeypatch):
    monkeypatch.setattr(progress, "EVERY", -1)
    page = opened(name, monkeypatch)
    for text in ("the bank", "the river bank was quiet"):
        number = page.ask("frame", text=text)
        page.end_of(number)
        said = [content for content, _ in page.answers if content["id"] == number]
        steps = [(content["done"], content["total"]) for content in said if content["status"] == "progress"]
        assert steps == sorted(steps)
        assert steps[-1] == (calls, calls)
        assert all(done <= total for done, total in steps)
    # What a pass of an encoder-decoder takes in all is known once there was one.
    assert {total for _, total in steps} == {calls}


# parts


@pytest.mark.parametrize("asked", ["self", "encoder", "text"])
@pytest.mark.parametrize(("name", "part", "title"), [("t5", "encoder", "Encoder"), ("clip", "text", "Text")])
def test_the_part_that_reads_the_text_is_shown_and_named(name, part, title, asked, monkeypatch):
    page = opened(name, monkeypatch)
    header, _ = page.frame(text=TEXT, part=asked, layer=1, head=2)
    assert (header["part"], header["title"]) == (part, f"{title} layer 1 · Head 2")
    assert page.frame(text=TEXT, layer=1, source="layer")[0]["title"] == f"{title} layer 1 · mean of 4 heads"
    layers = len(header["heads"])
    rollout = page.frame(text=TEXT, source="rollout")[0]["title"]
    assert rollout == f"Rollout · {part} layers 0 to {layers - 1}"


def test_other_parts_are_refused_in_one_sentence(monkeypatch):
    page = opened("clip", monkeypatch)
    for part in ("vision", "self", None):
        with pytest.raises(aw.AttnWidgetError, match="must be 'text', not"):
            page.explorer.part = part
    with pytest.raises(aw.AttnWidgetError, match="'encoder' or 'decoder' or 'cross', not 'self'"):
        explored("t5", part="self")
    content, _ = page.end_of(page.ask("frame", text=TEXT, part="cross"))
    assert content["code"] == "bad_request"
    assert "must be 'text'" in content["message"]
    assert page.explorer.part == "text"


def test_beside_an_encoder_nothing_is_predicted(monkeypatch):
    page = opened("t5", monkeypatch)
    assert page.frame(text=TEXT)[0]["predictions"] is None
    assert page.end_of(page.ask("predict", text=TEXT, position=0))[0]["predictions"] is None


@pytest.mark.parametrize(("name", "reads"), [("wav2vec2", "input_values"), ("whisper", "input_features")])
def test_a_model_that_reads_sounds_needs_what_makes_them_its_input(name, reads):
    with pytest.raises(aw.AttnWidgetError, match=rf"without a processor.*processor=processor.*{reads}"):
        explored(name)


def test_a_model_that_reads_pictures_needs_what_makes_them_its_input():
    with pytest.raises(aw.AttnWidgetError, match=r"without a processor.*processor=processor.*pixel_values"):
        explored("vit")


# how the weights were come by


def test_eager_maps_are_the_models_own_and_called_so(monkeypatch):
    page = opened("bloom", monkeypatch)
    maps = outputs("bloom", output_attentions=True).attentions
    header, arrays = page.frame(text=TEXT, layer=1, head=2)
    assert arrays["matrix"] == pytest.approx(maps[1][0, 2].numpy(), rel=1e-5, abs=1e-6)
    assert header["recipe"].startswith("the model's own eager maps, one head")
    assert "eager maps" in page.frame(text=TEXT, source="layer")[0]["recipe"]
    assert "from the model's own eager maps" in page.frame(text=TEXT, source="rollout")[0]["recipe"]
    content, _ = page.end_of(page.ask("verify", text=TEXT))
    assert (content["status"], content["verify"]) == ("ok", None)


def test_rows_that_a_sink_outside_the_text_takes_from_are_said_to_sum_to_less(monkeypatch):
    page = opened("gpt-oss", monkeypatch)
    header, arrays = page.frame(text=TEXT, layer=1, head=1)
    low, high = arrays["matrix"].sum(-1).min(), arrays["matrix"].sum(-1).max()
    assert 0 < low < high < 0.99
    assert header["recipe"].endswith(f"rows sum to {low:.3f} to {high:.3f}")


# what they predict


def shares(found):
    return [entry["probability"] for entry in found["top"]]


def test_a_class_is_that_of_the_whole_text(monkeypatch):
    found = opened("class", monkeypatch).frame(text=TEXT)[0]["predictions"]
    expected = outputs("class").logits[0].softmax(-1)
    assert (found["kind"], found["position"], found["actual"]) == ("class", None, None)
    assert shares(found) == pytest.approx(expected.sort(descending=True).values.tolist(), rel=1e-5, abs=1e-6)
    assert found["top"][0]["piece"] == ("NEGATIVE", "POSITIVE")[int(expected.argmax())]


def test_a_label_is_that_of_the_token(monkeypatch):
    page = opened("label", monkeypatch)
    expected = outputs("label").logits[0].softmax(-1)
    for position in (0, 3, 7):
        found = page.end_of(page.ask("predict", text=TEXT, position=position))[0]["predictions"]
        assert (found["kind"], found["position"]) == ("label", position)
        assert found["top"][0]["piece"] == ("O", "B-PLACE", "I-PLACE")[int(expected[position].argmax())]
        assert shares(found)[0] == pytest.approx(float(expected[position].max()), rel=1e-5, abs=1e-6)


def test_an_answer_is_a_stretch_of_the_text(monkeypatch):
    found = opened("answer", monkeypatch).frame(text=TEXT)[0]["predictions"]
    spans = outputs("answer")
    start, end = (logits[0].softmax(-1)[1:-1] for logits in (spans.start_logits, spans.end_logits))
    best = torch.outer(start, end).triu().max()
    assert (found["kind"], found["position"]) == ("answer span", None)
    assert shares(found)[0] == pytest.approx(float(best), rel=1e-5, abs=1e-6)
    assert all(entry["piece"] in TEXT for entry in found["top"])
