"""Nothing that is read touches the random numbers of others, and a model that draws reads a text alike every time."""

import threading
from types import FunctionType, MethodType

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import attnwidget as aw
from attnwidget.engine.capture.random_draws import draws, own_draws
from tests.model.families import FAMILIES, build

DRAWN = 3000
"""From torch and numpy: what checks types in tests draws from Python's own numbers."""


def while_reading(read, draw):
    """What `draw` gives while another thread reads over and over; at least one whole reading lies in between."""
    stop, begun, failed = threading.Event(), threading.Event(), []

    def over_and_over():
        try:
            while not stop.is_set():
                read()
                begun.set()
        except Exception as error:  # noqa: BLE001  shown below
            failed.append(error)
            begun.set()

    reader = threading.Thread(target=over_and_over)
    reader.start()
    begun.wait()
    try:
        return draw()
    finally:
        stop.set()
        reader.join()
        assert not failed, failed


class Noisy(nn.Module):
    """Draws in every way that there is, in eval mode as well."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 24) for _ in range(2))

    def forward(self, x):
        for layer in self.layers:
            q, k, v = layer(x).unflatten(-1, (3, 2, 4)).permute(2, 0, 3, 1, 4)
            x = x + functional.scaled_dot_product_attention(q, k, v, dropout_p=0.5).transpose(1, 2).flatten(-2)
            x = functional.dropout(x, 0.1) + torch.randn_like(x) + torch.rand(8) + torch.rand_like(x)
            x = x + torch.normal(x, 1.0) + torch.empty_like(x).uniform_() + torch.bernoulli(torch.full_like(x, 0.5))
            x = x + torch.multinomial(torch.ones(8), 8) + torch.randperm(8) + torch.randint(3, (8,)) / 3
            x = x / (1 + torch.randint_like(x, 2, 5)) + torch.distributions.Normal(0.0, 1.0).sample((8,))
        return x


class Trains(nn.Module):
    """Draws in training only, in the ways in which models say so."""

    def forward(self, x):
        x = functional.dropout(x, 0.1, training=self.training)
        if self.training and x.ndim:
            x = x + torch.rand(8)
        return x * path(x, training=self.training) + (torch.rand(8) if self.training else 0)


def path(x, *, training):
    if not training or x.ndim == 0:
        return 1
    return torch.rand(8)


READ = {
    "tiny": lambda: (aw.load(), "The cat sat."),
    "vilt": lambda: (aw.load(build("vilt")), FAMILIES["vilt"].inputs(12)),
    "noisy": lambda: (aw.load(Noisy()), torch.ones(1, 5, 8)),
}


@pytest.mark.parametrize("name", READ)
def test_draws_in_another_thread_are_those_of_the_seed(name):
    model, given = READ[name]()

    def draw():
        torch.manual_seed(7)
        np.random.seed(7)  # noqa: NPY002  the generator that everybody shares
        numbers = [(float(torch.rand(())), np.random.rand()) for _ in range(DRAWN)]  # noqa: NPY002
        return np.array(numbers), torch.get_rng_state()

    alone, state = draw()
    beside, after = while_reading(lambda: (model.trace(given), model.verify(given)), draw)
    assert (alone == beside).all()
    assert torch.equal(state, after)


@pytest.mark.parametrize("name", ["vilt", "noisy"])
def test_a_text_is_read_alike_every_time_and_as_the_seed_says(name):
    model, given = READ[name]()
    torch.manual_seed(7)
    first = model.trace(given)
    torch.rand(5)
    assert torch.equal(model.trace(given).weights(1), first.weights(1))
    torch.manual_seed(8)
    assert not torch.equal(model.trace(given).weights(1), first.weights(1))


def test_what_is_drawn_has_the_right_distribution():
    torch.manual_seed(7)
    with own_draws(True):
        found = {
            "rand": torch.rand(9999),
            "like": torch.rand_like(torch.ones(9999)),
            "normal": torch.randn_like(torch.ones(9999)),
            "whole": torch.randint_like(torch.ones(9999), 2, 5),
            "dropout": functional.dropout(torch.ones(9999), 0.25),
        }
    assert 0.48 < found["rand"].mean() < 0.52
    assert 0.48 < found["like"].mean() < 0.52
    assert 0.97 < found["normal"].std() < 1.03
    assert set(found["whole"].tolist()) == {2.0, 3.0, 4.0}
    assert set(found["dropout"].tolist()) == {0.0, torch.tensor(1 / 0.75).item()}
    assert 0.96 < found["dropout"].mean() < 1.04


def test_only_code_that_draws_outside_of_training_pays():
    assert draws(Noisy())
    assert not draws(Trains())
    assert not draws(aw.load().model)
    assert not draws(nn.TransformerEncoderLayer(8, 2, 8))
    typed = FunctionType(Noisy.forward.__code__.replace(co_filename="<no source is to be had>"), globals())
    assert draws(type("Typed", (nn.Module,), {"forward": typed})())


def test_a_forward_that_was_replaced_in_one_module_is_looked_at():
    plain, replaced = nn.Sequential(Trains()), nn.Sequential(Trains())
    replaced[0].forward = MethodType(Noisy.forward, replaced[0])
    assert (draws(plain), draws(replaced)) == (False, True)
    replaced[0].forward = MethodType(Trains.forward, replaced[0])
    assert not draws(replaced)


def test_a_generator_that_is_none_is_none():
    state = torch.get_rng_state()
    with own_draws(True):
        torch.rand(3, generator=None)
        torch.randint(0, 5, (3,), generator=None)
        torch.empty(3).normal_(generator=None)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.known()])
def test_families_that_draw_are_found(name):
    if FAMILIES[name].path == "refused":
        return
    model = build(name)
    state = torch.get_rng_state()
    with torch.no_grad():
        model(**FAMILIES[name].inputs(12))
    assert draws(model) or torch.equal(torch.get_rng_state(), state)
    assert draws(model) == (name in {"vilt", "nllb-moe"})  # NLLB's second expert may be drawn
