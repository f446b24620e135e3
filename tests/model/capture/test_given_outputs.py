"""Whole outputs of transformers handed to from_weights, beside one eager pass over the same tokens."""

import copy

import pytest
import torch
import transformers as hf

import attnwidget as aw
from tests.model.families import FAMILIES
from tests.model.families import build as family_of
from tests.model.live.generating import NEW, PROMPT, build, eager, maps_of, run_own, whole_pass
from tests.model.small import small

OPTIONS = {"max_new_tokens": NEW, "do_sample": False, "output_attentions": True}


def pieces(ids):
    return [f"t{number}" for number in ids.flatten().tolist()]


@pytest.mark.parametrize("name", ["gpt2", "llama-grouped", "gptj-fallback", "jamba-hybrid", "t5", "bart"])
def test_the_steps_of_generate(name):
    model = build(name)
    output = run_own(eager(model), PROMPT, **OPTIONS)
    read, source = output.sequences[:, :-1], pieces(PROMPT)
    texts = (pieces(read), source) if model.config.is_encoder_decoder else (pieces(read),)
    trace = aw.Trace.from_weights(output, *texts)
    whole = whole_pass(model, read)
    assert trace.parts == (("encoder", "decoder", "cross") if len(texts) == 2 else ("self",))
    for part in trace.parts:
        for block, expected in zip(trace.part_blocks(part), maps_of(whole, part), strict=True):
            assert torch.allclose(block.dense, expected, atol=1e-5)
    assert trace.text.pieces == tuple(texts[0])
    with pytest.raises(aw.AttnWidgetError, match=r"never fed back.* tokens\[:-1\]"):
        aw.Trace.from_weights(output, pieces(output.sequences), *texts[1:])
    if len(texts) == 1:
        alone = aw.Trace.from_weights(output.attentions, *texts)
        assert torch.equal(alone.weights(0), trace.weights(0))


@pytest.mark.parametrize("name", ["mistral-window", "gpt_oss-sinks"])
def test_steps_whose_cache_forgets(name):
    output = run_own(eager(build(name)), PROMPT, **OPTIONS)
    with pytest.raises(aw.AttnWidgetError, match="drops keys"):
        aw.Trace.from_weights(output, pieces(output.sequences[:, :-1]))


@pytest.mark.parametrize("name", ["gpt2", "t5"])
def test_beams_are_refused_for_the_text_that_was_chosen(name):
    model = eager(build(name))
    output = run_own(model, PROMPT, **OPTIONS, num_beams=2)
    crossed = model.config.is_encoder_decoder
    texts = (pieces(output.sequences[:, :-1]), pieces(PROMPT)) if crossed else (pieces(output.sequences[:, :-1]),)
    call = r"trace\(x, target=ids\)" if crossed else r"trace\(ids\)"
    for given in (output, dict(output)):
        with pytest.raises(aw.AttnWidgetError, match=rf"beam search.*{call}"):
            aw.Trace.from_weights(given, *texts)
    with pytest.raises(aw.AttnWidgetError, match=r"beam search.*ids"):  # their steps alone
        aw.Trace.from_weights(output.decoder_attentions if crossed else output.attentions, texts[0])


def test_beams_of_whisper_look_like_one_text():
    """It hands out one row a step, and these are rows of other beams."""
    model = small("whisper")
    model.set_attn_implementation("eager")
    model.generation_config.suppress_tokens = model.generation_config.begin_suppress_tokens = None
    sound = torch.randn(1, 8, 16, generator=torch.Generator().manual_seed(0))
    output = model.generate(sound, num_beams=4, max_new_tokens=6, output_attentions=True, return_dict_in_generate=True)
    ids = output.sequences[:1, :-1]
    texts = pieces(ids), [f"{20 * i} ms" for i in range(8)]
    assert {step[0].shape[0] for step in output.cross_attentions} == {1}
    with pytest.raises(aw.AttnWidgetError, match=r"beam search.*trace\(x, target=ids\)"):
        aw.Trace.from_weights(output, *texts)
    trace = aw.load(model).trace({"input_features": sound}, target=ids)
    assert trace.tokens("cross")[0].ids == tuple(ids[0].tolist())


