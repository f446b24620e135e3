"""Copies without some heads, run by transformers itself, against the model whose heads are silenced."""

import copy

import pytest
import torch

import attnwidget as aw
from tests.model.families import FAMILIES, build, others_long
from tests.model.families.family import ids
from tests.model.small import small

CUT = {
    "gpt2": (["L0H1", "L1H2", "L1H3"], []),
    "bert-masked-lm": (["L0H0", "L2H3"], []),
    "llama-grouped": (["L0H0", "L0H1", "L0H2", "L0H3"], []),
    "llama-all-heads": (["L1"], [(1, 0)]),
}
"""Heads that are pruned, and those of them that stay, with zeros: a layer keeps one at least."""

ZEROED = ["gpt-neox", "olmo2", "phi3"]
"""Families whose layout is not one that can be cut."""


def silenced(model, inputs, heads):
    return model.trace(inputs, edits=[aw.Silence(head) for head in heads])


@pytest.mark.parametrize("name", ["gpt2", "bert-masked-lm", "llama-grouped"])
@pytest.mark.parametrize("smaller", [True, False])
def test_a_copy_gives_what_the_silenced_model_gives(name, smaller):
    heads = CUT[name][0]
    model, inputs = aw.load(build(name)), {"input_ids": ids(12)}
    expected = silenced(model, inputs, heads).logits(range(12))
    pruned = aw.prune(model, heads, smaller=smaller)
    with torch.no_grad():
        found = pruned.model(**inputs).logits[0]  # transformers' own pass, of the copy itself
    assert (found - expected).abs().max() <= 1e-5 * max(1.0, float(expected.abs().max()))
    assert (model.trace(inputs).logits(range(12)) - expected).abs().max() > 1e-3
    assert pruned.verify(inputs).error < 1e-5
    counts = [sum(weight.numel() for weight in one.model.parameters()) for one in (pruned, model)]
    assert (counts[0] < counts[1]) == smaller
    assert [*pruned.removed, *pruned.zeroed] == [tuple(map(int, head[1:].split("H"))) for head in heads]
    assert bool(pruned.removed) == smaller


@pytest.mark.parametrize("name", CUT)
def test_what_is_left_of_a_layer(name):
    heads, zeroed = CUT[name]
    model = aw.load(build(name))
    pruned = aw.prune(model, heads)
    assert list(pruned.zeroed) == zeroed
    layer = pruned.removed[0][0]
    counts = list(model.facts.heads)
    assert counts[layer] - len([own for own, _ in pruned.removed if own == layer]) == len(pruned.kept["self", layer])
    trace = pruned.trace({"input_ids": ids(12)})
    assert trace.heads() == pruned.facts.heads
    before = silenced(model, {"input_ids": ids(12)}, heads)
    for place, head in enumerate(pruned.kept["self", layer]):
        assert torch.allclose(trace.weights(layer, place), before.weights(layer, head), atol=1e-5)


def test_heads_that_share_keys_are_cut_by_groups():
    model = aw.load(build("llama-grouped"))
    groups = model.trace({"input_ids": ids(6)}).blocks[0].kv_heads
    assert groups == 2
    whole = aw.prune(model, ["L0H0", "L0H1", "L0H2", "L0H3"]).model.model.layers[0].self_attn
    assert whole.k_proj.out_features * 2 == model.model.model.layers[0].self_attn.k_proj.out_features
    even = aw.prune(model, ["L0H1", "L0H6"])
    own = even.model.model.layers[0].self_attn
    assert (own.num_key_value_groups, own.k_proj.out_features) == (
        3,
        model.model.model.layers[0].self_attn.k_proj.out_features,
    )
    assert even.zeroed == ()
    assert aw.prune(model, "L0H1").zeroed == ((0, 1),)


