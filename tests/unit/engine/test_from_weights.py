"""Weights from anywhere, and the sentence for those that cannot be used."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.engine.names import parse_head
from attnwidget.engine.trace import recompute

SQUARE = torch.rand(2, 3, 3).softmax(-1)


@pytest.mark.parametrize(
    "layer",
    [
        SQUARE,
        SQUARE.numpy(),
        SQUARE[None],
        SQUARE.bfloat16(),
        SQUARE.half(),
        SQUARE.numpy().astype(np.float64),
        SQUARE.numpy().astype(np.float16),
        SQUARE.numpy().astype(">f8"),
        SQUARE.numpy()[::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1],  # strides that torch does not know
        SQUARE.tolist(),
        [head.tolist() for head in SQUARE],
        list(SQUARE),
        list(SQUARE.numpy()),
        SQUARE.clone().requires_grad_(),
    ],
)
def test_what_can_be_given(layer):
    trace = aw.Trace.from_weights((layer, layer), ["a", "b", "c"])
    assert trace.weights(-1).dtype == torch.float32
    assert trace.weights(1, 1).shape == (3, 3)
    assert torch.allclose(trace.weights(0), SQUARE.detach(), atol=1e-2)
    assert trace.path == "given"


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ((), "tuple is empty"),
        (None, "NoneType does not hold any layers"),
        (5, "int does not hold any layers"),
        ("abc", "str does not hold any layers"),
        (object(), "object does not hold any layers"),
        ({}, "mapping or tuple is empty"),
        (torch.zeros(0, 2, 3, 3), "tuple is empty"),
        (["x"], "str, not an array"),
        ([np.array(["x"])], "ndarray, not an array"),
        ([{1: 2}], "dict, not an array"),
        ((None, None), "Layer 0 is None"),
        (((None, None), (None, None)), "Layer 0 is None"),
        ({"self": None, "cross": (None, ())}, "All parts are empty or None"),
        ({"self": [SQUARE], "cross": (None,)}, "Layer 0 of part 'cross' is None"),
        ({0: SQUARE}, "has the key 0"),
        (SQUARE, r"\(2, 3, 3\) was given; .* in a list"),
        (torch.tensor(1.0), r"\(\) was given"),
        ([[[[1, 0, 0], [1, 0], [1, 0, 0]]]], "cannot become .* same length"),
        ([[torch.eye(3), torch.eye(2)]], "cannot become .* same number of rows"),
        ([SQUARE.to(torch.complex64)], "complex"),
        ([SQUARE.numpy().astype(np.complex128)], "complex"),
        ([SQUARE.detach().to_sparse()], "sparse .*to_dense"),
        (SQUARE[None].detach().to_sparse(), "sparse .*to_dense"),
        ([SQUARE - 0.9], "never negative. If these are scores, take the softmax"),
        ([SQUARE.detach() * 1.05], r"of query \d in layer 0, head \d sum to 1\.05"),
        ([torch.ones(1, 3, 3)], "sum to 3, but the weights of a query sum to at most 1"),
        ([torch.full((1, 3, 3), 1e300, dtype=torch.float64).numpy()], "NaN or infinite"),
        ([torch.zeros(0, 3, 3)], r"\(0, 3, 3\)"),
        ([SQUARE.to("meta")], "not an array"),
        ((torch.rand(2, 2, 3, 3),), "batch of 2"),
        ((torch.rand(2, 4, 4),), r"\(2, 4, 4\)"),
        ((SQUARE, torch.rand(2, 3, 4)), "Layer 1 has the shape"),
        ((torch.rand(3, 3),), r"\(3, 3\)"),
        ((torch.tensor([[[0.5, float("nan"), 0.5]] * 3]),), "NaN or infinite"),
        ((torch.full((1, 3, 3), float("inf")),), "NaN or infinite"),
    ],
)
def test_what_cannot(weights, message):
    with pytest.raises(aw.AttnWidgetError, match=message):
        aw.Trace.from_weights(weights, ["a", "b", "c"])


def test_one_array_for_all_layers():
    stack = torch.rand(2, 4, 3, 3).softmax(-1)
    for weights in (stack, stack.numpy(), stack[:, None]):
        trace = aw.Trace.from_weights(weights, ["a", "b", "c"])
        assert [trace.layers(), *trace.heads()] == [2, 4, 4]
        assert torch.equal(trace.weights(1), stack[1])


@pytest.mark.parametrize("kind", [torch.int64, torch.bool, torch.uint8])
def test_whole_numbers_are_weights_too(kind):
    for array in (torch.eye(3)[None].to(kind), torch.eye(3)[None].to(kind).numpy()):
        found = aw.Trace.from_weights([array], ["a", "b", "c"]).weights(0)
        assert found.dtype == torch.float32
        assert torch.equal(found[0], torch.eye(3))


def test_a_read_only_array_stays_as_it_is():
    array = SQUARE.detach().numpy().copy()
    array.flags.writeable = False
    trace = aw.Trace.from_weights([array], ["a", "b", "c"])
    trace.weights(0).zero_()
    assert np.array_equal(trace.weights(0).numpy(), array)


def test_rows_that_lose_weight_to_a_sink_or_gain_it_by_rounding():
    sinking = SQUARE.detach() / 2
    assert torch.equal(aw.Trace.from_weights([sinking], ["a", "b", "c"]).weights(0), sinking)
    rounded = torch.tensor([0.9985, 0.0015]).bfloat16().expand(1, 2, 2).float()
    assert float(rounded[0, 0].sum()) > 1.001
    assert torch.equal(aw.Trace.from_weights([rounded], ["a", "b"]).weights(0), rounded)


def test_a_row_that_reads_nothing_is_kept():
    blocked = SQUARE.detach().clone()
    blocked[:, 1] = 0
    trace = aw.Trace.from_weights([blocked], ["a", "b", "c"])
    assert torch.equal(trace.weights(0), blocked)
    assert trace.text.padding == (False, False, False)


def test_layers_without_attention_keep_their_places():
    trace = aw.Trace.from_weights((None, SQUARE, None), ["a", "b", "c"])
    assert trace.heads() == (0, 2, 0)
    with pytest.raises(aw.AttnWidgetError, match="Layer 2 has no attention"):
        trace.weights(2)


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ("abc", "tokens is str, not a list"),
        (None, "tokens is NoneType"),
        ([5, 6, 7], "tokens contains int, .*convert_ids_to_tokens"),
        (torch.tensor([5, 6, 7]), "tokens contains Tensor"),
        (torch.tensor(5), "tokens is Tensor, not a list"),
        (["a", "b"], r"with 2 query and 2 key tokens .* including special ones"),
    ],
)
def test_tokens_that_are_none(tokens, message):
    with pytest.raises(aw.AttnWidgetError, match=message):
        aw.Trace.from_weights([SQUARE], tokens)


def test_tokens_of_any_sequence():
    for tokens in (np.array(["a", "b", "c"]), ("a", "b", "c"), {"a": 1, "b": 2, "c": 3}.keys()):
        assert aw.Trace.from_weights([SQUARE], tokens).text.pieces == ("a", "b", "c")


def test_a_row_that_is_all_nan_is_padding():
    maps = SQUARE.clone()
    maps[:, 0] = float("nan")
    trace = aw.Trace.from_weights([maps, maps], ["a", "b", "c"])
    assert trace.weights(0)[:, 0].abs().max() == 0
    assert trace.text.padding == (True, False, False)
    # and so counts in no mean
    uniform = torch.full((1, 4, 4), 0.25)
    uniform[:, 3] = float("nan")
    padded = aw.Trace.from_weights([uniform], ["a", "b", "c", "[PAD]"])
    assert float(aw.entropy(padded)[0, 0]) == pytest.approx(np.log(4), rel=1e-5, abs=1e-5)


def test_special_pieces_are_no_part_of_the_text():
    tokens = aw.Trace.from_weights([SQUARE], ["[CLS]", "river", "bank"]).text
    assert (tokens.text, tokens.spans) == ("river bank", ((-1, -1), (0, 5), (6, 10)))


def test_rows_that_end_before_they_begin():
    assert aw.Trace.from_weights([SQUARE], ["a", "b", "c"]).weights(0, 0, queries=slice(2, 1)).shape == (0, 3)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_torchs_default_type_changes_nothing(dtype):
    trace = aw.Trace.from_weights([SQUARE, SQUARE], ["a", "b", "c"])
    expected = trace.weights(0), np.asarray(aw.rollout(trace)), np.asarray(aw.entropy(trace))
    torch.set_default_dtype(dtype)
    try:
        again = aw.Trace.from_weights([SQUARE, SQUARE], ["a", "b", "c"])
        found = again.weights(0), np.asarray(aw.rollout(again)), np.asarray(aw.entropy(again))
    finally:
        torch.set_default_dtype(torch.float32)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        assert (one == other).all()


def test_several_parts_must_be_named():
    cross = torch.rand(2, 3, 4).softmax(-1)
    trace = aw.Trace.from_weights({"cross": [cross], "other": [cross]}, list("abc"), list("wxyz"))
    with pytest.raises(aw.AttnWidgetError, match="cross, other"):
        trace.weights(0, 0)
    assert trace.weights(0, 0, "cross").shape == (3, 4)
    assert [len(text) for text in trace.tokens("cross")] == [3, 4]


@pytest.mark.parametrize("wrong", [2, -3, "x", True, None, 0.0])
def test_layers_and_heads_that_are_not_there(wrong):
    trace = aw.Trace.from_weights([SQUARE, SQUARE], ["a", "b", "c"])
    with pytest.raises(aw.AttnWidgetError):
        trace.weights(wrong, 0)


def test_a_result_can_be_changed_without_changing_the_trace():
    trace = aw.Trace.from_weights([SQUARE], ["a", "b", "c"])
    trace.weights(0)[:] = 0
    trace.weights(0, 0).zero_()
    assert torch.allclose(trace.weights(0).sum(-1), torch.ones(2, 3))


@pytest.mark.parametrize("name", ["L1", "L1H2", "l1h2", "L1 H2", "L-1H-2"])
def test_heads_have_names(name):
    assert parse_head(name)[0] in {1, -1}


@pytest.mark.parametrize("name", ["", "H1", "L", "LxH1", "1.2"])
def test_and_other_names_are_refused(name):
    with pytest.raises(aw.AttnWidgetError, match="L5H3"):
        parse_head(name)


def test_given_weights_have_no_logits():
    with pytest.raises(aw.AttnWidgetError, match="prediction head"):
        aw.Trace.from_weights([SQUARE], ["a", "b", "c"]).logits()


def test_steps_of_a_generation_grow_by_what_was_read():
    whole = torch.rand(1, 2, 5, 5).tril()
    whole = whole / whole.sum(-1, keepdim=True)
    steps = [(whole[..., :3, :3], None), (whole[..., 3:4, :4], None), (whole[..., 4:, :], None)]
    trace = aw.Trace.from_weights(steps, list("abcde"))
    assert torch.equal(trace.weights(0), whole[0])
    assert trace.heads() == (2, 0)
    with pytest.raises(aw.AttnWidgetError, match=r"6 query and 6 key tokens .* never fed back.*tokens\[:-1\]"):
        aw.Trace.from_weights(steps, list("abcdef"))
    for start in (1, 2):
        forgetful = [steps[0], (whole[..., 3:4, start:4], None)]
        with pytest.raises(aw.AttnWidgetError, match="drops keys"):
            aw.Trace.from_weights(forgetful, list("abcd"))
    with pytest.raises(aw.AttnWidgetError, match="1 to 2 layers"):
        aw.Trace.from_weights([steps[0], steps[1][:1]], list("abcd"))
    with pytest.raises(aw.AttnWidgetError, match="have different batch sizes or heads"):
        aw.Trace.from_weights([steps[0], (None, whole[..., 3:4, :4])], list("abcd"))


def test_more_keys_than_queries_are_named():
    wide = [torch.rand(2, 3, 5).softmax(-1)]
    for tokens in ("abc", "abcde"):
        with pytest.raises(aw.AttnWidgetError, match=r"\(2, 3, 5\).*those of all keys as key_tokens\.$"):
            aw.Trace.from_weights(wide, list(tokens))
    assert aw.Trace.from_weights(wide, list("cde"), list("abcde")).weights(0).shape == (2, 3, 5)
    with pytest.raises(aw.AttnWidgetError, match=r"\(2, 5, 5\).*Check the tokens"):
        aw.Trace.from_weights([torch.rand(2, 5, 5).softmax(-1)], list("abc"))


def test_an_encoder_decoder_needs_both_texts():
    maps = {
        "encoder": [torch.rand(2, 4, 4).softmax(-1)],
        "decoder": [torch.eye(3)[None]],
        "cross": [torch.rand(2, 3, 4).softmax(-1)],
    }
    with pytest.raises(aw.AttnWidgetError, match=r"\(2, 4, 4\).* encoder's as key_tokens"):
        aw.Trace.from_weights(maps, list("abc"))
    trace = aw.Trace.from_weights(maps, list("abc"), list("wxyz"))
    assert {part: tuple(map(len, trace.tokens(part))) for part in trace.parts} == {
        "encoder": (4, 4),
        "decoder": (3, 3),
        "cross": (3, 4),
    }
    assert trace.text.pieces == ("a", "b", "c")


class Cache:
    """As much of TransformerLens' ActivationCache as counts: it is no Mapping."""

    def __init__(self, held):
        self.held = held

    def keys(self):
        return self.held.keys()

    def __getitem__(self, name):
        return self.held[name]


