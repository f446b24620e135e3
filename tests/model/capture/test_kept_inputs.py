"""The residual stream around every layer: found without tables of families, right by what the models' own modules read."""

from functools import cache

import pytest
import torch
from einops import einsum, repeat
from torch import nn
from transformers import BertConfig, BertModel, GraniteConfig, GraniteForCausalLM
from transformers.models.bert.modeling_bert import BertSelfOutput

import attnwidget as aw
from attnwidget.engine.capture import forward
from attnwidget.engine.capture import residual_search as streams
from attnwidget.engine.capture.shadow import shadow_of
from attnwidget.engine.trace.residual import Norm, norm_of
from attnwidget.errors import Cancelled
from tests.model.conftest import build as first_family
from tests.model.families import FAMILIES, build, reference
from tests.model.families.family import INSTALLED, NEWEST

LLAMA = {"self": ("model.layers.{}.input_layernorm", "model.layers.{}.post_attention_layernorm")}
PRE = {
    "gpt2": {"self": ("transformer.h.{}.ln_1", "transformer.h.{}.ln_2")},
    "llama-grouped": LLAMA,
    "mistral-window": LLAMA,
    "qwen2": LLAMA,
    "gemma": LLAMA,
    "deepseek-v3": LLAMA,
    "gpt-oss-sinks": LLAMA,
    "t5": {
        "encoder": ("encoder.block.{}.layer.0.layer_norm", "encoder.block.{}.layer.1.layer_norm"),
        "decoder": ("decoder.block.{}.layer.0.layer_norm", "decoder.block.{}.layer.1.layer_norm"),
        "cross": ("decoder.block.{}.layer.1.layer_norm", "decoder.block.{}.layer.2.layer_norm"),
    },
    "vit": {"self": ("vit.layers.{}.layernorm_before", "vit.layers.{}.layernorm_after")},
}
BART = "model.{}.layers.{{}}.{}.q_proj", "model.{}.layers.{{}}.{}_layer_norm"
POST = {
    "bert-masked-lm": {
        "self": ("bert.encoder.layer.{}.attention.self.query", "bert.encoder.layer.{}.attention.output.LayerNorm")
    },
    "roberta": {
        "self": ("roberta.encoder.layer.{}.attention.self.query", "roberta.encoder.layer.{}.attention.output.LayerNorm")
    },
    "distilbert": {
        "self": (
            "distilbert.transformer.layer.{}.attention.q_lin",
            "distilbert.transformer.layer.{}.sa_layer_norm",
        )
    },
    "bart": {
        part: tuple(path.format(stack, name) for path in BART)
        for part, stack, name in (
            ("encoder", "encoder", "self_attn"),
            ("decoder", "decoder", "self_attn"),
            ("cross", "decoder", "encoder_attn"),
        )
    },
}
"""Who reads the residual, and who the sum, in each part; of POST the stream goes on with the latter's answer."""

ELSEWHERE = {
    "gpt-neox": "an MLP beside the attention",
    "phi": "the same, with one norm",
    "cohere": "the same",
    "gemma2-soft-cap": "the output is normed before it is added",
    "olmo2": "the same",
    "glm4": "the same",
    "falcon-h1": "a second mixer beside the attention",
    "minicpm3": "the output is scaled",
}
PADDED = {"input_ids": torch.arange(8)[None] + 3, "attention_mask": torch.tensor([[0, 0, 1, 1, 1, 1, 1, 1]])}


@cache
def kept(name):
    torch.manual_seed(1)
    return aw.load(build(name)).trace(FAMILIES[name].inputs(20), keep=("inputs",))


