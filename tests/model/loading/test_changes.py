"""What a user does to a model or tokenizer after loading it is seen, refused or harmless; never drawn wrong."""

import copy
import gc
import weakref

import pytest
import torch
from torch import nn

import attnwidget as aw
from attnwidget.engine.live.session import LiveSession
from tests.model.families import build
from tests.model.small import TEXT, words

IDS = torch.randint(3, 100, (40,), generator=torch.Generator().manual_seed(3)).tolist()


def close(one, other):
    return all(torch.allclose(one.weights(b.layer), other.weights(b.layer), atol=1e-5) for b in other.blocks)


@pytest.mark.parametrize(
    "given",
    [
        {"input_ids": [IDS], "token_type_ids": [[1] * 40]},
        {"input_ids": [IDS], "position_ids": [list(range(100, 140))]},
        {"input_ids": [IDS], "attention_mask": torch.ones(1, 1, 40, 40).tril().bool() & (torch.rand(40) > 0.5)},
    ],
)
def test_only_what_was_read_alike_is_reused(given):
    model = aw.load(build("gpt2"))
    plain = model.trace(IDS)
    special = model.trace(given)
    assert close(model.trace([*IDS, 50], reuse=special), model.trace([*IDS, 50]))
    assert close(model.trace(given, reuse=plain), special)


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.double(),
        lambda model: setattr(model.transformer.h[0].attn, "scaling", 3.0),
        lambda model: setattr(model.transformer.h[0], "attn", copy.deepcopy(model.transformer.h[1].attn)),
    ],
    ids=["cast", "a plain attribute", "another module"],
)
def test_a_changed_model_is_read_as_it_is_now(change):
    own = build("gpt2")
    loaded = aw.load(own, words())
    session, old = LiveSession(loaded), loaded.trace(IDS)
    read = session.read(TEXT).trace
    assert session.read(TEXT).trace is read
    change(own)
    with torch.no_grad():
        again = aw.load(copy.deepcopy(own), words())
    assert close(loaded.trace([*IDS, 50], reuse=old), again.trace([*IDS, 50]))
    assert session.read(TEXT).trace is not read
    assert close(session.read(TEXT).trace, again.trace(TEXT))


def test_what_an_old_trace_says_does_not_change_with_the_model():
    own = build("gpt-oss-sinks")
    trace = aw.load(own).trace(IDS)
    before = trace.weights(0, queries=[5, 9]).clone()
    trace._whole.clear()
    with torch.no_grad():
        for layer in own.model.layers:
            layer.self_attn.sinks.add_(3.0)
        own.lm_head.weight.mul_(2.0)
    assert torch.equal(trace.weights(0, queries=[5, 9]), before)
    with pytest.raises(aw.AttnWidgetError, match="has changed since"):
        trace.logits()


def test_a_replaced_forward_that_would_run_the_users_module_is_refused():
    own = build("llama-grouped")
    attention = own.model.layers[1].self_attn
    plain = attention.forward
    attention.forward = lambda *given, **more: plain(*given, **more)  # noqa: PLW0108  the point of it
    with pytest.raises(aw.AttnWidgetError, match=r"layers\.1\.self_attn was replaced"):
        aw.load(own)


def test_a_module_that_cannot_be_copied_is_one_sentence():
    class Single(torch.nn.Identity):
        def __deepcopy__(self, _memo):
            raise RuntimeError("there can be only one")

    own = build("gpt2")
    own.transformer.single = Single()
    with pytest.raises(aw.AttnWidgetError, match=r"cannot be copied.*there can be only one"):
        aw.load(own)


def test_what_hooks_have_put_aside_is_shared_and_not_copied():
    own = build("gpt2")
    own.transformer.seen = [own(input_ids=torch.tensor([IDS])).logits]  # part of a graph: it could not be copied
    assert aw.load(own).trace(IDS).weights(0).shape[-1] == 40


@pytest.mark.parametrize("make", [nn.utils.parametrizations.weight_norm, nn.utils.spectral_norm])
def test_normalised_weights_are_read_as_they_act(make):
    own = build("bert-body")
    for layer in own.encoder.layer:
        make(layer.attention.self.query)
    own.eval()
    with torch.no_grad():
        reference = copy.deepcopy(own)
        reference.set_attn_implementation("eager")
        expected = reference(input_ids=torch.tensor([IDS]), output_attentions=True).attentions
    trace = aw.load(own).trace(IDS)
    assert torch.allclose(trace.weights(0), expected[0][0], atol=1e-5)
    assert torch.allclose(trace.weights(2), expected[2][0], atol=2e-3)  # fused and eager, three layers on


def test_tokens_that_are_added_later_are_known(tiny):
    tokenizer = copy.deepcopy(tiny.tokenizer)
    model = aw.load(copy.deepcopy(tiny.model), tokenizer)
    assert "<new>" not in model.tokens("The <new> cat").pieces
    tokenizer.add_tokens(["<new>"])
    model.model.resize_token_embeddings(len(tokenizer))
    assert "<new>" in model.tokens("The <new> cat").pieces


@pytest.mark.parametrize("name", ["gpt2", "bloom", "t5", "jamba", "clip"])
def test_a_model_that_nobody_needs_is_freed(name):
    from tests.model.families import FAMILIES

    own = build(name)
    gone = weakref.ref(own)
    trace = aw.load(own).trace(FAMILIES[name].inputs(9))
    del own
    gc.collect()
    assert gone() is None
    assert trace.blocks


def test_errors_of_the_users_own_functions_stay_their_own():
    model = aw.load(build("gpt2"))
    with pytest.raises(KeyError):
        model.trace(IDS, progress=lambda done: {}[done])
    with pytest.raises(ZeroDivisionError), aw.stopping_when(lambda: 1 // 0):
        model.trace(IDS)
    assert model.trace(IDS).blocks


def test_numbers_are_exact_under_autocast():
    trace = aw.load(build("gpt2")).trace(torch.randint(3, 100, (1, 210)))
    plain = trace.weights(0)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(trace.weights(0), plain)


def test_the_users_random_numbers_are_not_used_up():
    from tests.model.families import FAMILIES

    model = aw.load(build("vilt"))
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    model.trace(FAMILIES["vilt"].inputs(9))
    model.verify(FAMILIES["vilt"].inputs(9))
    assert torch.equal(torch.rand(3), expected)


def test_texts_that_look_like_paths(tiny):
    session = LiveSession(tiny)
    for text in ("The cat sat on the mat.", "/etc/hosts", "./The cat", "The cat sat on the mat again."):
        assert session.read(text).trace.text.text == text
