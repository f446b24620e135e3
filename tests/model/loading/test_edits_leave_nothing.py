"""Whatever is changed in a computation, the user's model is as before: what it computes, its hooks, modes and settings."""

import copy
import random

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.engine.capture.shadow import shadow_of
from tests.model.families import build
from tests.model.families.family import ids

CLEAN, CORRUPTED = ({"input_ids": ids(10, seed)} for seed in (7, 8))

EDITS = {
    "hide": lambda _clean: "hide 1..2 from 4",
    "silence": lambda _clean: ["silence L0H1", "silence L1 by mean"],
    "silence by another run": lambda clean: aw.Silence("L1H0", by="run", of=clean),
    "cut": lambda _clean: ["cut 5 reads 2 in L0H1", "cut * reads 3 in L1, without renormalising"],
    "paint": lambda _clean: ["paint L0H1 shuffled 3", "paint L1 uniform"],
    "patch heads": lambda clean: aw.Patch("L1H1", of=clean, at=[3, 9]),
    "patch layers": lambda clean: [aw.Patch("L0", of=clean, at=4), aw.Patch("L1", of=clean)],
}

CALLS = {
    name: lambda model, clean, bad, edits=edits: model.trace(bad, edits=edits(clean)) for name, edits in EDITS.items()
}
CALLS |= {
    "effect": lambda model, clean, _bad: aw.effect(model, clean, "hide 3", answer=5),
    "head effects": lambda model, clean, _bad: aw.head_effects(model, clean, answer=5, progress=False),
    "patching heads": lambda model, clean, bad: aw.patching(model, clean, bad, answer=5, progress=False),
    "patching layers": lambda model, clean, bad: aw.patching(
        model, clean, bad, answer=5, what="layers", progress=False
    ),
    "prune": lambda model, _clean, bad: aw.prune(model, ["L0H1", "L1H0"]).trace(bad),
    "prune with zeros": lambda model, _clean, bad: aw.prune(model, "L1", smaller=False).trace(bad),
    "a bad edit": lambda model, _clean, bad: refused(model, bad, "hide 99"),
    "a bad patch": lambda model, _clean, bad: refused(model, bad, aw.Patch("L1", of=model.trace([4, 5, 6]))),
}


def refused(model, trace, edit):
    with pytest.raises(aw.AttnWidgetError):
        model.trace(trace, edits=edit)


def logits(module):
    with torch.random.fork_rng(devices=()), torch.no_grad():
        torch.manual_seed(1)  # it is in train mode, and drops
        return module(**CLEAN).logits


def hooks(module):
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return [
        (name, kind, list(getattr(part, kind).values()))
        for name, part in module.named_modules()
        for kind in kinds
        if getattr(part, kind)
    ]


def settings(module):
    """Everything that a module has besides its tensors and its parts: forward functions among them."""
    parts = ("_parameters", "_buffers", "_modules", "config")
    return [
        {name: id(value) for name, value in vars(part).items() if name not in parts and not name.endswith("_hooks")}
        for part in module.modules()
    ]


@pytest.fixture(scope="module", params=["gpt2", "llama-grouped", "bert-masked-lm"])
def owned(request):
    """A user's model in train mode, with a hook, a frozen weight and gradients of its own; and it as a model of ours."""
    module = build(request.param).train()
    heard = []
    module.get_output_embeddings().register_forward_hook(lambda *_given: heard.append(1))
    next(module.parameters()).requires_grad_(False)
    module(**CLEAN).logits.sum().backward()
    model = aw.load(module)
    clean, corrupted = model.trace(CLEAN), model.trace(CORRUPTED)
    model.trace(corrupted, edits="hide 1")  # what is learned once per model
    return module, model, clean, corrupted, heard


@pytest.mark.parametrize("call", CALLS)
def test_nothing_is_left_on_the_users_model(owned, call, pytestconfig):
    module, model, clean, corrupted, heard = owned
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    gradients = [None if part.grad is None else part.grad.clone() for part in module.parameters()]
    needed = [part.requires_grad for part in module.parameters()]
    own, said, config = hooks(module), settings(module), copy.deepcopy(module.config.to_dict())
    shadow = shadow_of(module).module
    on_copy = [(name, kind, len(held)) for name, kind, held in hooks(shadow)]
    modes, answer = [part.training for part in module.modules()], logits(module)
    drawn = torch.random.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002  the user's
    heard.clear()

    CALLS[call](model, clean, corrupted)

    assert heard == []
    now = torch.random.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002
    assert torch.equal(now[0], drawn[0])
    assert now[1] == drawn[1]
    # What checks annotations at run time draws from Python's own numbers.
    if not pytestconfig.getoption("jaxtyping_packages"):
        assert now[2] == drawn[2]
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    assert [part.requires_grad for part in module.parameters()] == needed
    for part, kept in zip(module.parameters(), gradients, strict=True):
        assert part.grad is kept is None or torch.equal(part.grad, kept)
    assert hooks(module) == own
    assert settings(module) == said
    assert module.config.to_dict() == config
    assert [part.training for part in module.modules()] == modes
    assert torch.equal(logits(module), answer)
    assert shadow_of(module).module is shadow
    assert [(name, kind, len(held)) for name, kind, held in hooks(shadow)] == on_copy
    assert torch.equal(model.trace(CLEAN).logits(-1), clean.logits(-1))