def activations(*layers, batch=True, block="blocks.{}.attn"):
    held = {"hook_embed": torch.rand(1, 3, 8)}
    for number in layers:
        name = block.format(number)
        held[f"{name}.hook_attn_scores"] = torch.randn(1, 2, 3, 3)
        pattern = torch.rand(1, 2, 3, 3).softmax(-1)
        held[f"{name}.hook_pattern"] = pattern if batch else pattern[0]
    return held


@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize("kind", [Cache, dict])
def test_activations_of_transformer_lens(kind, batch):
    held = activations(*range(11), batch=batch)
    trace = aw.Trace.from_weights(kind(held), ["a", "b", "c"])
    assert trace.parts == ("self",)
    assert trace.layers() == 11
    for layer in range(11):
        expected = held[f"blocks.{layer}.attn.hook_pattern"].reshape(2, 3, 3)
        assert torch.equal(trace.weights(layer), expected)


def test_activations_of_some_layers_and_of_parts():
    trace = aw.Trace.from_weights(Cache(activations(10, 2)), ["a", "b", "c"])
    assert [block.layer for block in trace.blocks] == [2, 10]
    sides = {}
    for block in ("encoder.{}.attn", "decoder.{}.attn", "decoder.{}.cross_attn"):
        sides |= activations(0, 1, block=block)
    trace = aw.Trace.from_weights(Cache(sides), list("abc"), list("xyz"))
    assert trace.parts == ("encoder", "decoder", "cross")
    assert torch.equal(trace.weights(1, part="cross"), sides["decoder.1.cross_attn.hook_pattern"][0])