@pytest.mark.parametrize("name", others_long(ZEROED))
def test_other_layouts_keep_their_sizes_and_write_zeros(name):
    model = aw.load(build(name))
    pruned = aw.prune(model, [(0, 1), (2, 0)])
    assert (pruned.removed, pruned.zeroed) == ((), ((0, 1), (2, 0)))
    inputs = FAMILIES[name].inputs(12)
    expected = silenced(model, inputs, ["L0H1", "L2H0"]).logits(range(12))
    with torch.no_grad():
        found = pruned.model(**inputs).logits[0]
    assert (found - expected).abs().max() <= 1e-5 * max(1.0, float(expected.abs().max()))


def test_one_part_of_a_model_is_pruned():
    model, given = aw.load(build("bart")), FAMILIES["bart"].inputs(6)
    pruned = aw.prune(model, ["L0H1"], part="cross", on=model.trace(given))
    expected = model.trace(given, edits="silence cross L0H1").logits(range(4))
    assert pruned.removed == ((0, 1),)
    with torch.no_grad():
        found = pruned.model(**given).logits[0, :4]
    assert torch.allclose(found, expected, atol=1e-5 * max(1.0, float(expected.abs().max())))
    assert pruned.trace(given).heads("cross")[0] == 3
    assert pruned.facts.heads == model.facts.heads


def test_a_pruned_model_generates_and_is_saved(tmp_path):
    model = aw.load()
    text = "The capital of Veldt is Miro. The capital of Veldt is"
    pruned = aw.prune(model, ["L0H3", "L1H0"])
    generated = model.generate(text, max_new_tokens=4, edits=["silence L0H3", "silence L1H0"])
    assert pruned.generate(text, max_new_tokens=4).text.ids == generated.text.ids
    torch.save(pruned.model, tmp_path / "whole.pt")
    again = aw.load(torch.load(tmp_path / "whole.pt", weights_only=False), model.tokenizer)
    assert torch.equal(again.trace(text).logits(), pruned.trace(text).logits())
    zeroed = aw.prune(model, ["L0H3", "L1H0"], smaller=False)
    zeroed.model.save_pretrained(tmp_path / "zeroed")
    zeroed.tokenizer.save_pretrained(tmp_path / "zeroed")
    assert torch.allclose(
        aw.load(str(tmp_path / "zeroed")).trace(text).logits(), pruned.trace(text).logits(), atol=1e-5
    )


def test_the_users_model_is_left_as_it_is():
    module = build("gpt2").train()
    heard = []
    module.transformer.h[0].register_forward_hook(lambda *_given: heard.append(1))
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    config, drawn = copy.deepcopy(module.config.to_dict()), torch.random.get_rng_state()
    pruned = aw.prune(aw.load(module), ["L0H1", "L1"])
    with torch.no_grad():
        pruned.model.transformer.h[0].attn.c_proj.weight.zero_()
    pruned.trace([1, 2, 3])
    assert heard == []
    assert module.training
    assert module.config.to_dict() == config
    assert torch.equal(torch.random.get_rng_state(), drawn)
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    assert all(part.grad is None and part.requires_grad for part in (*module.parameters(), *pruned.model.parameters()))
    assert not {id(part) for part in module.parameters()} & {id(part) for part in pruned.model.parameters()}


@pytest.mark.parametrize(
    ("name", "heads", "said"),
    [
        ("gpt2", "L9H1", "no layer 9"),
        ("gpt2", "L0H9", "no head 9"),
        ("gpt2", [], "names no heads"),
        ("gpt2", 5, "names no heads"),
        ("albert", "L0H1", "serves several layers"),
        ("diffllama", "L0H1", "linear layer of their own"),
        ("bloom", "L0H1", "code of its own"),
    ],
)
def test_what_cannot_be_pruned_is_said(name, heads, said):
    model = aw.load(small(name) if name == "bloom" else build(name))
    with pytest.raises(aw.AttnWidgetError, match=said):
        aw.prune(model, heads)


def test_layers_that_only_some_inputs_run_are_known_once_they_have_run():
    model = aw.load(build("gpt2-cross"))
    model.trace([4, 5, 6], edits="silence L0H1")
    given = FAMILIES["gpt2-cross"].inputs(6)
    trace = model.trace(given, edits="silence cross L0H1")
    assert trace.part_blocks("cross")[0].silenced == (1,)
