"""Edits of modules that transformers knows nothing of, against the same module with other masks and outputs."""

import pytest
import torch
from torch.nn import functional

import attnwidget as aw
from tests.model.capture.test_any_module import FusedGPT, Head, LectureGPT, PlainViT, letters, made

TEXT = "the cat sat on"
HEADS, TOKENS = 4, len(TEXT)

pytestmark = pytest.mark.filterwarnings("ignore:enable_nested_tensor")


class Written(FusedGPT):
    """The same module with its attention written out, and what a test changes in the weights and outputs of a layer."""

    def forward(self, ids, change=None):
        x = self.embed(ids)
        maps = []
        for number, layer in enumerate(self.layers):
            q = layer["q"](x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            k, v = layer["kv"](x).unflatten(-1, (2 * self.groups, -1)).transpose(1, 2).chunk(2, 1)
            k, v = (own.repeat_interleave(self.heads // self.groups, 1) for own in (k, v))
            scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
            seen = torch.ones(scores.shape[-2:]).tril().bool() if self.causal else torch.ones(scores.shape[-2:]).bool()
            weights, y = change(number, scores, seen, v)
            maps.append(weights[0])
            x = x + y.transpose(1, 2).flatten(2)
        return maps


def hidden(_number, scores, seen, v):
    seen = seen.clone()
    seen[:, 3] = False
    seen[3, 3] = True
    weights = scores.masked_fill(~seen, float("-inf")).softmax(-1)
    return weights, weights @ v


def silenced(number, scores, seen, v):
    weights = scores.masked_fill(~seen, float("-inf")).softmax(-1)
    y = weights @ v
    if number == 0:
        y[:, 2] = 0
    return weights, y


def painted(number, scores, seen, v):
    weights = scores.masked_fill(~seen, float("-inf")).softmax(-1)
    if number == 0:
        weights[:, 1] = seen / seen.sum(-1, keepdim=True)
    return weights, weights @ v


def cut(number, scores, seen, v):
    scores = scores.clone()
    if number == 0:
        scores[:, 1, 5, 2] = float("-inf")
    weights = scores.masked_fill(~seen, float("-inf")).softmax(-1)
    return weights, weights @ v


EDITS = {"hide 3": hidden, "silence L0H2": silenced, "paint L0H1 uniform": painted, "cut 5 reads 2 in L0H1": cut}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("causal", [True, False])
def test_fused_calls_are_edited(edit, causal):
    module = made(FusedGPT, causal=causal)
    written = made(Written, causal=causal)
    written.load_state_dict(module.state_dict())
    with torch.no_grad():
        expected = written(torch.tensor([letters(TEXT)]), EDITS[edit])
    model = aw.load(module, tokenize=letters)
    plain, trace = model.trace(TEXT), model.trace(TEXT, edits=edit)
    for layer, maps in enumerate(expected):
        assert torch.allclose(trace.weights(layer), maps, atol=1e-5)
    assert not torch.allclose(trace.weights(1), plain.weights(1), atol=1e-5)
    assert list(map(str, trace.edits)) == [edit]
    assert torch.equal(model.trace(TEXT).weights(1), plain.weights(1))
    assert torch.equal(model.trace(trace, edits=edit).weights(1), trace.weights(1))


def test_a_head_of_a_module_is_that_of_another_run():
    model = aw.load(made(FusedGPT), tokenize=letters)
    other = model.trace("the dog sat on")
    heads = [aw.Patch(0, head, of=other) for head in range(HEADS)]
    by_patch, by_run = model.trace(TEXT, edits=heads), model.trace(TEXT, edits=aw.Silence(0, by="run", of=other))
    assert torch.equal(by_patch.weights(1), by_run.weights(1))
    assert not torch.allclose(by_patch.weights(1), model.trace(TEXT).weights(1), atol=1e-3)


class FusedHead(Head):
    """One head, through scaled_dot_product_attention without an axis for heads."""

    def forward(self, x):
        return functional.scaled_dot_product_attention(self.query(x), self.key(x), self.value(x), is_causal=True)


def test_heads_that_are_computed_one_by_one_can_hide_tokens():
    module = made(LectureGPT)
    for layer in module.blocks:
        for head in layer.heads:
            head.__class__ = FusedHead
    model = aw.load(module, tokenize=letters)
    trace = model.trace(TEXT)
    assert trace.heads() == (4, 4, 4)
    expected = trace.weights(0)
    expected[:, 4:, 3] = 0
    assert torch.allclose(
        model.trace(TEXT, edits="hide 3").weights(0), expected / expected.sum(-1, keepdim=True), atol=1e-6
    )
    with pytest.raises(aw.AttnWidgetError, match="one by one"):
        model.trace(TEXT, edits="silence L0H1")


@pytest.mark.parametrize(
    ("kind", "edit", "said"),
    [
        (LectureGPT, "hide 3", "code of its own"),
        (FusedGPT, "silence L9H0", "no layer 9"),
        (FusedGPT, "hide 99", "no token 99"),
        (FusedGPT, "cut 0 reads 0", "without a key"),
    ],
)
def test_what_cannot_be_edited_is_said(kind, edit, said):
    model = aw.load(made(kind), tokenize=letters)
    with pytest.raises(aw.AttnWidgetError, match=said):
        model.trace(TEXT, edits=edit)


def test_layers_of_modules_and_torchs_own_layers_are_refused():
    model = aw.load(made(FusedGPT), tokenize=letters)
    with pytest.raises(aw.AttnWidgetError, match="Patch heads"):
        model.trace(TEXT, edits=aw.Patch("L0", of=model.trace(TEXT)))
    with pytest.raises(aw.AttnWidgetError, match="code of its own"):
        aw.load(made(PlainViT)).trace(torch.randn(1, 3, 32, 32), edits="hide 3")