def test_activations_without_patterns():
    with pytest.raises(aw.AttnWidgetError, match="cache of 1 activations has no attention patterns"):
        aw.Trace.from_weights(Cache(activations()), ["a"])
    held = {"blocks.0.attn.hook_pattern": torch.rand(2, 2, 3, 3).softmax(-1)}
    with pytest.raises(aw.AttnWidgetError, match="batch of 2"):
        aw.Trace.from_weights(Cache(held), ["a", "b", "c"])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_tensors_on_a_gpu():
    found = aw.Trace.from_weights([SQUARE.cuda()], ["a", "b", "c"]).weights(0)
    assert torch.equal(found, SQUARE.detach())


def softened(allowed, heads=3, seed=0):
    """Random softmax maps (head query key) over the keys that are allowed; rows without any are uniform, as eager makes them."""
    scores = torch.randn(heads, *allowed.shape, generator=torch.Generator().manual_seed(seed))
    return scores.masked_fill(~allowed, torch.finfo(torch.float32).min).softmax(-1)


def triangle(size, window=None):
    """Which keys a causal layer may read, back to a window's edge."""
    back = torch.arange(size)[:, None] - torch.arange(size)
    return (back >= 0) & (back < (window or size))


def seen_in(trace, part=None):
    """(query key) of every layer: what may be read."""
    return [recompute.visible(block) for block in trace.part_blocks(part)]


