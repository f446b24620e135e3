"""The families of the parity matrix are what they say: otherwise parity with them would prove nothing."""

import pytest
import torch
import transformers
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import sdpa_mask

import attnwidget as aw
from tests.model.families import FAMILIES, build, eager_maps, others_long
from tests.model.families.family import INSTALLED, NEWEST

TOKENS = 20
READABLE = [name for name, family in FAMILIES.items() if family.path != "refused"]

calls = 0


def counting(module, query, key, value, attention_mask, **options):
    global calls  # noqa: PLW0603  transformers calls a plain function
    calls += 1
    return value.new_zeros(query.shape[0], query.shape[2], query.shape[1], value.shape[3]), None


AttentionInterface.register("counting", counting)
AttentionMaskInterface.register("counting", sdpa_mask)


def known(name):
    if not FAMILIES[name].known():
        pytest.skip(f"transformers {transformers.__version__} has no {FAMILIES[name].model}")
    return FAMILIES[name]


def test_names_parts_and_paths():
    assert len(FAMILIES) >= 80
    for family in FAMILIES.values():
        assert family.path in {"interface", "eager", "refused"}
        assert bool(family.parts) == (family.path != "refused")
        assert set(family.layers or ()) <= set(family.parts)


@pytest.mark.parametrize("name", others_long(FAMILIES))
def test_builds_and_runs(name):
    inputs = known(name).inputs(TOKENS)
    with torch.no_grad():
        output = build(name)(**inputs)
    tensors = [value for value in output.values() if isinstance(value, torch.Tensor)]
    assert tensors
    assert all(tensor.isfinite().all() for tensor in tensors)


@pytest.mark.parametrize("name", others_long(READABLE))
def test_maps_are_there_and_far_from_uniform(name):
    family = known(name)
    maps = eager_maps(name, family.inputs(TOKENS))
    assert tuple(maps) == family.parts
    for part, found in maps.items():
        assert found
        assert len(found) == len((family.layers or {}).get(part, found))
        for weights in found:
            assert weights.ndim == 3
            assert weights.isfinite().all()
            assert (weights >= 0).all()
            assert (weights.sum(-1) <= 1 + 1e-4).all()
            later = weights[:, weights.shape[1] // 2 :]
            uniform = (1 / (later > 0).sum(-1)).mean()
            assert 1.3 * uniform < later.amax(-1).mean() < 0.97


@pytest.mark.skipif(INSTALLED < NEWEST, reason="the paths are those of a newer transformers")
@pytest.mark.parametrize("name", others_long(READABLE))
def test_the_path_is_the_promised_one(name):
    family = known(name)
    inputs = family.inputs(TOKENS)
    expected = family.calls * sum(map(len, eager_maps(name, inputs).values()))
    counted = build(name)
    counted.set_attn_implementation("counting")
    before = calls
    with torch.no_grad():
        counted(**inputs)
    ran = calls - before
    if family.path != "interface":
        assert ran < expected
    elif aw.load(build(name)).trace(inputs).refused:
        assert ran > expected  # the refused part runs too, and has no maps
    else:
        assert ran == expected
