"""A generated trace beside transformers: its own `generate`, and eager attention over everything in one pass."""

from dataclasses import dataclass
from typing import Any

import pytest
import torch
import transformers as hf
from torch import Tensor

import attnwidget as aw
from attnwidget.engine import memory
from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import OutOfMemory
from tests.model.live.generating import (
    DECODER,
    FAMILIES,
    NEW,
    PROMPT,
    SIDE,
    SIDES,
    build,
    eager,
    maps_of,
    run_own,
    whole_pass,
)


@dataclass
class Case:
    """A trace that attnwidget generated, and everything that transformers says of the same text."""

    family: str
    model: Any
    trace: Trace
    read_again: int
    own: Any  # what the user's model.generate returns
    whole: Any  # eager, one pass over all ids

    @property
    def part(self) -> str:
        return "decoder" if "decoder" in self.trace.parts else "self"


@pytest.fixture(scope="module", params=FAMILIES)
def case(request):
    model = build(request.param)
    at_hand = aw.load(model)
    passes = []
    plain = at_hand._read
    at_hand._read = lambda *given, **named: passes.append(given) or plain(*given, **named)
    trace = at_hand.generate(PROMPT, max_new_tokens=NEW)
    own = run_own(model, PROMPT, max_new_tokens=NEW)
    return Case(request.param, model, trace, len(passes), own, whole_pass(model, own.sequences))


# --- every family


def test_the_tokens_are_those_of_the_users_own_generate(case):
    tokens = case.trace.tokens(case.part)[0]
    assert list(tokens.ids) == case.own.sequences[0].tolist()
    assert [step.id for step in case.trace.steps] == case.own.sequences[0, -NEW:].tolist()
    assert [step.position for step in case.trace.steps] == list(range(len(tokens)))[-NEW:]


def test_every_weight_is_that_of_one_eager_pass_over_everything(case):
    for part in case.trace.parts:
        maps = maps_of(case.whole, part)
        assert len(maps) == len(case.trace.part_blocks(part))
        for block, expected in zip(case.trace.part_blocks(part), maps, strict=True):
            found = case.trace.weights(block.layer, part=part)
            torch.testing.assert_close(found, expected.float(), atol=1e-5, rtol=0)


def test_every_row_is_that_of_its_own_step_in_eager_generation(case):
    start = case.own.sequences.shape[1] - NEW
    steps = run_own(eager(case.model), PROMPT, max_new_tokens=NEW, output_attentions=True)
    assert steps.sequences.tolist() == case.own.sequences.tolist()
    of_steps = steps.decoder_attentions if case.part == "decoder" else steps.attentions
    blocks = case.trace.part_blocks(case.part)
    for number, layers in enumerate(of_steps):
        maps = [maps[0].float() for maps in layers if isinstance(maps, Tensor)]
        known = start + number
        for block, expected in zip(blocks, maps, strict=True):
            # A sliding cache of transformers has forgotten the first columns: nobody reads them.
            rows = slice(known - expected.shape[-2], known)
            found = case.trace.weights(block.layer, part=case.part, queries=rows).detach()
            columns = slice(known - expected.shape[-1], known)
            torch.testing.assert_close(found[..., columns], expected, atol=1e-5, rtol=0)
            assert float(found.sum()) == pytest.approx(float(found[..., columns].sum()))


def test_the_logits_at_every_position_are_those_of_one_pass(case):
    found, expected = case.trace.logits(slice(None)), case.whole.logits[0]
    scale = float(expected.abs().max())
    torch.testing.assert_close(found / scale, expected / scale, atol=1e-5, rtol=0)


def test_the_steps_are_softmax_of_the_raw_scores(case):
    for step, scores in zip(case.trace.steps, case.own.logits, strict=True):
        probabilities = scores[0].softmax(-1)
        assert step.probability == pytest.approx(float(probabilities[step.id]), rel=1e-5, abs=1e-6)
        order = scores[0].argsort(descending=True).tolist()
        assert step.rank == 1 + order.index(step.id)
        assert [runner.id for runner in step.runners] == [number for number in order if number != step.id][:5]
        for runner in step.runners:
            assert runner.probability == pytest.approx(float(probabilities[runner.id]), rel=1e-5, abs=1e-6)


def test_only_what_is_outside_the_interface_is_read_again(case):
    outside = not case.model._can_set_attn_implementation()
    assert case.read_again == outside
    assert case.trace.path == ("eager" if outside else "interface")


def test_a_causal_map_needs_no_mask_of_its_own(case):
    if case.family in {"gpt2", "llama-grouped", "jamba-hybrid", "bart"}:
        assert all(block.mask is None for block in case.trace.blocks)
        assert all(block.causal for block in case.trace.part_blocks(case.part))


# --- images, sounds, odd families


VISION = {**SIDES, "image_size": 32, "patch_size": 8}