def written_by(trace, block):
    """sum_h A_h V_h W_O^h + b_O."""
    maps = trace.weights(block.layer, part=block.part)
    values = repeat(block.v[0], "shared key dim -> (shared group) key dim", group=block.heads // block.kv_heads)
    whole = einsum(
        maps, values, block.projection.of_heads(block.heads), "head query key, head key dim, out head dim -> query out"
    )
    return whole if block.projection.bias is None else whole + block.projection.bias


@cache
def read_and_answered(name):
    """What every module reads and answers, by its path, on a model with eager attention that attnwidget never saw."""
    model, found, hooks = reference(name), {}, []
    for path, module in model.named_modules():

        def hear(_module, given, named, result, path=path):
            pair = next(iter((*given, *named.values())), None), result
            if all(isinstance(one, torch.Tensor) for one in pair):
                found[path] = tuple(one.reshape(-1, one.shape[-1]) for one in pair)

        hooks.append(module.register_forward_hook(hear, with_kwargs=True))
    torch.manual_seed(1)
    with torch.no_grad():
        model(**FAMILIES[name].inputs(20))
    for hook in hooks:
        hook.remove()
    return found


def near(found, expected):
    return (found - expected).abs().max() <= 1e-5 * expected.abs().max()


def renamed(name, path):
    if INSTALLED < NEWEST and not any(path.format(0) == own for own, _ in reference(name).named_modules()):
        pytest.skip("this transformers calls its modules by other names")
    return path


@pytest.mark.parametrize("name", [*PRE, *POST])
def test_the_residual_and_the_sum_are_what_the_models_own_modules_read(name):
    trace = kept(name)
    for block in trace.blocks:
        before, after = ({**PRE, **POST})[name][block.part]
        residual, _ = read_and_answered(name)[renamed(name, before).format(block.layer)]
        total, answer = read_and_answered(name)[renamed(name, after).format(block.layer)]
        stream = block.inputs
        assert near(stream.residual, residual)
        own = written_by(trace, block) + stream.residual
        assert near(own, total)
        assert (stream.norm is None) == (name in PRE)
        if stream.norm is not None:
            assert stream.norm.path == after.format(block.layer)
            bias = 0 if stream.norm.bias is None else stream.norm.bias
            assert near(stream.norm.linear(own) / stream.norm.deviations(own) + bias, answer)


@pytest.mark.parametrize("name", [name for name in ELSEWHERE if name in FAMILIES and FAMILIES[name].known()])
def test_other_arrangements_are_not_taken_for_these(name):
    blocks = kept(name).blocks
    assert any(block.projection is not None for block in blocks)
    assert all(block.inputs is None for block in blocks)


@pytest.mark.parametrize("name", ["albert", "modernbert", "wav2vec2", "bert-to-gpt2", "llava-clip", "jamba"])
def test_shared_modules_towers_and_hybrids_have_theirs(name):
    trace = kept(name)
    for block in trace.blocks:
        assert block.inputs is not None
        assert block.inputs.residual.shape == (block.shape[1], block.projection.weight.shape[0])
    firsts = [block.inputs.residual for block in trace.blocks]
    assert not any(torch.equal(firsts[0], other) for other in firsts[1:] if other.shape == firsts[0].shape)


def test_a_layer_of_attention_alone_goes_on_in_the_next():
    if not FAMILIES["nemotron-h"].known():
        pytest.skip("this transformers does not have it")
    assert kept("nemotron-h").blocks[0].inputs.norm is None


def test_it_is_kept_only_when_asked_for(monkeypatch):
    def refuse(*_given):
        raise AssertionError

    monkeypatch.setattr(forward, "hear_streams", refuse)
    model = aw.load(first_family("gpt2"))
    assert all(block.inputs is None for block in model.trace(torch.arange(9)).blocks)
    assert all(block.inputs is None for block in model.generate(torch.arange(9), max_new_tokens=2).blocks)
    with pytest.raises(AssertionError):
        model.trace(torch.arange(9), keep=("inputs",))


@pytest.mark.parametrize("wrong", ["inputs", ("outputs",), ("inputs", "gradients"), None, 3, [["inputs"]], {"x": 1}])
def test_what_cannot_be_kept_is_refused_with_the_list(wrong):
    with pytest.raises(aw.AttnWidgetError, match=r'names from inputs, for example keep=\("inputs",\)'):
        aw.load().trace("The cat", keep=wrong)


def test_nothing_asked_for_is_nothing_kept():
    assert aw.load().trace("The cat", keep=()).block(0).inputs is None


def test_weights_and_hidden_states_are_the_same_with_it(family):
    model = aw.load(family)
    plain, asked = model.trace(torch.arange(9)), model.trace(torch.arange(9), keep=("inputs",))
    for one, other in zip(plain.blocks, asked.blocks, strict=True):
        assert torch.equal(one.q, other.q)
        assert other.inputs is not None
        assert other.projection is one.projection
    assert torch.equal(plain.hidden, asked.hidden)


def hooks_on(model):
    return [
        hook
        for module in shadow_of(model).module.modules()
        for hook in (*module._forward_hooks.values(), *module._forward_pre_hooks.values())
        if isinstance(getattr(hook, "__self__", None), streams.Listener)
    ]


@pytest.mark.parametrize("stopping", ["no", "cancelled", "failed"])
def test_no_hook_is_left(stopping):
    user = first_family("llama-grouped")
    model, done = aw.load(user), []

    def raising(_done):
        assert hooks_on(user)
        raise KeyError("mine")

    if stopping == "no":
        model.trace(torch.arange(9), keep=("inputs",))
    elif stopping == "cancelled":
        with pytest.raises(Cancelled), aw.stopping_when(lambda: len(done) >= 2):
            model.trace(torch.arange(9), keep=("inputs",), progress=done.append)
    else:
        with pytest.raises(KeyError):
            model.trace(torch.arange(9), keep=("inputs",), progress=raising)
    assert hooks_on(user) == []


def test_another_text_read_in_between_is_not_heard():
    model = aw.load(first_family("bert-masked-lm"))
    expected = model.trace(torch.arange(9), keep=("inputs",))
    other = []
    asked = model.trace(
        torch.arange(9),
        keep=("inputs",),
        progress=lambda done: other.append(model.trace(torch.arange(9) + 20)) if done == 2 else None,
    )
    assert len(other) == 1
    for one, own in zip(asked.blocks, expected.blocks, strict=True):
        assert torch.equal(one.inputs.residual, own.inputs.residual)


def test_with_an_earlier_trace_the_whole_text_is_read_again():
    model = aw.load(first_family("gpt2"))
    start = torch.arange(40)
    edited = torch.cat([start[:-2], torch.tensor([7, 8, 9])])
    asked = model.trace(edited, reuse=model.trace(start), keep=("inputs",))
    alone = model.trace(edited, keep=("inputs",))
    for one, other in zip(asked.blocks, alone.blocks, strict=True):
        assert torch.equal(one.inputs.residual, other.inputs.residual)
    later = model.trace(start, reuse=asked)  # and its own beginning is good for others
    assert all(block.inputs is None for block in later.blocks)
    assert torch.allclose(later.weights(2), model.trace(start).weights(2), atol=1e-5)


def test_it_stays_out_of_files(tmp_path):
    model = aw.load(first_family("bert-masked-lm"))
    plain = model.trace(torch.arange(9)).save(tmp_path / "plain", values=True)
    asked = model.trace(torch.arange(9), keep=("inputs",)).save(tmp_path / "asked", values=True)
    assert asked.stat().st_size == plain.stat().st_size
    again = aw.Trace.load(asked)
    assert all(block.inputs is None and block.projection is not None for block in again.blocks)


def test_norms_are_the_users_own_and_refuse_after_training():
    user = first_family("bert-masked-lm")
    stream = aw.load(user).trace(torch.arange(9), keep=("inputs",)).block(1).inputs
    own = user.get_submodule(stream.norm.path)
    assert stream.norm.weight.data_ptr() == own.weight.data_ptr()
    assert not stream.norm.weight.requires_grad
    user(torch.arange(9)[None], labels=torch.arange(9)[None]).loss.backward()
    torch.optim.SGD(user.parameters(), lr=0.1).step()
    for read in (lambda: stream.norm.weight, lambda: stream.norm.bias, lambda: stream.norm.linear(stream.residual)):
        with pytest.raises(aw.AttnWidgetError, match="Trace the text again"):
            read()
    assert "post-norm by bert.encoder.layer.1.attention.output.LayerNorm" in repr(stream)


@pytest.mark.parametrize("name", ["bloom", "gptj"])
def test_fallbacks_and_other_sources_have_none(name):
    if not FAMILIES[name].known():
        pytest.skip("this transformers does not have it")
    assert kept(name).path == "interface" or all(block.inputs is None for block in kept(name).blocks)
    assert aw.Trace.from_weights([torch.eye(3)[None]], list("abc")).block(0).inputs is None
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    plain = aw.load(nn.Sequential(nn.Embedding(9, 8), nn.TransformerEncoder(layer, 1)))
    assert plain.trace(torch.arange(4), keep=("inputs",)).block(0).inputs is None


@pytest.mark.parametrize(
    ("name", "dtype"),
    [("gpt2", torch.float16), ("bert-masked-lm", torch.bfloat16), ("gpt2", torch.bfloat16), ("t5", torch.float16)],
)
def test_half_precision_is_heard_as_well(name, dtype):
    trace = aw.load(build(name).to(dtype)).trace(FAMILIES[name].inputs(20), keep=("inputs",))
    for block in trace.blocks:
        assert (block.inputs.norm is None) == (name in PRE)


@pytest.mark.parametrize("name", ["gpt2", "bert-masked-lm"])
def test_padding_and_a_single_token_change_nothing(name):
    model = aw.load(build(name))
    for given in (PADDED, torch.tensor([5])):
        trace = model.trace(given, keep=("inputs",))
        assert all(block.inputs is not None and (block.inputs.norm is None) == (name in PRE) for block in trace.blocks)


class Scaled(BertSelfOutput):
    """A residual that is scaled before the norm, as in DeepNorm."""

    def forward(self, hidden_states, input_tensor):
        return self.LayerNorm(self.dense(hidden_states) + 2 * input_tensor)


class Elsewhere(BertSelfOutput):
    """A norm that is read, while the stream goes on with neither it nor the sum."""

    def forward(self, hidden_states, input_tensor):
        return self.LayerNorm(self.dense(hidden_states) + input_tensor) * 2


@pytest.mark.parametrize("kind", [Scaled, Elsewhere])
def test_what_looks_like_one_and_is_not_is_not_found(kind):
    user = first_family("bert-masked-lm")
    user.bert.encoder.layer[1].attention.output.__class__ = kind
    blocks = aw.load(user).trace(torch.arange(9), keep=("inputs",)).blocks
    assert [block.inputs is None for block in blocks] == [False, True, False]


@pytest.mark.parametrize(("scale", "found"), [(1.0, True), (0.3, False)])
def test_a_scale_is_seen_when_it_acts(scale, found):
    config = GraniteConfig(
        hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, vocab_size=50
    )
    config.residual_multiplier = scale
    blocks = aw.load(GraniteForCausalLM(config).eval()).trace(torch.arange(9), keep=("inputs",)).blocks
    assert all((block.inputs is not None) == found for block in blocks)


@pytest.mark.parametrize("zeroed", ["attention.output.dense", "output.dense"])
def test_layers_that_add_nothing_are_still_found(zeroed):
    user = BertModel(
        BertConfig(hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, vocab_size=50)
    ).eval()
    for layer in user.encoder.layer:
        nn.init.zeros_(layer.get_submodule(zeroed).weight)
        nn.init.zeros_(layer.get_submodule(zeroed).bias)
    for block in aw.load(user).trace(torch.arange(9), keep=("inputs",)).blocks:
        assert block.inputs.norm.path.endswith("attention.output.LayerNorm")


class Rounding(nn.LayerNorm):
    def forward(self, given):
        return super().forward(given.round(decimals=1))


@pytest.mark.parametrize(
    ("module", "centred"),
    [
        (nn.LayerNorm(6, eps=1e-3), True),
        (nn.LayerNorm(6, bias=False), True),
        (nn.RMSNorm(6, eps=1e-4), False),
        (Rounding(6), None),
        (nn.Linear(6, 6), None),
        (nn.LayerNorm(6, elementwise_affine=False), None),
    ],
)
def test_a_norm_is_known_by_its_numbers(module, centred):
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn_like(parameter))
        given = torch.randn(5, 6) * 3 + 1
        norm = norm_of(module, "n", given, module(given))
    if centred is None:
        assert norm is None
    else:
        assert (norm.centred, norm.eps) == (centred, module.eps)
        assert isinstance(norm, Norm)
