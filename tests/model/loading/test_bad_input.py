"""What goes wrong is one sentence, and leaves the user's model as it was."""

import copy

import numpy as np
import pytest
import torch
from transformers import AttentionInterface

import attnwidget as aw
from attnwidget.engine.capture.shadow import shadow_of
from attnwidget.errors import TooLong
from tests.model.families import build

SQUARE = torch.full((2, 3, 3), 1 / 3)
WORDS = ["a", "b", "c"]


def picture(model):
    """Everything of a model that a user could notice."""
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([[5, 6, 7]])).logits
    return {
        "logits": logits,
        "config": model.config.to_dict(),
        "implementation": model.config._attn_implementation,
        "generation": model.generation_config.to_dict(),
        "hooks": [(len(part._forward_hooks), len(part._forward_pre_hooks)) for part in model.modules()],
        "training": [part.training for part in model.modules()],
        "tensors": [id(tensor) for tensor in [*model.parameters(), *model.buffers()]],
        "requires_grad": [parameter.requires_grad for parameter in model.parameters()],
        "grad mode": torch.is_grad_enabled(),
        "dtype": torch.get_default_dtype(),
    }


def assert_same(one, other):
    assert torch.equal(one.pop("logits"), other.pop("logits"))
    assert one == other


BAD = {
    "nothing": None,
    "an empty list": [],
    "an empty mapping": {},
    "a batch of ids": torch.ones(2, 3, dtype=torch.long),
    "a batch in a mapping": {"input_ids": torch.ones(2, 3, dtype=torch.long)},
    "ragged ids": [[1, 2], [3]],
    "letters": ["a", "b"],
    "floats": [1.5, 2.5],
    "booleans": [True, False],
    "bytes": b"words",
    "a set": {1, 2},
    "an id that is not there": [1, 10_000],
    "a negative id": [-1],
    "an unknown input": {"input_idz": [[1]]},
    "a mask of another length": {"input_ids": [[1, 2, 3]], "attention_mask": [[1, 1]]},
    "embeddings that are no numbers": {"inputs_embeds": torch.full((1, 3, 64), float("nan"))},
    "messages without content": [{"role": "user"}],
    "text without a tokenizer": "words",
    "an empty text": "",
}


@pytest.mark.parametrize("given", BAD.values(), ids=BAD)
@pytest.mark.parametrize("name", ["gpt2", "bloom", "t5"])
def test_inputs_that_cannot_be_read(name, given):
    model = build(name)
    loaded = aw.load(model)
    for ask in (loaded.trace, loaded.verify, loaded.generate):
        with pytest.raises(aw.AttnWidgetError) as caught:
            ask(given)
        assert "\n" not in str(caught.value)
        assert str(caught.value).endswith((".", "?"))


@pytest.mark.parametrize("name", ["gpt2", "llama-grouped", "gptj"])
def test_the_users_model_is_untouched_by_failures(name, monkeypatch):
    model = build(name).train()
    model.requires_grad_(requires_grad=False)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0  # so that logits in train mode can be compared
    loaded = aw.load(model)
    before = picture(model)
    for given in BAD.values():
        with pytest.raises(aw.AttnWidgetError):
            loaded.trace(given)
    with pytest.raises(TooLong):
        loaded.trace([5] * 100_000)
    module = shadow_of(model).module
    layer = next(part for part in module.modules() if isinstance(part, torch.nn.ModuleList))[1]

    # On a GPU torch has an error for it, on a processor only words.
    for error in (torch.OutOfMemoryError("tried"), RuntimeError("DefaultCPUAllocator: can't allocate memory: you")):

        def no_memory(*_given, error=error, **_more):
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(layer, "forward", no_memory)
            with pytest.raises(aw.AttnWidgetError, match="not enough memory to run 3 tokens"):
                loaded.trace([5, 6, 7])
    assert_same(before, picture(model))
    # And everything still works.
    assert torch.isfinite(loaded.trace([5, 6, 7]).weights(1)).all()
    assert_same(picture(model), picture(model))


def sharp(_module, query, key, value, _mask, scaling, **_options):
    weights = (2 * scaling * query @ key.transpose(-1, -2)).softmax(-1)
    return (weights @ value).transpose(1, 2), weights


