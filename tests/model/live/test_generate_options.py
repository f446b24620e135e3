"""Generating as users ask for it: sampling, configs, criteria, limits, and what is refused."""

import pytest
import torch
import transformers as hf
from transformers import GenerationConfig, LogitsProcessor, StoppingCriteria, StoppingCriteriaList

import attnwidget as aw
from tests.model.live.generating import NEW, PROMPT, build, eager, maps_of, run_own, whole_pass


@pytest.fixture
def gpt2():
    return build("gpt2")


SAMPLED = {"do_sample": True, "temperature": 1.7, "top_k": 20, "top_p": 0.9, "repetition_penalty": 1.2}


@pytest.mark.parametrize("family", ["gpt2", "mistral-window", "gptj-fallback", "t5"])
def test_a_seed_gives_the_tokens_of_the_users_own_generate(family):
    model = build(family)
    torch.manual_seed(11)
    own = run_own(model, PROMPT, max_new_tokens=NEW, **SAMPLED)
    after = torch.rand(1)
    torch.manual_seed(11)
    trace = aw.load(model).generate(PROMPT, max_new_tokens=NEW, **SAMPLED)
    assert [step.id for step in trace.steps] == own.sequences[0, -NEW:].tolist()
    assert torch.equal(torch.rand(1), after)
    assert any(step.rank > 1 for step in trace.steps)


def test_probabilities_are_those_before_temperature_and_penalties(gpt2):
    torch.manual_seed(11)
    own = run_own(gpt2, PROMPT, max_new_tokens=NEW, **SAMPLED)
    torch.manual_seed(11)
    steps = aw.load(gpt2).generate(PROMPT, max_new_tokens=NEW, **SAMPLED).steps
    expected = [float(scores[0].softmax(-1)[step.id]) for step, scores in zip(steps, own.logits, strict=True)]
    assert [step.probability for step in steps] == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_a_generation_config_is_followed_and_left_alone(gpt2):
    config = GenerationConfig(do_sample=True, top_k=5, pad_token_id=0, cache_implementation="static", max_length=40)
    before = config.to_dict()
    torch.manual_seed(2)
    plain = GenerationConfig(do_sample=True, top_k=5, pad_token_id=0)
    own = run_own(gpt2, PROMPT, generation_config=plain, max_new_tokens=NEW)
    torch.manual_seed(2)
    trace = aw.load(gpt2).generate(PROMPT, max_new_tokens=NEW, generation_config=config)
    assert list(trace.text.ids) == own.sequences[0].tolist()
    assert config.to_dict() == before


def test_the_models_own_generation_config_counts_as_it_is_now(gpt2):
    at_hand = aw.load(gpt2)
    first = at_hand.generate(PROMPT, max_new_tokens=4)
    gpt2.generation_config.suppress_tokens = [first.steps[0].id]
    second = at_hand.generate(PROMPT, max_new_tokens=4)
    assert second.steps[0].id != first.steps[0].id
    assert second.steps[0].rank == 2
    assert list(second.text.ids) == run_own(gpt2, PROMPT, max_new_tokens=4).sequences[0].tolist()


def test_stopping_criteria_and_logits_processors_of_the_users(gpt2):
    class AfterThree(StoppingCriteria):
        def __call__(self, input_ids, _scores, **_options):
            return torch.full((1,), input_ids.shape[1] >= PROMPT.shape[1] + 3)

    class Only(LogitsProcessor):
        def __call__(self, _input_ids, scores):
            return torch.full_like(scores, -torch.inf).index_fill(1, torch.tensor([42]), 0.0)

    trace = aw.load(gpt2).generate(
        PROMPT, stopping_criteria=StoppingCriteriaList([AfterThree()]), logits_processor=[Only()]
    )
    assert [step.id for step in trace.steps] == [42, 42, 42]
    assert trace.steps[0].probability < 0.9
    assert len(trace.text) == trace.blocks[0].shape[1] == PROMPT.shape[1] + 3


def test_the_end_of_text_ends_it_and_has_a_row(gpt2):
    at_hand = aw.load(gpt2)
    first = at_hand.generate(PROMPT, max_new_tokens=1).steps[0].id
    trace = at_hand.generate(PROMPT, max_new_tokens=NEW, eos_token_id=first)
    assert [step.id for step in trace.steps] == [first]
    assert trace.weights(0, 0).shape == (PROMPT.shape[1] + 1,) * 2


def test_one_token_is_as_good_as_many(gpt2):
    trace = aw.load(gpt2).generate(PROMPT, max_new_tokens=1)
    expected = whole_pass(gpt2, torch.tensor([trace.text.ids]))
    assert len(trace.steps) == 1
    for layer, maps in enumerate(expected.attentions):
        torch.testing.assert_close(trace.weights(layer), maps[0], atol=1e-5, rtol=0)


def test_without_a_cache_the_text_is_read_again(gpt2):
    trace = aw.load(gpt2).generate(PROMPT, max_new_tokens=NEW, use_cache=False)
    own = run_own(gpt2, PROMPT, max_new_tokens=NEW, use_cache=False)
    assert list(trace.text.ids) == own.sequences[0].tolist()
    for layer, maps in enumerate(whole_pass(gpt2, own.sequences).attentions):
        torch.testing.assert_close(trace.weights(layer), maps[0], atol=1e-5, rtol=0)


