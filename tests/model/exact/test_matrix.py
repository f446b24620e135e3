"""The parity matrix: every family against eager attention of transformers itself, in fp32, part by part.

`python -m tests.model.families` writes the measured figures into attnwidget/engine/README.md. `make test-matrix` runs
this file whole on the oldest transformers that is supported and on the newest. Every family has its exact weights in
`make test`; what else is asked of all of them is in `make test-long`.
"""

from functools import cache

import pytest
import torch

import attnwidget as aw
from attnwidget.engine.trace.recompute import weights as exact
from tests.model.families import EVERY_WAY, FAMILIES, build, eager_maps, others_long, reference
from tests.model.families.family import INSTALLED, NEWEST

SHOWN = [name for name, family in FAMILIES.items() if family.path != "refused" and family.known()]
REFUSED = [name for name, family in FAMILIES.items() if family.path == "refused" and family.known()]
TEXT = [name for name in SHOWN if set(FAMILIES[name].inputs(3)) == {"input_ids"}]
OWN_CODE = {name for name in SHOWN if FAMILIES[name].path == "eager"}
INTERFACE = [name for name in TEXT if name not in OWN_CODE]
CARRY_PADDING = {"recurrent-gemma"} if INSTALLED >= NEWEST else {"qwen3-next", "granitemoehybrid", "lfm2", "lfm2-moe"}
"""Their recurrent layers carry on what the rows of padding computed, which eager attention and sdpa fill differently."""


@cache
def loaded(name):
    """One model for all tests: nothing here may write to it."""
    return aw.load(build(name))


def shown(name, weights):
    """Our weights as eager attention shows them: Granite takes its sinks away from the output, after the weights."""
    return weights / weights.sum(-1, keepdim=True) if name == "granite-sink-gate" else weights


@pytest.mark.parametrize("name", SHOWN)
def test_weights_equal_eager(name):
    family = FAMILIES[name]
    given = family.inputs(20)
    torch.manual_seed(1)  # ViLT draws its patches
    expected = eager_maps(name, given)
    torch.manual_seed(1)
    trace = loaded(name).trace(given)
    if INSTALLED >= NEWEST:  # with an older transformers the way may be another, and the numbers may not
        assert trace.path == family.path
    assert set(trace.parts) == set(expected) == set(family.parts)
    for part, maps in expected.items():
        blocks = trace.part_blocks(part)
        assert len(blocks) == len(maps)
        numbers = (family.layers or {}).get(part, tuple(range(len(maps))))
        assert tuple(block.layer for block in blocks) == numbers
        for layer, true in zip(numbers, maps, strict=True):
            weights = shown(name, trace.weights(layer, part=part))
            assert weights.shape == true.shape
            assert (weights - true).abs().max() <= family.tolerance
        query, key = trace.tokens(part)
        assert (len(query), len(key)) == tuple(maps[0].shape[-2:])


@pytest.mark.parametrize("name", others_long(SHOWN))
def test_verify_agrees_by_the_models_own_file(name):
    # Of families with code of their own, both passes ask the same code: there it only says that nothing is random.
    family = FAMILIES[name]
    found = loaded(name).verify(family.inputs(12))
    assert found.error <= (0.0 if found.path == "eager" else family.tolerance)
    if INSTALLED >= NEWEST:
        assert found.path == family.path


@pytest.mark.parametrize("tokens", [1, 2, 210])
@pytest.mark.parametrize("name", others_long(INTERFACE))
def test_short_and_long_texts(name, tokens):
    family = FAMILIES[name]
    given = family.inputs(tokens)
    trace = loaded(name).trace(given)
    for part, maps in eager_maps(name, given).items():
        for block, true in zip(trace.part_blocks(part), maps, strict=True):
            # Rows and columns on their own: what is asked of long texts.
            row = shown(name, trace.weights(block.layer, 0, part, queries=-1))
            assert (row[0] - true[0, -1]).abs().max() <= 2 * family.tolerance
            if name != "granite-sink-gate":
                column = trace.weights(block.layer, part=part, keys=[0])
                assert (column[..., 0] - true[..., 0]).abs().max() <= 2 * family.tolerance


@pytest.mark.parametrize("name", others_long(SHOWN))
def test_logits_equal_the_whole_model(name):
    model = loaded(name)
    given = FAMILIES[name].inputs(9)
    torch.manual_seed(1)
    trace = model.trace(given)
    if model.facts.predicts is None:
        with pytest.raises(aw.AttnWidgetError, match="no final hidden states or no prediction head"):
            trace.logits()
        return
    found = trace.logits(slice(None))
    torch.manual_seed(1)
    with torch.no_grad():
        # Eager, as the weights: with sdpa, Falcon with ALiBi and the soft caps of transformers 5.0 compute other logits.
        output = reference(name)(**given)
    if model.facts.predicts == "answer span":
        expected = torch.stack([output.start_logits[0], output.end_logits[0]], -1)
    else:
        expected = output.logits if model.facts.predicts == "class" else output.logits[0]
    assert found.shape == expected.shape
    assert torch.allclose(found, expected.float(), atol=1e-3 * float(expected.abs().max()), rtol=0)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_shown_truly_is_refused_in_one_sentence(name):
    with pytest.raises(aw.AttnWidgetError) as caught:
        aw.load(build(name)).trace(FAMILIES[name].inputs(20))
    assert "Error" not in str(caught.value)
    assert len(str(caught.value)) < 350


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", others_long(name for name in TEXT if name not in CARRY_PADDING))
def test_inside_padding(name, side):
    family = FAMILIES[name]
    given = family.inputs(14)
    kept = torch.ones_like(given["input_ids"])
    kept[:, slice(0, 4) if side == "left" else slice(10, 14)] = 0
    given = {**given, "attention_mask": kept}
    expected = eager_maps(name, given)
    trace = loaded(name).trace(given)
    real = kept[0].bool()
    assert trace.text.padding == tuple((~real).tolist())
    for part, maps in expected.items():
        for block, true in zip(trace.part_blocks(part), maps, strict=True):
            weights = shown(name, trace.weights(block.layer, part=part)[:, real])
            assert weights.isfinite().all()
            assert (weights - true[:, real]).abs().max() <= family.tolerance
            assert weights[:, :, ~real].abs().max() < 1e-6


@pytest.mark.parametrize(("dtype", "bound"), [(torch.bfloat16, 4e-2), (torch.float16, 5e-3)])
@pytest.mark.parametrize("name", others_long(INTERFACE))
def test_half_precision_is_recomputed_in_fp32(name, dtype, bound):
    # The first layer, as later ones also carry the model's own rounding; the truth is that of fp32.
    given = FAMILIES[name].inputs(20)
    truth = loaded(name).trace(given).blocks[0]
    half = aw.load(build(name).to(dtype)).trace(given)
    weights = half.weights(half.blocks[0].layer, part=half.blocks[0].part)
    expected = exact(truth)
    assert (weights - expected).abs().mean() < bound
    rounded = truth.sinks is not None or half.path == "eager"  # maps at hand are as the model rounded them
    assert torch.allclose(weights.sum(-1), expected.sum(-1), atol=bound if rounded else 1e-5)


def test_the_matrix_is_wide():
    assert len(SHOWN) >= 180
    assert len(INTERFACE) >= 80
    assert set(FAMILIES) >= EVERY_WAY
