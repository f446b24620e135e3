"""Tokens as they come: streaming, cancelling, failing; the text they make; the user's model left alone."""

import threading

import pytest
import torch

import attnwidget as aw
from attnwidget.engine.generation.continued import continued
from attnwidget.engine.text.tokenise import tokenise_ids
from tests.model.live.generating import NEW, PROMPT, build


@pytest.fixture
def gpt2():
    return build("gpt2")


@pytest.mark.parametrize("family", ["gpt2", "gptj-fallback", "bart"])
def test_tokens_stream_in_order_on_the_calling_thread(family):
    heard, threads = [], set()
    trace = aw.load(build(family)).generate(
        PROMPT, max_new_tokens=5, on_token=lambda step: (heard.append(step), threads.add(threading.get_ident()))
    )
    assert tuple(heard) == trace.steps
    assert len(heard) == 5
    assert threads == {threading.get_ident()}


@pytest.mark.parametrize("family", ["gpt2", "mistral-window", "gptj-fallback", "t5"])
def test_cancelled_after_three_tokens_it_has_these_three(family):
    at_hand, heard = aw.load(build(family)), []
    with aw.stopping_when(lambda: len(heard) == 3):
        trace = at_hand.generate(PROMPT, max_new_tokens=NEW, on_token=heard.append)
    expected = at_hand.generate(PROMPT, max_new_tokens=3)
    assert trace.steps == expected.steps == tuple(heard)
    part = trace.parts[-1]
    assert trace.tokens(part)[0] == expected.tokens(part)[0]
    for block in expected.part_blocks(part):
        found = trace.weights(block.layer, part=part)
        assert torch.equal(found, expected.weights(block.layer, part=part))


def test_cancelled_before_it_began_it_is_the_prompt(gpt2):
    with aw.stopping_when(lambda: True):
        trace = aw.load(gpt2).generate(PROMPT)
    assert list(trace.text.ids) == PROMPT[0].tolist()
    assert trace.steps == ()


class OfTheUsers(Exception):
    pass


def test_an_error_in_the_callback_comes_through_and_leaves_everything_usable(gpt2):
    at_hand = aw.load(gpt2)
    before = at_hand.trace(PROMPT)

    def fail(step):
        raise OfTheUsers(step.position)

    with pytest.raises(OfTheUsers, match="13"):
        at_hand.generate(PROMPT, max_new_tokens=4, on_token=fail)
    found = []
    other = threading.Thread(target=lambda: found.append(at_hand.trace(PROMPT)))
    other.start()
    other.join(30)
    assert torch.equal(found[0].weights(1), before.weights(1))
    assert not at_hand._shadow().module._forward_pre_hooks
    assert len(at_hand.generate(PROMPT, max_new_tokens=4).steps) == 4


def test_a_callback_may_read_and_generate_with_the_same_model(gpt2):
    at_hand, seen = aw.load(gpt2), []

    def look(step):
        seen.append(at_hand.trace([5, 6, 7]))
        if len(seen) == 2:
            seen.append(at_hand.generate([5, 6, 7], max_new_tokens=2))

    trace = at_hand.generate(PROMPT, max_new_tokens=4, on_token=look)
    expected = at_hand.generate(PROMPT, max_new_tokens=4)
    assert trace.steps == expected.steps
    assert torch.equal(trace.weights(1), expected.weights(1))
    assert torch.equal(trace.logits(slice(None)), expected.logits(slice(None)))
    assert torch.equal(seen[2].weights(1), at_hand.generate([5, 6, 7], max_new_tokens=2).weights(1))


def test_a_streamer_of_the_users_hears_the_same(gpt2):
    class Heard:
        def __init__(self):
            self.ids, self.ended = [], False

        def put(self, value):
            self.ids += value.reshape(-1).tolist()

        def end(self):
            self.ended = True

    streamer = Heard()
    trace = aw.load(gpt2).generate(PROMPT, max_new_tokens=4, streamer=streamer)
    assert streamer.ids == list(trace.text.ids)
    assert streamer.ended


@pytest.mark.parametrize("family", ["gpt2", "bart"])
def test_the_users_model_is_untouched(family):
    model = build(family).train()
    heard = []
    model.register_forward_hook(lambda *_: heard.append(1))
    model.base_model.register_forward_hook(lambda *_: heard.append(1))
    before = (
        model.config.to_dict(),
        model.generation_config.to_dict(),
        [*model._forward_hooks, *model._forward_pre_hooks],
    )
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    implementation, grad = model.config._attn_implementation, torch.is_grad_enabled()
    aw.load(model).generate(PROMPT, max_new_tokens=3, do_sample=True)
    after = (
        model.config.to_dict(),
        model.generation_config.to_dict(),
        [*model._forward_hooks, *model._forward_pre_hooks],
    )
    assert after == before
    assert not heard
    assert all(part.training for part in model.modules())
    assert model.config._attn_implementation == implementation
    assert torch.is_grad_enabled() == grad
    assert all(torch.equal(tensor, weights[name]) for name, tensor in model.state_dict().items())


def test_nothing_of_the_cache_is_kept_twice(gpt2):
    # The last keys hold all earlier ones; a copy for each step would be as many copies as tokens.
    trace = aw.load(gpt2).generate(PROMPT, max_new_tokens=NEW)
    for block in trace.blocks:
        assert block.k.device.type == "cpu"
        assert block.k.untyped_storage().nbytes() <= 2 * block.k.numel() * block.k.element_size()


# --- the text


def test_the_produced_text_reads_as_if_it_had_been_typed(tiny):
    trace = tiny.generate("The cat sat on the", max_new_tokens=12, eos_token_id=None)
    typed = tiny.tokens(trace.text.text)
    assert typed.ids == trace.text.ids
    assert (typed.pieces, typed.spans) == (trace.text.pieces, trace.text.spans)


def test_the_prompt_stays_as_it_was_typed(tiny):
    prompt = "The  cat sat\non the"
    before, trace = tiny.tokens(prompt), tiny.generate(prompt, max_new_tokens=3)
    count = len(before)
    assert trace.text.text.startswith(prompt)
    assert trace.text.spans[:count] == before.spans
    assert trace.text.words[:count] == before.words
    for step, (start, stop) in zip(trace.steps, trace.text.spans[count:], strict=True):
        assert trace.text.text[start:stop] == step.piece.strip()


def test_characters_of_several_tokens_are_whole_wherever_the_prompt_ends(tiny):
    ids = tiny.tokens("A river 🙂 über").ids
    whole = tokenise_ids(tiny._reader, ids)
    for cut in range(1, len(ids)):
        found = continued(tiny._reader, tokenise_ids(tiny._reader, ids[:cut]), ids[cut:])
        assert found.ids == whole.ids
        if "\ufffd" not in tokenise_ids(tiny._reader, ids[:cut]).text:
            assert (found.text, found.pieces, found.spans) == (whole.text, whole.pieces, whole.spans)