def test_an_image_is_read_once_and_every_token_sees_it():
    config = hf.LlavaConfig(
        vision_config=hf.CLIPVisionConfig(**VISION),
        text_config=hf.LlamaConfig(**DECODER),
        image_token_id=99,
        vision_feature_layer=-1,
    )
    torch.manual_seed(5)
    model = hf.LlavaForConditionalGeneration(config).eval()
    ids = torch.tensor([[1, 5, *[99] * 16, 7, 8]])
    given = {"input_ids": ids, "pixel_values": torch.randn(1, 3, 32, 32), "attention_mask": torch.ones_like(ids)}
    own = model.generate(**given, max_new_tokens=NEW)
    trace = aw.load(model).generate(given, max_new_tokens=NEW)
    assert trace.parts == ("vision", "text")
    assert list(trace.text.ids) == own[0].tolist()
    with torch.no_grad():
        expected = eager(model)(own, pixel_values=given["pixel_values"], output_attentions=True)
    for layer, maps in enumerate(expected.attentions):
        torch.testing.assert_close(trace.weights(layer, part="text"), maps[0], atol=1e-5, rtol=0)
    torch.testing.assert_close(trace.logits(slice(None)), expected.logits[0], atol=1e-5, rtol=0)


def test_a_sound_is_written_down_token_by_token():
    sides = {f"{side}_{what}": size for side in ("encoder", "decoder") for what, size in SIDE.items()}
    special = {"decoder_start_token_id": 3, "eos_token_id": 2, "pad_token_id": 1, "bos_token_id": 1}
    sizes = {"vocab_size": 200, "max_source_positions": 50, "max_target_positions": 40, "num_mel_bins": 16}
    torch.manual_seed(5)
    config = hf.WhisperConfig(**sides, **special, **sizes, d_model=32, suppress_tokens=None, begin_suppress_tokens=None)
    model = hf.WhisperForConditionalGeneration(config).eval()
    sound = {"input_features": torch.randn(1, 16, 100)}
    own = model.generate(**sound, max_new_tokens=NEW)
    trace = aw.load(model).generate(sound, max_new_tokens=NEW)
    ids = trace.tokens("decoder")[0].ids
    assert list(ids[1:]) == own[0].tolist()  # transformers leaves out the start token here
    with torch.no_grad():
        expected = eager(model)(**sound, decoder_input_ids=torch.tensor([ids]), output_attentions=True)
    for part in ("encoder", "decoder", "cross"):
        for layer, maps in enumerate(maps_of(expected, part)):
            torch.testing.assert_close(trace.weights(layer, part=part), maps, atol=1e-5, rtol=0)


def test_a_family_whose_source_promises_more_than_it_does_generates_its_own_tokens():
    # The vision tower of GIT follows the interface and its text does not: masks made for the one are wrong for the other.
    sizes = {name: size for name, size in DECODER.items() if name != "num_key_value_heads"}
    torch.manual_seed(5)
    model = hf.GitForCausalLM(hf.GitConfig(**sizes, vision_config=VISION)).eval()
    with torch.no_grad():
        for parameter in {parameter for parameter in model.parameters() if parameter.ndim == 2}:
            parameter.mul_(6)
    model.generation_config.eos_token_id = None
    heard = []
    trace = aw.load(model).generate(PROMPT, max_new_tokens=NEW, on_token=heard.append)
    assert list(trace.text.ids) == run_own(model, PROMPT, max_new_tokens=NEW).sequences[0].tolist()
    assert tuple(heard) == trace.steps
    assert trace.path == "eager"


def test_a_model_that_reads_both_ways_is_refused():
    torch.manual_seed(5)
    sizes = {"n_layer": 2, "n_head": 4, "d_model": 32, "d_inner": 32, "vocab_size": 100}
    model = hf.XLNetLMHeadModel(hf.XLNetConfig(**sizes)).eval()
    with pytest.raises(aw.AttnWidgetError, match="attends in both directions"):
        aw.load(model).generate(PROMPT, max_new_tokens=3)


def test_a_model_that_leaves_generation_to_another_is_refused():
    sizes = {name: DECODER[name] for name in ("num_hidden_layers", "num_attention_heads", "hidden_size", "vocab_size")}
    config = hf.Blip2Config(
        vision_config=VISION,
        qformer_config={**SIDES, "encoder_hidden_size": 32},
        text_config=hf.OPTConfig(**sizes, ffn_dim=32, word_embed_proj_dim=32, max_position_embeddings=64).to_dict(),
        num_query_tokens=4,
        image_token_index=99,
    )
    model = hf.Blip2ForConditionalGeneration(config).eval()
    given = {"input_ids": torch.tensor([[99] * 4 + [5, 6, 7]]), "pixel_values": torch.randn(1, 3, 32, 32)}
    with pytest.raises(aw.AttnWidgetError, match="delegates generation to a model inside it"):
        aw.load(model).generate(given, max_new_tokens=3)


def test_what_is_to_be_produced_counts_towards_memory(tiny, monkeypatch):
    monkeypatch.setattr(memory, "SMALL_READING", 0)
    monkeypatch.setattr(memory, "available", lambda _device: memory.needed(tiny.model, 12, "interface"))
    prompt = len(tiny.tokens("The cat sat on the"))
    assert len(tiny.generate("The cat sat on the", max_new_tokens=12 - prompt).text) == 12
    with pytest.raises(OutOfMemory, match="Running 13 tokens"):
        tiny.generate("The cat sat on the", max_new_tokens=13 - prompt)
