"""Modules that transformers knows nothing of, against torch's own unfused attention and against closed forms."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import attnwidget as aw

pytestmark = pytest.mark.filterwarnings("ignore:enable_nested_tensor")


class Head(nn.Module):
    """One head as lectures write it."""

    def __init__(self, width, size):
        super().__init__()
        self.key, self.query, self.value = (nn.Linear(width, size, bias=False) for _ in range(3))

    def weights(self, x):
        scores = self.query(x) @ self.key(x).transpose(-2, -1) * self.key.out_features**-0.5
        hidden = torch.ones(x.shape[1], x.shape[1]).triu(1).bool()
        return scores.masked_fill(hidden, float("-inf"))

    def forward(self, x):
        return functional.softmax(self.weights(x), dim=-1) @ self.value(x)


class Layer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = nn.ModuleList([Head(width, width // heads) for _ in range(heads)])
        self.norm = nn.LayerNorm(width)

    def forward(self, x):
        return x + torch.cat([head(self.norm(x)) for head in self.heads], -1)


class LectureGPT(nn.Module):
    """Heads one by one, softmax by hand."""

    def __init__(self, letters=128, width=32, layers=3, heads=4):
        super().__init__()
        self.embed, self.place = nn.Embedding(letters, width), nn.Embedding(64, width)
        self.blocks = nn.Sequential(*[Layer(width, heads) for _ in range(layers)])
        self.out = nn.Linear(width, letters)

    def forward(self, ids):
        x = self.embed(ids) + self.place(torch.arange(ids.shape[1]))
        return self.out(self.blocks(x)).softmax(-1)  # a softmax that is no attention


class FusedGPT(nn.Module):
    """All heads at once through scaled_dot_product_attention, grouped queries, in a plain list of layers."""

    def __init__(self, width=32, layers=2, heads=4, groups=2, *, causal=True):
        super().__init__()
        self.heads, self.groups, self.causal = heads, groups, causal
        self.embed = nn.Embedding(128, width)
        self.layers = nn.ModuleList(
            nn.ModuleDict({"q": nn.Linear(width, width), "kv": nn.Linear(width, 2 * width * groups // heads)})
            for _ in range(layers)
        )

    def forward(self, ids):
        x = self.embed(ids)
        for layer in self.layers:
            q = layer["q"](x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            k, v = layer["kv"](x).unflatten(-1, (2 * self.groups, -1)).transpose(1, 2).chunk(2, 1)
            y = functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal, enable_gqa=True)
            x = x + y.transpose(1, 2).flatten(2)
        return x


class PlainViT(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 32, 8, 8)
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.out = nn.Linear(32, 10)

    def forward(self, image):
        return self.out(self.encoder(self.patches(image).flatten(2).transpose(1, 2)).mean(1))


def letters(text):
    return [min(ord(letter), 127) for letter in text]


def made(kind, **more):
    torch.manual_seed(3)
    module = kind(**more).eval()
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.ndim == 2:
                parameter.mul_(1.5)
    return module


def test_heads_that_are_computed_one_by_one_are_one_layer():
    module = made(LectureGPT)
    trace = aw.load(module, tokenize=letters).trace("attention")
    assert trace.path == "function"
    assert trace.heads() == (4, 4, 4)
    assert trace.text.pieces == tuple("attention")
    assert trace.text.spans[3] == (3, 4)
    with torch.no_grad():
        x = module.embed(torch.tensor([letters("attention")])) + module.place(torch.arange(9))
        first = module.blocks[0]
        expected = first.heads[2].weights(first.norm(x)).softmax(-1)[0]
    assert torch.allclose(trace.weights(0, 2), expected, atol=1e-6)
    assert all(block.causal for block in trace.blocks)


@pytest.mark.parametrize("causal", [True, False])
def test_fused_attention_is_computed_again(causal):
    model = aw.load(made(FusedGPT, causal=causal), tokenize=letters)
    trace = model.trace("the cat sat on the mat")
    assert trace.heads() == (4, 4)
    assert trace.blocks[0].q is not None
    assert trace.blocks[0].kv_heads == 2
    found = model.verify("the cat sat on the mat")
    assert 0 < found.error < 1e-5
    assert trace.weights(1, 3)[4, 5:].abs().max() == 0 if causal else trace.weights(1, 3)[4, 5:].abs().max() > 0


def test_verify_notices_a_wrong_weight(monkeypatch):
    model = aw.load(made(FusedGPT), tokenize=letters)
    plain = aw.Trace.weights
    monkeypatch.setattr(aw.Trace, "weights", lambda self, *args, **more: plain(self, *args, **more) + 0.01)
    assert model.verify("the cat").error == pytest.approx(0.01, rel=1e-5, abs=1e-5)


def test_torchs_own_encoder_gives_its_weights():
    torch.manual_seed(2)
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 3).eval()
    x = torch.randn(1, 7, 32)
    trace = aw.load(encoder).trace(x)
    assert trace.heads() == (4, 4, 4)
    with torch.no_grad():
        layer = encoder.layers[0]
        _, expected = layer.self_attn(x, x, x, need_weights=True, average_attn_weights=False)
    assert torch.allclose(trace.weights(0), expected[0], atol=1e-6)
    assert len(trace.text) == 7


def test_an_image_model():
    trace = aw.load(made(PlainViT)).trace(torch.randn(1, 3, 32, 32))
    assert trace.heads() == (4, 4)
    assert torch.allclose(trace.weights(1).sum(-1), torch.ones(4, 16), atol=1e-5)


def test_the_users_module_stays_as_it_was():
    module = made(LectureGPT).train()
    hooks = [(len(part._forward_hooks), len(part._forward_pre_hooks)) for part in module.modules()]
    ids = torch.tensor([letters("words")])
    with torch.no_grad():
        before = module(ids)
    model = aw.load(module, tokenize=letters)
    model.trace("words")
    model.verify("words")
    with torch.no_grad():
        assert torch.equal(module(ids), before)
    assert all(part.training for part in module.modules())
    assert hooks == [(len(part._forward_hooks), len(part._forward_pre_hooks)) for part in module.modules()]


def test_pieces_of_ones_own():
    model = aw.load(made(LectureGPT), tokenize=lambda text: ([len(word) for word in text.split()], text.split()))
    tokens = model.trace("the cat sat").text
    assert tokens.pieces == ("the", "cat", "sat")
    assert tokens.spans == ((0, 3), (4, 7), (8, 11))


@pytest.mark.parametrize(
    ("module", "given", "message"),
    [
        (nn.Sequential(nn.Linear(4, 4)), torch.randn(1, 3, 4), "no attention that attnwidget can see"),
        (LectureGPT(), torch.randn(2, 3), "failed on this input"),
        (LectureGPT(), "words", "without tokenize="),
        (LectureGPT(), [[1], [2]], "Trace one text at a time"),
        (LectureGPT(), {"idz": torch.tensor([[1]])}, "failed on this input"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(module, given, message):
    with pytest.raises(aw.AttnWidgetError, match=message):
        aw.load(module).trace(given)


@pytest.mark.parametrize("result", [[], [1.5], "ab", ([1, 2], ["a"]), None, [[1, 2], [3, 4]]])
def test_a_tokenize_that_gives_something_else(result):
    with pytest.raises(aw.AttnWidgetError):
        aw.load(LectureGPT(), tokenize=lambda _text: result).trace("words")


def test_a_tokenize_that_fails():
    with pytest.raises(aw.AttnWidgetError, match="tokenize failed on"):
        aw.load(LectureGPT(), tokenize=lambda text: {}[text]).trace("words")


def test_a_plain_module_predicts_and_generates_nothing():
    model = aw.load(LectureGPT(), tokenize=letters)
    with pytest.raises(aw.AttnWidgetError, match="nothing can be predicted"):
        model.predict(model.trace("words"))
    with pytest.raises(aw.AttnWidgetError, match="transformers cannot generate"):
        model.generate("words")


def test_measures_work_on_any_module():
    trace = aw.load(made(LectureGPT), tokenize=letters).trace("attention")
    assert aw.entropy(trace).values.shape == (3, 4)
    assert aw.rollout(trace).values.shape == (9, 9)


class Written(nn.Module):
    """Multi-head attention in any of the ways that people write it. Queries and keys are the input itself."""

    def __init__(self, way, heads=2):
        super().__init__()
        self.way, self.heads = way, heads
        self.value = nn.Linear(16, 16)

    def forward(self, x):
        q = x.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        v = self.value(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        mask = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).tril()
        if self.way == "folded":
            return functional.scaled_dot_product_attention(q[0], q[0], v[0], mask.expand(self.heads, -1, -1))
        if self.way == "folded softmax":
            scores = torch.bmm(q[0], q[0].transpose(1, 2)) * q.shape[-1] ** -0.5
            return torch.bmm(scores.masked_fill(~mask, -torch.inf).softmax(-1), v[0])
        if self.way == "fused":
            return functional.scaled_dot_product_attention(q, q, v, mask)
        scores = torch.einsum("bhqd,bhkd->bhqk", q, q) * q.shape[-1] ** -0.5
        weights = functional.dropout(torch.softmax(scores.masked_fill(~mask, -torch.inf), -1), 0.5, self.training)
        return torch.einsum("bhqk,bhkd->bhqd", weights.to(v.dtype), v)


def by_hand(q, k, *, causal=True):
    scores = q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5
    hidden = torch.ones(scores.shape[-2:]).triu(1).bool()
    return (scores.masked_fill(hidden, -torch.inf) if causal else scores).softmax(-1)


@pytest.mark.parametrize("way", ["folded", "folded softmax", "fused", "einsum"])
def test_every_way_of_writing_attention_gives_the_same_maps(way):
    torch.manual_seed(5)
    x = torch.randn(1, 5, 16)
    model = aw.load(Written(way))
    trace = model.trace(x)
    assert trace.heads() == (2,)
    q = x.unflatten(-1, (2, -1)).transpose(1, 2)[0]
    assert torch.allclose(trace.weights(0), by_hand(q, q), atol=1e-6)
    assert model.verify(x).error < 1e-5  # boolean masks included


class OneHead(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = nn.ModuleList([nn.Linear(16, 8) for _ in range(3)])

    def forward(self, x):
        found = [head(x) for head in self.heads]
        return sum(functional.scaled_dot_product_attention(q, q, q, is_causal=True) for q in found)


class Blocks(nn.Module):
    """Layers of any kind, one after the other."""

    def __init__(self, *layers):
        super().__init__()
        self.blocks = nn.ModuleList(layers)

    def forward(self, x):
        for block in self.blocks:
            x = x + block(x).mean()
        return x


def test_lone_heads_without_an_axis():
    torch.manual_seed(7)
    module, x = Blocks(OneHead(), OneHead()).eval(), torch.randn(1, 5, 16)
    model = aw.load(module)
    trace = model.trace(x)
    assert trace.heads() == (3, 3)
    with torch.no_grad():
        q = module.blocks[0].heads[1](x)[0]
    assert torch.allclose(trace.weights(0, 1), by_hand(q, q), atol=1e-6)
    assert model.verify(x).error < 1e-5


@pytest.mark.parametrize(
    ("module", "given"),
    [
        (nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), 1), torch.randn(3, 5, 16)),
        (
            nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32), 1, enable_nested_tensor=False),
            torch.randn(5, 3, 16),
        ),
        (nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), 1), torch.randn(3, 1, 16)),
        (Written("fused"), torch.randn(2, 5, 16)),
        (Written("einsum"), torch.randn(2, 5, 16)),
        (Written("fused"), {"x": torch.randn(2, 1, 16)}),
        (Written("einsum"), {"x": torch.randn(2, 1, 16)}),
        (LectureGPT(), {"ids": torch.ones(2, 4, dtype=torch.long)}),
        (PlainViT(), torch.randn(3, 3, 32, 32)),
    ],
)
def test_several_inputs_at_once_are_refused(module, given):
    with pytest.raises(aw.AttnWidgetError, match=r"holds one (whole )?input.*Choose one"):
        aw.load(module).trace(given)


def test_a_batch_of_one_may_stand_second():
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32), 2).eval()
    assert aw.load(encoder).trace(torch.randn(5, 1, 16)).weights(0).shape == (2, 5, 5)


class Router(nn.Module):
    """Softmaxes over as many classes and experts as there are tokens, around one attention."""

    def __init__(self):
        super().__init__()
        self.attention = Written("einsum")
        self.gate, self.classes = nn.Linear(16, 5), nn.Linear(16, 5)
        self.experts, self.table = nn.Parameter(torch.randn(5, 16, 16)), nn.Parameter(torch.randn(5, 16))

    def forward(self, x):
        x = x + self.attention(x).mean()
        chosen = self.gate(x).softmax(-1)
        x = torch.einsum("bte,bted->btd", chosen, torch.einsum("btd,edo->bteo", x, self.experts))
        x = x + self.gate(x).softmax(-1) @ self.table
        return torch.softmax(self.classes(x), -1)


def test_softmaxes_that_weigh_no_values_are_no_attention():
    trace = aw.load(Router().eval()).trace(torch.randn(1, 5, 16))
    assert trace.heads() == (2,)
    with pytest.raises(aw.AttnWidgetError, match="no attention that attnwidget can see"):
        aw.load(nn.Sequential(nn.Linear(16, 5), nn.Softmax(-1))).trace(torch.randn(1, 5, 16))


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("lengths", [(6, 4), (5, 5)])
def test_torchs_own_encoder_and_decoder(batch_first, lengths):
    torch.manual_seed(4)
    module = nn.Transformer(16, 2, 2, 3, 32, batch_first=batch_first).eval()
    source, target = (torch.randn(1, length, 16) for length in lengths)
    if not batch_first:
        source, target = source.transpose(0, 1), target.transpose(0, 1)
    model = aw.load(module)
    given = {"src": source, "tgt": target}
    trace = model.trace(given)
    assert trace.parts == ("encoder", "decoder", "cross")
    assert [trace.layers(part) for part in trace.parts] == [2, 3, 3]
    assert trace.weights(2, part="cross").shape == (2, lengths[1], lengths[0])
    assert [len(tokens) for tokens in trace.tokens("cross")] == [lengths[1], lengths[0]]
    assert [len(tokens) for tokens in trace.tokens("decoder")] == [lengths[1]] * 2
    with torch.no_grad():
        memory, layer = module.encoder(source), module.decoder.layers[0]
        x = layer.norm1(target + layer.self_attn(target, target, target)[0])
        _, expected = layer.multihead_attn(x, memory, memory, average_attn_weights=False)
    assert torch.allclose(trace.weights(0, part="cross"), expected[0], atol=1e-6)
    assert model.verify(given).error < 1e-5


def test_a_decoder_alone_is_self_and_cross():
    module = nn.TransformerDecoder(nn.TransformerDecoderLayer(16, 2, 32, batch_first=True), 2)
    trace = aw.load(module).trace({"tgt": torch.randn(1, 4, 16), "memory": torch.randn(1, 4, 16)})
    assert [(part, trace.layers(part)) for part in trace.parts] == [("self", 2), ("cross", 2)]


class Crossing(nn.Module):
    """A decoder layer by hand: attention to itself, then to a memory."""

    def __init__(self, length, *, fused):
        super().__init__()
        self.memory, self.fused = nn.Buffer(torch.randn(1, 2, length, 8)), fused

    def attend(self, q, k):
        if self.fused:
            return functional.scaled_dot_product_attention(q, k, k, is_causal=True)
        return by_hand(q, k) @ k

    def forward(self, x):
        q = x.unflatten(-1, (2, -1)).transpose(1, 2)
        return self.attend(self.attend(q, q), self.memory)


@pytest.mark.parametrize("fused", [True, False])
def test_cross_attention_by_hand(fused):
    torch.manual_seed(6)
    module, x = Blocks(*[Crossing(7, fused=fused) for _ in range(2)]).eval(), torch.randn(1, 4, 16)
    model = aw.load(module)
    trace = model.trace(x)
    assert [(part, trace.layers(part)) for part in trace.parts] == [("self", 2), ("cross", 2)]
    q = x.unflatten(-1, (2, -1)).transpose(1, 2)
    expected = by_hand(by_hand(q, q) @ q, module.blocks[0].memory)[0]
    assert torch.allclose(trace.weights(0, part="cross"), expected, atol=1e-6)
    assert model.verify(x).error < 1e-5
    with pytest.raises(aw.AttnWidgetError, match="the sequences that it attends to are unknown"):
        aw.load(Blocks(*[Crossing(4, fused=fused) for _ in range(2)])).trace(x)


def test_layers_within_another_list_stay_layers():
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 1, 32, batch_first=True), 3)
    trace = aw.load(nn.Sequential(nn.Linear(16, 16), encoder).eval()).trace(torch.randn(1, 5, 16))
    assert trace.heads() == (1, 1, 1)


def _failing():
    yield 1
    raise RuntimeError


@pytest.mark.parametrize(
    "result", [np.array(3), (np.array([1, 2]), 5), (n for n in [1, 2]), ([1], _failing()), {1, 2}, b"ab", object()]
)
def test_a_tokenize_that_gives_no_list(result):
    with pytest.raises(aw.AttnWidgetError):
        aw.load(LectureGPT(), tokenize=lambda _text: result).trace("words")


@pytest.mark.parametrize(
    "given", [{1, 2}, b"words", object(), 3, None, [10**30], {"ids": "words"}, {"ids": None}, {1: 2}, [object()], {}]
)
def test_an_input_that_is_none(given):
    with pytest.raises(aw.AttnWidgetError):
        aw.load(LectureGPT(), tokenize=letters).trace(given)


def test_arguments_that_are_no_tensors_reach_the_module():
    module = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32), 1, enable_nested_tensor=False)
    mask = nn.Transformer.generate_square_subsequent_mask(5)
    given = {"src": torch.randn(5, 1, 16), "mask": mask, "is_causal": True, "src_key_padding_mask": None}
    model = aw.load(module.eval())
    assert model.trace(given).weights(0).triu(1).abs().max() == 0
    assert model.verify(given).error < 1e-5


class Wrapped(nn.Module):
    """An encoder-decoder as an entry of a list that is no list of layers."""

    def __init__(self, layers):
        super().__init__()
        self.net = nn.ModuleList([nn.Linear(16, 16), nn.Transformer(16, 2, layers, layers, 32, batch_first=True)])

    def forward(self, x, y):
        return self.net[1](self.net[0](x), y)


@pytest.mark.parametrize("layers", [1, 2])
def test_an_encoder_and_a_decoder_within_a_list(layers):
    trace = aw.load(Wrapped(layers).eval()).trace({"x": torch.randn(1, 5, 16), "y": torch.randn(1, 3, 16)})
    assert [(part, trace.layers(part)) for part in trace.parts] == [
        ("encoder", layers),
        ("decoder", layers),
        ("cross", layers),
    ]


@pytest.mark.parametrize("layers", [1, 2])
def test_one_layer_of_lone_heads(layers):
    assert aw.load(made(LectureGPT, layers=layers), tokenize=letters).trace("words").heads() == (4,) * layers
