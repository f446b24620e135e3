"""Edits against eager attention of transformers itself, whose weights are changed by code of this file alone."""

import sys
from contextlib import contextmanager
from functools import cache

import pytest
import torch

import attnwidget as aw
from tests.model.families import FAMILIES, build, others_long, reference
from tests.model.families.family import INSTALLED, NEWEST

TOKENS, HIDDEN, LAYER, HEAD = 20, 4, 1, 2
APART = {"albert", "albert-two-groups", "zamba2", "gpt2-upcast", "doge-dynamic-mask", "granite-sink-gate"}
"""One module serves several layers, or eager attention is not what its file calls so, or shows weights before a gate."""

NAMES = [
    name
    for name, family in FAMILIES.items()
    if family.known()
    and (family.path, family.parts, family.calls) == ("interface", ("self",), 1)
    and family.model.endswith(("ForCausalLM", "ForMaskedLM", "LMHeadModel"))
    and set(family.inputs(3)) == {"input_ids"}
    and name not in APART
]

pytestmark = pytest.mark.skipif(INSTALLED < NEWEST, reason="older releases are judged on their weights alone")


@cache
def loaded(name):
    return aw.load(build(name))


@contextmanager
def changed(name, change):
    """Inside, the eager model's attention goes through `change(module, weights, value) -> weights`, and its mask too."""
    model = reference(name)
    files = {sys.modules[type(module).__module__] for module in model.modules()}

    def told(original):
        def attend(module, query, key, value, mask, **options):
            mask = change.mask(module, query, key, mask)
            output, weights = original(module, query, key, value, mask, **options)
            found = change.weights(module, weights, output)
            if found is not weights:
                values = value.repeat_interleave(weights.shape[1] // value.shape[1], 1)
                output = (found.to(values.dtype) @ values).transpose(1, 2).contiguous()
            return change.output(module, output), found

        return attend

    with pytest.MonkeyPatch.context() as patch:
        for file in files:
            if hasattr(file, "eager_attention_forward"):
                patch.setattr(file, "eager_attention_forward", told(file.eager_attention_forward))
        yield model


class Nothing:
    """Changes nothing: what a change of one kind inherits."""

    def __init__(self, own):
        self.own = own  # the module of the layer that is changed

    def mask(self, _module, _query, _key, mask):
        return mask

    def weights(self, _module, weights, _output):
        return weights

    def output(self, _module, output):
        return output


class Hidden(Nothing):
    """A 4-D mask whose diagonal is kept."""

    def mask(self, _module, query, key, mask):
        queries, keys = query.shape[2], key.shape[2]
        unread = torch.zeros(1, 1, queries, keys)
        unread[..., HIDDEN] = torch.finfo(torch.float32).min
        unread[..., HIDDEN, HIDDEN] = 0
        if mask is None:
            return unread
        if mask.dtype == torch.bool:
            return mask & (unread == 0)
        return torch.minimum(mask, unread)


class Silenced(Nothing):
    """One head's slice of what goes into the output projection is zero."""

    def output(self, module, output):
        if self.own is not module:
            return output
        output = output.clone()
        output[:, :, HEAD] = 0
        return output


class Uniform(Nothing):
    """One head reads everything alike that it read at all."""

    def weights(self, module, weights, _output):
        if self.own is not module:
            return weights
        found = weights.clone()
        read = (weights[:, HEAD] > 0).to(weights)
        found[:, HEAD] = read / read.sum(-1, keepdim=True)
        return found


class Loose(Nothing):
    """One head reads a token no more, and nothing else instead."""

    def weights(self, module, weights, _output):
        if self.own is not module:
            return weights
        found = weights.clone()
        found[:, HEAD, :, HIDDEN] = 0
        return found


EDITS = {
    f"hide {HIDDEN}": Hidden,
    f"silence L{LAYER}H{HEAD}": Silenced,
    f"paint L{LAYER}H{HEAD} uniform": Uniform,
    f"cut * reads {HIDDEN} in L{LAYER}H{HEAD}, without renormalising": Loose,
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("name", others_long(NAMES))
def test_an_edited_trace_is_that_of_eager_attention_changed_by_hand(name, edit):
    given = FAMILIES[name].inputs(TOKENS)
    model = loaded(name)
    plain = model.trace(given)
    trace = model.trace(given, edits=edit)
    change = EDITS[edit](reference(name).get_submodule(plain.block(LAYER).path))
    heard = []
    with changed(name, change) as eager, torch.no_grad():
        keep = change.weights
        change.weights = lambda module, weights, output: heard.append(keep(module, weights, output)) or heard[-1]
        output = (
            eager(**given, use_cache=False) if "use_cache" in eager.forward.__code__.co_varnames else eager(**given)
        )
    for block, weights in zip(trace.blocks, heard, strict=True):
        assert (trace.weights(block.layer) - weights[0]).abs().max() <= 2 * FAMILIES[name].tolerance
    scale = max(1.0, float(output.logits.abs().max()))
    assert (trace.logits(range(TOKENS)) - output.logits[0]).abs().max() <= 1e-4 * scale
    before, after = (one.weights(LAYER, HEAD) for one in (plain, trace))
    assert not torch.allclose(before, after, atol=1e-6) or edit.startswith("silence")
    if edit.startswith("silence"):
        assert (trace.logits(range(TOKENS)) - plain.logits(range(TOKENS))).abs().max() > 1e-4 * scale
