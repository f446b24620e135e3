"""A tower that attends within pieces is refused alone: the text that reads it is exact, and everything else of it works."""

import pytest
import torch
import transformers

import attnwidget as aw
from attnwidget.engine import Texts
from attnwidget.frames.compose import compose_frame
from attnwidget.frames.frame import Selection
from tests.model.families import FAMILIES, build

WITHOUT_VISION = {
    "llava-two-pictures": "within 2 separate pieces",
    "smolvlm-five-crops": "within 5 separate pieces",
    "qwen2-vl-two-pictures": "into 2 pieces",
    "qwen2-5-vl-windows": "into 4 pieces",
}


@pytest.fixture(params=WITHOUT_VISION, scope="module")
def read(request):
    """(model, inputs, trace, what the refusal says) of each kind of tower."""
    name = request.param
    if not FAMILIES[name].known():
        pytest.skip(f"this transformers lacks {name}")
    model, given = aw.load(build(name)), FAMILIES[name].inputs(20)
    return model, given, model.trace(given), WITHOUT_VISION[name]


def test_the_reason_is_kept_and_raised_where_the_part_is_asked_for(read):
    _, _, trace, why = read
    assert trace.parts == ("text",)
    assert why in trace.refused["vision"]
    assert repr(trace).endswith("without vision)")
    for ask in (lambda: trace.weights(0, 0, "vision"), lambda: trace.tokens("vision"), lambda: trace.layers("vision")):
        with pytest.raises(aw.AttnWidgetError, match=why):
            ask()


def test_it_is_verified_and_predicts(read):
    model, given, trace, _ = read
    found = model.verify(given)
    assert found.error < 1e-5
    assert found.layers == len(trace.blocks)
    with torch.no_grad():
        whole = model.model(**given).logits[0, -1]
    assert model.predict(trace).top[0].id == int(whole.argmax())


def test_edits_of_the_text_are_made_and_those_of_the_tower_say_why_not(read):
    model, given, trace, why = read
    hidden = model.trace(given, edits="hide text 3")
    assert float(hidden.weights(1, 0, queries=-1, keys=3)) == 0 < float(trace.weights(1, 0, queries=-1, keys=3))
    assert hidden.refused == trace.refused
    for edit in ("silence vision L0H1", "hide vision 2"):
        with pytest.raises(aw.AttnWidgetError, match=why):
            model.trace(given, edits=edit)
        with pytest.raises(aw.AttnWidgetError, match=why):
            model.generate(given, max_new_tokens=1, edits=edit)


def test_it_generates_is_read_again_among_many_and_from_a_file(read, tmp_path):
    model, given, trace, _ = read
    made = model.generate(given, max_new_tokens=3)
    assert made.refused == trace.refused
    assert len(made.steps) == 3
    assert torch.allclose(made.weights(1)[:, : len(trace.text), : len(trace.text)], trace.weights(1), atol=1e-5)
    for again in (
        model.trace(given, reuse=trace),
        *model.traces([given, given]),
        aw.Trace.load(trace.save(tmp_path / "t")),
    ):
        assert again.refused == trace.refused
        assert torch.allclose(again.weights(2), trace.weights(2), atol=1e-6)


def test_experiments_and_gradients_are_those_of_the_text(read):
    model, _, trace, why = read
    exact = aw.head_effects(model, trace)
    alone = aw.effect(model, trace, "silence text L1H2")
    assert float(exact[1, 2]) == pytest.approx(float(alone.difference), abs=1e-4)
    assert len(aw.gradient(model, trace)) == len(trace.text)
    assert len(aw.gradient(model, trace, kind="integrated")) == len(trace.text)
    with pytest.raises(aw.AttnWidgetError, match=why):
        aw.head_effects(model, trace, part="vision")


def test_a_frame_says_what_is_refused(read):
    _, _, trace, why = read
    frame = compose_frame(trace, Selection(layer=0, head=0, query=(0, 1), part="text"), str, texts=Texts(given=True))
    assert why in frame.header["refused"]["vision"]


def test_one_picture_is_whole_again_after_two_were_not():
    model = aw.load(build("llava-two-pictures"))
    two, one = FAMILIES["llava-two-pictures"].inputs(20), FAMILIES["llava-clip"].inputs(20)
    with pytest.raises(aw.AttnWidgetError, match="2 separate pieces"):
        model.trace(two, edits="silence vision L0H1")
    assert model.trace(one, edits="silence vision L0H1").parts == ("vision", "text")
    with pytest.raises(aw.AttnWidgetError, match="2 separate pieces"):
        model.trace(two, edits="silence vision L0H1")


def test_a_resampler_between_two_sequences_is_refused_alone():
    trace = aw.load(build("idefics2")).trace(FAMILIES["idefics2"].inputs(20))
    assert trace.parts == ("vision", "text")
    assert "not self-attention" in trace.refused["connector"]


def test_where_nothing_is_left_the_sentence_is_raised():
    swin = transformers.SwinModel(
        transformers.SwinConfig(
            image_size=24, patch_size=4, embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=3
        )
    )
    with pytest.raises(aw.AttnWidgetError, match="within windows"):
        aw.load(swin.eval())
