"""Layers that look like the output projection and are not: adapters, rounding, gates, zeros."""

import pytest
import torch
from torch import nn

import attnwidget as aw
from tests.model.conftest import build as first_family


class Adapted(nn.Module):
    """As PEFT wraps a layer: it passes for it, and adds to its result."""

    def __init__(self, base):
        super().__init__()
        self.base_layer = base
        self.down, self.up = nn.Linear(64, 2, bias=False), nn.Linear(2, 64, bias=False)

    @property
    def weight(self):
        return self.base_layer.weight

    def forward(self, given):
        return self.base_layer(given) + self.up(self.down(given))


class Scaled(Adapted):
    """The same with a scale on the result, so that nothing else reads what the layer reads."""

    def forward(self, given):
        return self.base_layer(given) * 2


class Rounding(nn.Linear):
    """A layer that computes something else than its weight says, as quantised ones do."""

    def forward(self, given):
        return super().forward(given.round(decimals=1))


class Gate(nn.Module):
    """Something between the heads and the projection, in place."""

    def forward(self, given):
        return given.mul_(torch.linspace(0, 1, 64))


def around(layer, kind):
    if kind is Rounding:
        made = Rounding(64, 64)
        made.load_state_dict({"weight": layer.weight, "bias": torch.zeros(64)})
        return made
    return nn.Sequential(Gate(), layer) if kind is Gate else kind(layer)


@pytest.mark.parametrize("kind", [Adapted, Scaled, Rounding, Gate])
def test_what_is_no_plain_linear_layer_is_not_taken_for_one(kind):
    user = first_family("llama-all-heads")
    attention = user.model.layers[1].self_attn
    attention.o_proj = around(attention.o_proj, kind)
    trace = aw.load(user).trace(torch.arange(9))
    assert [block.projection is None for block in trace.blocks] == [False, True, False]


def test_values_of_zero_teach_nothing():
    user = first_family("llama-all-heads")
    attention = user.model.layers[1].self_attn
    kept = attention.v_proj.weight.clone()
    attention.o_proj = around(attention.o_proj, Gate)
    with torch.no_grad():
        attention.v_proj.weight.zero_()
        model = aw.load(user)
        assert model.trace(torch.arange(9)).block(1).projection is None
        attention.v_proj.weight.data.copy_(kept)  # hidden from torch, and so from what was remembered
    assert model.trace(torch.arange(9)).block(1).projection is None