NAMES = list("abcdefghij")


def test_rows_of_padding_say_nothing_of_causality():
    allowed = triangle(8)
    allowed[:, :3] = False
    maps = softened(allowed)
    assert bool((maps[:, 0] == 1 / 8).all())
    text = replace(aw.Tokens.from_pieces(NAMES[:8]), padding=(True,) * 3 + (False,) * 5)
    padded = aw.Trace.from_weights([maps], text)
    plain = aw.Trace.from_weights([maps[:, 3:, 3:]], NAMES[3:8])
    assert padded.blocks[0].causal
    assert plain.blocks[0].causal
    for measure in (lambda t: aw.entropy(t, normalised=True), lambda t: aw.sink_score(t, key=-1)):
        assert np.asarray(measure(padded)) == pytest.approx(np.asarray(measure(plain)), rel=1e-5, abs=1e-6)
    null = np.asarray(aw.rollout(padded, null="uniform"))[3:, 3:]
    assert null == pytest.approx(np.asarray(aw.rollout(plain, null="uniform")), rel=1e-5, abs=1e-5)
    assert np.isnan(np.asarray(aw.share(padded, "next"))).all()


def test_the_last_queries_of_a_causal_map_are_causal():
    maps = softened(triangle(8))
    trace = aw.Trace.from_weights([maps[:, 3:]], NAMES[3:8], NAMES[:8])
    assert torch.equal(seen_in(trace)[0], triangle(8)[3:])
    assert np.isnan(np.asarray(aw.share(trace, "next"))).all()
    # of other tokens they are another sequence, whatever they look like
    other = aw.Trace.from_weights([maps[:, 3:]], list("vwxyz"), NAMES[:8])
    assert seen_in(other)[0].all()
    assert not aw.Trace.from_weights({"cross": [maps]}, NAMES[:8], NAMES[:8]).blocks[0].causal


