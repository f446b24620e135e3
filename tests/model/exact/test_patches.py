"""Patches against eager models of transformers, whose layers and projections are changed by plain hooks."""

from functools import cache

import pytest
import torch

import attnwidget as aw
from tests.model.families import FAMILIES, build, others_long, reference
from tests.model.families.family import ids
from tests.model.small import small

LAYERS = {"gpt2": "transformer.h", "llama-grouped": "model.layers", "bert-masked-lm": "bert.encoder.layer"}
"""Where the layers of each family stand."""

TOKENS, LAYER, HEAD, AT = 12, 1, 2, [4, 7]

NAMES = [
    name
    for name, family in FAMILIES.items()
    if family.known()
    and (family.path, family.parts) == ("interface", ("self",))
    and family.model.endswith(("ForCausalLM", "ForMaskedLM", "LMHeadModel"))
    and set(family.inputs(3)) == {"input_ids"}
]

REFUSED = {"zamba2": "no layer -1 with attention", "gemma3n-text": "something else than one row"}


@cache
def loaded(name):
    model = aw.load(build(name))
    return model, *(model.trace({"input_ids": ids(TOKENS, seed)}) for seed in (7, 8))


def hooked(name, seed, module, hook, *, before=False):
    """Logits of the eager model, one module of which goes through a hook."""
    model = reference(name)
    own = model.get_submodule(module)
    handle = own.register_forward_pre_hook(hook) if before else own.register_forward_hook(hook)
    try:
        with torch.no_grad():
            return model(input_ids=ids(TOKENS, seed)).logits[0]
    finally:
        handle.remove()


def near(trace, expected):
    return (trace.logits(range(TOKENS)) - expected).abs().max() <= 1e-4 * max(1.0, float(expected.abs().max()))


@pytest.mark.parametrize("name", LAYERS)
def test_rows_of_a_layer_are_those_of_the_other_run(name):
    model, clean, corrupted = loaded(name)
    module, kept = f"{LAYERS[name]}.{LAYER}", []

    def hidden(result):
        return result[0] if isinstance(result, tuple) else result

    def keep(_module, _given, result):
        kept.append(hidden(result).clone())

    def put(_module, _given, result):
        found = hidden(result).clone()
        found[0, AT] = kept[0][0, AT]
        return (found, *result[1:]) if isinstance(result, tuple) else found

    hooked(name, 7, module, keep)
    expected = hooked(name, 8, module, put)
    trace = model.trace(corrupted, edits=aw.Patch(LAYER, of=clean, at=AT))
    assert near(trace, expected)
    assert not near(corrupted, expected)
    assert [str(edit) for edit in trace.edits] == [f"patch L{LAYER} at 4, 7 from the run over {said(clean)!r}"]


@pytest.mark.parametrize("name", LAYERS)
def test_a_head_gives_what_it_gave_in_the_other_run(name):
    model, clean, corrupted = loaded(name)
    block, kept = clean.block(LAYER), []
    width = block.v.shape[-1]
    own = slice(HEAD * width, (HEAD + 1) * width)

    def keep(_module, given):
        kept.append(given[0].clone())

    def put(_module, given):
        found = given[0].clone()
        found[0, AT, own] = kept[0][0, AT, own]
        return (found, *given[1:])

    hooked(name, 7, block.projection.path, keep, before=True)
    expected = hooked(name, 8, block.projection.path, put, before=True)
    assert near(model.trace(corrupted, edits=aw.Patch(LAYER, HEAD, of=clean, at=AT)), expected)
    assert not near(corrupted, expected)


def said(trace):
    text = " ".join(trace.text.pieces)
    return text if len(text) <= 40 else f"{text[:39].rstrip()}…"


@pytest.mark.parametrize("name", others_long(NAMES))
def test_all_that_a_layer_hands_on_makes_it_the_other_run(name):
    model, clean, corrupted = loaded(name)
    if name in REFUSED:
        with pytest.raises(aw.AttnWidgetError, match=REFUSED[name]):
            model.trace(corrupted, edits=aw.Patch(-1, of=clean))
    else:
        assert near(model.trace(corrupted, edits=aw.Patch(-1, of=clean)), clean.logits(range(TOKENS)))


def test_parts_are_patched_by_their_own_layers():
    model = aw.load(small("t5"))
    clean, corrupted = (
        model.trace({"input_ids": ids(6, seed) % 16, "decoder_input_ids": ids(4, seed) % 16}) for seed in (1, 2)
    )
    both = [aw.Patch(-1, of=clean, part="encoder"), aw.Patch(-1, of=clean, part="decoder")]
    assert not torch.allclose(model.trace(corrupted, edits=both[0]).logits(range(4)), clean.logits(range(4)), atol=1e-3)
    assert torch.allclose(model.trace(corrupted, edits=both).logits(range(4)), clean.logits(range(4)), atol=1e-4)
    with pytest.raises(aw.AttnWidgetError, match="does not say in which part"):
        model.trace(corrupted, edits=aw.Patch(-1, of=clean))