def dumb(*given, **options):
    return sharp(*given, **options)[0], None


# Names say nothing: neither one that looks like a kernel's nor a known one that means another function now.
@pytest.mark.parametrize("name", ["twice_as_sharp", "my_paged", "sdpa"])
def test_a_function_of_the_users_is_shown_by_the_weights_that_it_returns(name, monkeypatch):
    monkeypatch.setattr(AttentionInterface, "_global_mapping", {**AttentionInterface._global_mapping, name: sharp})
    model = build("gpt2")
    model.set_attn_implementation(name)
    loaded = aw.load(model)
    trace = loaded.trace([5, 6, 7])
    with torch.no_grad():
        expected = model(torch.tensor([[5, 6, 7]]), output_attentions=True).attentions
    for layer, maps in enumerate(expected):
        assert torch.allclose(trace.weights(layer), maps[0], atol=1e-6)
    assert trace.path == "eager"
    assert trace.weights(0)[0, 0, 2] > 0.0  # it knows no mask, and so none is shown
    assert loaded.verify([5, 6, 7]).error < 1e-6
    assert model.config._attn_implementation == name


def test_a_function_of_the_users_that_returns_no_weights_is_refused():
    AttentionInterface.register("dumb", dumb)
    model = build("gpt2")
    model.set_attn_implementation("dumb")
    with pytest.raises(
        aw.AttnWidgetError, match=r"'dumb', which returns no weights.*set_attn_implementation\('sdpa'\)"
    ):
        aw.load(model).trace([5, 6, 7])
    model.set_attn_implementation("sdpa")
    assert aw.load(model).trace([5, 6, 7]).weights(0).shape[-1] == 3


def test_weights_that_are_not_numbers_are_said_to_be():
    model = copy.deepcopy(build("gpt2"))
    with torch.no_grad():
        model.transformer.h[1].attn.c_attn.weight[0] = float("nan")
    with pytest.raises(aw.AttnWidgetError, match="NaN or infinite"):
        aw.load(model).verify([5, 6, 7])


GIVEN = {
    "None": None,
    "an empty tuple": (),
    "a tuple of None": (None, None),
    "a mapping of nothing": {"self": ()},
    "a batch": (SQUARE.expand(2, 2, 3, 3),),
    "another number of tokens": (torch.full((2, 4, 4), 0.25),),
    "not square without key tokens": (torch.full((2, 3, 5), 0.2),),
    "layers of different sizes": (SQUARE, torch.full((2, 4, 4), 0.25)),
    "numbers among NaN": (torch.tensor([[[1.0, float("nan"), 0.0]] * 3]),),
    "infinity": (SQUARE * float("inf"),),
    "words": ("a", "b"),
    "objects": (object(),),
    "numpy of words": (np.array([["a"]]),),
}


@pytest.mark.parametrize("weights", GIVEN.values(), ids=GIVEN)
def test_weights_that_cannot_be_used(weights):
    with pytest.raises(aw.AttnWidgetError) as caught:
        aw.Trace.from_weights(weights, WORDS)
    assert "\n" not in str(caught.value)


def test_fully_masked_rows_are_padding():
    maps = SQUARE.clone()
    maps[:, 2] = float("nan")
    trace = aw.Trace.from_weights([maps, maps], WORDS)
    assert trace.text.padding == (False, False, True)
    assert trace.weights(0)[:, 2].abs().max() == 0


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_of_a_mapping_is_marked_and_empty(side):
    mask = [0, 0, 1, 1, 1] if side == "left" else [1, 1, 1, 0, 0]
    trace = aw.load(build("llama-grouped")).trace({"input_ids": [[5, 6, 7, 8, 9]], "attention_mask": [mask]})
    assert trace.text.padding == tuple(not mark for mark in mask)
    weights = trace.weights(1)
    assert weights.isfinite().all()
    assert weights[:, :, [not mark for mark in mask]][:, [bool(mark) for mark in mask]].abs().max() == 0