def test_one_beam_is_a_text():
    output = run_own(eager(build("gpt2")), PROMPT, **OPTIONS, num_beams=1)
    assert aw.Trace.from_weights(output, pieces(output.sequences[:, :-1])).path == "given"


@pytest.mark.parametrize("name", ["bert-masked-lm", "gpt2", "vit", "t5", "gpt2-cross", "jamba", "gpt-oss-sinks"])
def test_the_output_of_a_forward_pass(name):
    model = family_of(name)
    inputs = FAMILIES[name].inputs(12)
    trace = aw.load(copy.deepcopy(model)).trace(inputs)
    model.set_attn_implementation("eager")
    with torch.no_grad():
        output = model(**inputs, output_attentions=True)
    query, key = trace.tokens("cross" if "cross" in trace.parts else None)
    again = aw.Trace.from_weights(output, query, key if "cross" in trace.parts else None)
    assert set(again.parts) == set(trace.parts)
    for part in trace.parts:
        for own, block in zip(again.part_blocks(part), trace.part_blocks(part), strict=True):
            expected = trace.weights(block.layer, part=part)
            assert torch.allclose(own.dense, expected, atol=FAMILIES[name].tolerance)
    with_dict = aw.Trace.from_weights(dict(output), query, key if "cross" in trace.parts else None)
    assert repr(with_dict) == repr(again)


@pytest.mark.parametrize("name", ["gpt2", "t5"])
def test_models_with_fused_attention_return_none(name):
    model = family_of(name)
    model.set_attn_implementation("sdpa")
    output = model(**FAMILIES[name].inputs(12))
    with pytest.raises(aw.AttnWidgetError, match=r"attentions of this \w+Output\w* are empty or None.*eager"):
        aw.Trace.from_weights(output, ["a"] * 12)
    nothing = {"attentions": (None, None), "cross_attentions": ()}
    with pytest.raises(aw.AttnWidgetError, match=r"attentions, cross_attentions of this dict are empty or None.*eager"):
        aw.Trace.from_weights(nothing, ["a"] * 12)


def test_two_towers_are_given_one_by_one():
    maps = torch.rand(1, 2, 3, 3).softmax(-1)
    text = hf.modeling_outputs.BaseModelOutputWithPooling(attentions=(maps,))
    output = hf.models.clip.modeling_clip.CLIPOutput(text_model_output=text, logits_per_text=torch.rand(1, 1))
    with pytest.raises(aw.AttnWidgetError, match=r"CLIPOutput has no attentions of its own.*text_model_output"):
        aw.Trace.from_weights(output, ["a", "b", "c"])
    trace = aw.Trace.from_weights(output.text_model_output, ["a", "b", "c"], part="text")
    assert trace.parts == ("text",)
    assert torch.equal(trace.weights(0), maps[0])


def test_a_batch_and_an_output_without_any():
    output = hf.modeling_outputs.BaseModelOutput(attentions=(torch.rand(2, 2, 3, 3).softmax(-1),))
    with pytest.raises(aw.AttnWidgetError, match="batch of 2"):
        aw.Trace.from_weights(output, ["a", "b", "c"])
    with pytest.raises(aw.AttnWidgetError, match="BaseModelOutput are empty or None"):
        aw.Trace.from_weights(hf.modeling_outputs.BaseModelOutput(), ["a", "b", "c"])


def test_weights_of_a_model_in_train_mode():
    model = family_of("gpt2").train()
    model.set_attn_implementation("eager")
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.3
    torch.manual_seed(0)
    output = model(**FAMILIES["gpt2"].inputs(12), output_attentions=True)
    with pytest.raises(aw.AttnWidgetError, match=r"eval mode \(dropout"):
        aw.Trace.from_weights(output, ["a"] * 12)