def test_padding_on_the_left_stays_padding():
    model = build("llama-grouped")
    mask = torch.ones_like(PROMPT)
    mask[:, :3] = 0
    own = model.generate(PROMPT, attention_mask=mask, max_new_tokens=NEW)
    trace = aw.load(model).generate({"input_ids": PROMPT, "attention_mask": mask}, max_new_tokens=NEW)
    assert list(trace.text.ids) == own[0].tolist()
    ones = torch.ones(1, NEW, dtype=torch.long)
    position = (torch.cat([mask, ones], 1).cumsum(1) - 1).clamp(min=0)
    with torch.no_grad():
        expected = eager(model)(
            own, attention_mask=torch.cat([mask, ones], 1), position_ids=position, output_attentions=True
        )
    for layer, maps in enumerate(expected.attentions):
        # What padding itself attends to is no number that anybody reads.
        torch.testing.assert_close(trace.weights(layer)[:, 3:], maps[0][:, 3:], atol=1e-5, rtol=0)


def test_what_a_decoder_begins_with_can_be_given():
    model = build("bart")
    begin = torch.tensor([[2, 17, 31]])
    own = model.generate(PROMPT, decoder_input_ids=begin, max_new_tokens=NEW)
    trace = aw.load(model).generate({"input_ids": PROMPT, "decoder_input_ids": begin}, max_new_tokens=NEW)
    assert list(trace.tokens("decoder")[0].ids) == own[0].tolist()
    assert list(trace.text.ids) == PROMPT[0].tolist()
    assert [step.position for step in trace.steps] == list(range(3, 3 + NEW))
    for part in trace.parts:
        for layer, maps in enumerate(maps_of(whole_pass(model, own), part)):
            torch.testing.assert_close(trace.weights(layer, part=part), maps, atol=1e-5, rtol=0)


def test_the_prompt_may_fill_all_but_the_last_positions(gpt2):
    ids = torch.randint(3, 90, (1, 62), generator=torch.Generator().manual_seed(1))
    assert len(aw.load(gpt2).generate(ids, max_new_tokens=2).text) == 64
    with pytest.raises(
        aw.AttnWidgetError, match=r"62 tokens; with 3 new ones that is 65, .* at most 64\. Ask for at most 2"
    ):
        aw.load(gpt2).generate(ids, max_new_tokens=3)
    full = torch.cat([ids, ids[:, :2]], 1)
    with pytest.raises(aw.AttnWidgetError, match=r"64 tokens; .*Give a shorter prompt"):
        aw.load(gpt2).generate(full, max_new_tokens=1)


def test_the_decoder_has_a_limit_of_its_own():
    with pytest.raises(aw.AttnWidgetError, match="The decoder starts with 1 tokens; with 64 new ones"):
        aw.load(build("bart")).generate(PROMPT, max_new_tokens=64)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"num_beams": 4}, "num_beams=4 asks for several"),
        ({"num_return_sequences": 2, "do_sample": True}, "num_return_sequences=2 asks for several"),
        ({"generation_config": GenerationConfig(num_beams=2)}, "num_beams=2 asks for several"),
        ({"assistant_model": "another"}, "assistant_model needs more"),
        ({"prompt_lookup_num_tokens": 3}, "prompt_lookup_num_tokens needs"),
        ({"guidance_scale": 2.0}, "guidance_scale needs"),
        ({"past_key_values": hf.DynamicCache()}, "past_key_values cannot be used"),
        ({"attention_mask": torch.ones(1, 13)}, "attention_mask is an input of the model"),
        ({"input_ids": PROMPT}, "input_ids is an input of the model"),
        ({"max_length": 30}, "max_length includes the prompt"),
        ({"max_new_tokens": 0}, "max_new_tokens=0"),
        ({"max_new_tokens": 2.5}, r"max_new_tokens=2\.5"),
        ({"max_new_tokens": True}, "max_new_tokens=True"),
        ({"colour": "red"}, "failed to generate from this"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_a_sentence(gpt2, options, sentence):
    with pytest.raises(aw.AttnWidgetError, match=sentence):
        aw.load(gpt2).generate(PROMPT, **options)


def test_a_model_that_prefers_beams_is_told_how():
    model = build("bart")
    model.generation_config.num_beams = 4
    with pytest.raises(aw.AttnWidgetError, match="Use num_beams=1"):
        aw.load(model).generate(PROMPT)
    assert len(aw.load(model).generate(PROMPT, max_new_tokens=2, num_beams=1).steps) == 2


def test_a_batch_or_a_model_without_a_head_is_refused(gpt2):
    with pytest.raises(aw.AttnWidgetError, match="one text at a time"):
        aw.load(gpt2).generate(PROMPT.expand(2, -1))
    with pytest.raises(aw.AttnWidgetError, match="cannot generate: GPT2Model has no head"):
        aw.load(gpt2.transformer).generate(PROMPT)