STRANGE = {
    "complex ids": [1 + 2j],
    "sparse ids": torch.tensor([[1, 2]]).to_sparse(),
    "meta ids": torch.ones(1, 3, dtype=torch.long, device="meta"),
    "nested ids": torch.nested.as_nested_tensor([torch.tensor([1, 2])], layout=torch.jagged),
    "ids past 64 bits": [2**70],
    "sparse ids in a mapping": {"input_ids": torch.tensor([[1, 2]]).to_sparse()},
    "meta ids in a mapping": {"input_ids": torch.ones(1, 3, dtype=torch.long, device="meta")},
    "complex ids in a mapping": {"input_ids": [[1 + 2j]]},
    "segments of another length": {"input_ids": [[5, 6, 7]], "token_type_ids": [[0, 1]]},
}


@pytest.mark.parametrize("given", STRANGE.values(), ids=STRANGE)
def test_tensors_without_plain_numbers(given):
    with pytest.raises(aw.AttnWidgetError, match=r"[.?]$"):
        aw.load(build("gpt2")).trace(given)


ROWS = ["a", {}, [2**70], 1.5, True, [1j], torch.ones(1, dtype=torch.long, device="meta"), slice("a"), slice(0, 2, 0)]

CALLS = {
    "pair": lambda model, _: model.trace([5, 6], pair=5),
    "pair of tokens": lambda model, _: model.tokens([5, 6], pair=5),
    "reuse": lambda model, _: model.trace([5, 6], reuse="x"),
    "predict of nothing": lambda model, _: model.predict(None),
    "predict at none": lambda model, trace: model.predict(trace, slice(0, 0)),
    "predict at several": lambda model, trace: model.predict(trace, [0, 1]),
    "a generation config": lambda model, _: model.generate([5, 6], generation_config="x"),
    "a streamer": lambda model, _: model.generate([5, 6], streamer="x"),
    "on_token": lambda model, _: model.generate([5, 6], on_token=5),
    "a part": lambda *_: aw.Trace.from_weights([SQUARE], WORDS, part=["self"]),
    "a piece to find": lambda _, trace: trace.text.find(None),
    "which piece to find": lambda _, trace: trace.text.find("5", "last"),
    "an id to name": lambda model, _: model.piece("x"),
    "a negative id to name": lambda model, _: model.piece(-1),
    "two heads": lambda _, trace: trace.weights("L0H1", 3),
    "a head of letters": lambda _, trace: trace.weights("L0H1", "a"),
    "several layers": lambda _, trace: trace.weights(torch.tensor([0, 1])),
    "a layer of a thousand digits": lambda _, trace: trace.weights("L" + "9" * 5000),
    **{f"first {first!r}": lambda model, _, first=first: model.trace([5, 6], first=first)
       for first in ("a", 1.5, 0, -1, True)},
    **{f"top {top!r}": lambda model, trace, top=top: model.predict(trace, top=top)
       for top in ("a", -3, None, 0, True)},
    **{f"queries {number}": lambda _, trace, rows=rows: trace.weights(0, queries=rows)
       for number, rows in enumerate(ROWS)},
    **{f"keys {number}": lambda _, trace, rows=rows: trace.weights(0, keys=rows) for number, rows in enumerate(ROWS)},
    **{f"logits {number}": lambda _, trace, rows=rows: trace.logits(rows) for number, rows in enumerate(ROWS)},
    **{f"position {number}": lambda model, trace, rows=rows: model.predict(trace, rows)
       for number, rows in enumerate(ROWS)},
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_arguments_that_make_no_sense(call):
    model = aw.load(build("gpt2"))
    with pytest.raises(aw.AttnWidgetError, match=r"\.$"):
        call(model, model.trace([5, 6, 7]))


def test_rows_may_be_named_in_any_whole_type():
    trace = aw.load(build("gpt2")).trace([5, 6, 7])
    expected = trace.weights("L0H1", 1)[[1, 2]]
    for kind in (torch.int8, torch.uint8, torch.int32):
        assert torch.equal(trace.weights(0, 1, queries=torch.tensor([1, 2], dtype=kind)), expected)
    assert torch.equal(trace.weights(0, np.int64(1), queries=np.array([1, 2])), expected)
    assert torch.equal(trace.weights("L0H1", np.int64(1), queries=[-2, -1]), expected)
    assert len(aw.load(build("gpt2")).tokens([5, 6, 7], first=np.int64(2))) == 2