def test_the_layers_of_a_part_are_judged_together():
    back = torch.zeros(1, 6, 6)
    back[0, range(1, 6), range(5)] = back[0, 0, 0] = 1
    both, causal = softened(torch.ones(6, 6, dtype=torch.bool)), softened(triangle(6))

    def judged(*layers, **more):
        return [block.causal for block in aw.Trace.from_weights(list(layers), NAMES[:6], **more).blocks]

    assert judged(both, back) == [False, False]
    assert judged(causal, back) == [True, True]
    assert judged(back) == [True]
    assert judged(back, causal=False) == [False]
    assert judged(causal, both) == [True, False]  # nothing but a mask leaves zeros like these
    prefix = triangle(6)
    prefix[:3, :3] = True
    assert judged(softened(prefix), softened(prefix, seed=1)) == [False, False]


def test_causality_that_is_said():
    causal, both = softened(triangle(6, window=3)), softened(torch.ones(6, 6, dtype=torch.bool))
    for said, expected in ((True, triangle(6)), (False, torch.ones(6, 6, dtype=torch.bool))):
        assert torch.equal(seen_in(aw.Trace.from_weights([causal], NAMES[:6], causal=said))[0], expected)
    with pytest.raises(aw.AttnWidgetError, match="attend to later keys"):
        aw.Trace.from_weights([both], NAMES[:6], causal=True)
    with pytest.raises(aw.AttnWidgetError, match="another sequence"):
        aw.Trace.from_weights([causal], NAMES[:6], list("uvwxyz"), causal=True)
    with pytest.raises(aw.AttnWidgetError, match="give True, False, or None"):
        aw.Trace.from_weights([causal], NAMES[:6], causal="yes")


@pytest.mark.parametrize("left", [0, 2])
def test_windows_are_seen(left):
    allowed = [triangle(10), triangle(10, window=4), triangle(10, window=4), triangle(10, window=7)]
    for layer in allowed:
        layer[:, :left] = False
    maps = [softened(layer, seed=seed) for seed, layer in enumerate(allowed)]
    text = replace(aw.Tokens.from_pieces(NAMES), padding=(True,) * left + (False,) * (10 - left))
    trace = aw.Trace.from_weights(maps, text)
    for seen, expected in zip(seen_in(trace), allowed, strict=True):
        assert torch.equal(seen[left:, left:], expected[left:, left:])
    assert trace.blocks[0].mask is None
    assert trace.blocks[1].mask is trace.blocks[2].mask
    first = maps[1][:, left:, left]
    can = first[:, :4].mean(-1).numpy()
    assert np.asarray(aw.sink_score(trace, key=left))[1] == pytest.approx(can, rel=1e-5, abs=1e-6)


def test_windows_of_both_sides_are_seen():
    near = (torch.arange(9)[:, None] - torch.arange(9)).abs() <= 2
    trace = aw.Trace.from_weights([softened(near), softened(torch.ones(9, 9, dtype=torch.bool))], NAMES[:9])
    assert [bool(seen.all()) for seen in seen_in(trace)] == [False, True]
    assert torch.equal(seen_in(trace)[0], near)


def test_hard_heads_have_no_window():
    own, previous = torch.eye(7), torch.zeros(7, 7)
    previous[range(1, 7), range(6)] = previous[0, 0] = 1
    first = torch.zeros(7, 7)
    first[:, 0] = 1
    for heads in ([own], [previous], [own, previous], [first], [own, first], [previous, first]):
        trace = aw.Trace.from_weights([torch.stack(heads)], NAMES[:7])
        assert torch.equal(seen_in(trace)[0], triangle(7))


def test_a_window_survives_saving(tmp_path):
    trace = aw.Trace.from_weights([softened(triangle(8, window=3))], NAMES[:8])
    assert torch.equal(seen_in(aw.Trace.load(trace.save(tmp_path / "window")))[0], triangle(8, window=3))
