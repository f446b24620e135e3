"""Long texts: what is held grows with the tokens, never with their square, unless a whole map is asked for by name."""

from collections import Counter

import pytest
import torch
import transformers
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import attnwidget as aw
from attnwidget.engine.capture.shadow import twin
from attnwidget.engine.trace import recompute
from attnwidget.frames.axes import axes_of
from attnwidget.frames.compose import compose_frame
from attnwidget.frames.frame import Selection
from attnwidget.frames.maps.previews import previews
from attnwidget.frames.maps.thumbnails import thumbnails

TOKENS = 1100
SQUARE = TOKENS**2
VOCABULARY = 60
SIZES = {
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "hidden_size": 32,
    "intermediate_size": 48,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": 1200,
}
SHARED = {**SIZES, "num_key_value_heads": 2}
WINDOWED = {**SHARED, "head_dim": 8, "sliding_window": 64}
ENDS = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2}
LATENT = {"qk_nope_head_dim": 8, "qk_rope_head_dim": 4, "v_head_dim": 8, "q_lora_rank": 16, "kv_lora_rank": 8}
EXPERTS = {"n_routed_experts": 2, "num_experts_per_tok": 1, "n_group": 1, "topk_group": 1, "moe_intermediate_size": 16}

FAMILIES = {
    "gpt2": (
        "GPT2LMHeadModel",
        {"n_layer": 2, "n_head": 4, "n_embd": 32, "n_positions": 1200, "vocab_size": 60, **ENDS},
    ),
    "llama-grouped": ("LlamaForCausalLM", SHARED),
    "mistral-window": ("MistralForCausalLM", {**SHARED, "sliding_window": 64}),
    "gemma2-soft-cap": ("Gemma2ForCausalLM", WINDOWED),
    "gpt-oss-sinks": ("GptOssForCausalLM", {**WINDOWED, "num_local_experts": 2, "num_experts_per_tok": 1}),
    "deepseek-latent": ("DeepseekV3ForCausalLM", {**SIZES, **LATENT, **EXPERTS, "num_key_value_heads": 4}),
    "bert": ("BertForMaskedLM", SIZES),
}


class Largest(TorchDispatchMode):
    """Which operations make something with as many entries as a map of the whole text has."""

    def __init__(self):
        super().__init__()
        self.found = Counter()

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        given = {storage(tensor) for tensor in tree_leaves((args, kwargs)) if isinstance(tensor, torch.Tensor)}
        made = operation(*args, **kwargs)
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor) and storage(tensor) not in given:
                entries = tensor.untyped_storage().nbytes() // tensor.element_size()
                if entries >= SQUARE:
                    self.found[str(operation), tuple(tensor.shape), tensor.dtype] += 1
        return made


def storage(tensor):
    return tensor.untyped_storage().data_ptr()


EVERY_TIME = ("gpt2", "mistral-window", "gpt-oss-sinks", "bert")


@pytest.fixture(
    scope="module",
    params=[name if name in EVERY_TIME else pytest.param(name, marks=pytest.mark.long) for name in FAMILIES],
)
def model(request):
    name, sizes = FAMILIES[request.param]
    torch.manual_seed(0)
    built = getattr(transformers, name)(
        getattr(transformers, name.split("For")[0].replace("LMHeadModel", "") + "Config")(**sizes)
    )
    with torch.no_grad():
        for parameter in built.parameters():
            if parameter.ndim == 2:
                parameter.mul_(8)
    return aw.load(built.eval())


@pytest.fixture(scope="module")
def ids():
    return torch.randint(3, VOCABULARY, (1, TOKENS), generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def trace(model, ids):
    return model.trace(ids)


def test_no_tile_holds_a_whole_map():
    assert recompute.TILE < SQUARE  # or the tests here would prove nothing


def test_reading(model, ids):
    with Largest() as largest:
        model.trace(ids)
    # The mask of a window is the model's own doing: one byte for each pair, made once for all layers.
    windows = {(shape, dtype) for _, shape, dtype in largest.found}
    assert windows <= {((1, 1, TOKENS, TOKENS), torch.bool)}
    assert bool(windows) == (getattr(model.model.config, "sliding_window", None) is not None)


def frame(trace, source):
    return compose_frame(trace, Selection(layer=1, head=2, query=(TOKENS - 1, TOKENS), source=source), str)


ASKED = {
    "a row of one head": lambda trace: trace.weights(0, 1, queries=5),
    "a row of all heads": lambda trace: trace.weights(0, queries=-1),
    "a tile": lambda trace: trace.weights(1, 1, queries=slice(100, 356), keys=slice(0, 256)),
    "a column of all heads": lambda trace: trace.weights(0, keys=7),
    "entropy": aw.entropy,
    "thumbnails": lambda trace: thumbnails(trace, "self"),
    "the row of a whole selection": lambda trace: rows_of(trace, (0, TOKENS)),
    "a frame of a head": lambda trace: frame(trace, "head"),
    "a frame of a layer": lambda trace: frame(trace, "layer"),
    "the rollout of one token": lambda trace: aw.rollout(trace, query=-1),
    "the same beside its null model": lambda trace: aw.rollout(trace, query=700, fusion="max", null="uniform"),
    "logits": lambda trace: trace.logits([0, -1]),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED.keys())
def test_what_is_asked_for(trace, asked):
    with Largest() as largest:
        asked(trace)
    assert not largest.found


def test_a_whole_map_is_built_when_it_is_named(trace):
    for asked in (lambda: trace.weights(0, 0), lambda: aw.rollout(trace)):
        with Largest() as largest:
            asked()
        assert largest.found


def rows_of(trace, query):
    """What the query reads in every head, as it travels with a frame."""
    return previews(trace, Selection(query=query), axes_of(trace, "self"))


def eager(model, ids):
    with torch.no_grad():
        return twin(model.model, "eager")(ids, output_attentions=True, use_cache=False).attentions


def test_rows_tiles_and_columns_equal_eager(model, trace, ids):
    for layer, (maps,) in enumerate(eager(model, ids)):
        assert torch.allclose(trace.weights(layer, 2), maps[2], atol=1e-5)
        assert torch.allclose(trace.weights(layer, queries=[900, -1]), maps[:, [900, -1]], atol=1e-5)
        assert torch.allclose(trace.weights(layer, keys=[0, 500]), maps[:, :, [0, 500]], atol=1e-5)
        tile = {"queries": slice(300, 556), "keys": slice(280, 500)}
        assert torch.allclose(trace.weights(layer, 1, **tile), maps[1, 300:556, 280:500], atol=1e-5)


def test_measures_of_portions_equal_those_of_whole_maps(model, trace, ids):
    maps = torch.cat(eager(model, ids))
    entropy = -torch.special.xlogy(maps, maps).sum(-1).mean(-1)
    assert torch.allclose(torch.tensor(aw.entropy(trace).values), entropy, atol=1e-4)
    steps = [layer.mean(0) / 2 + torch.eye(TOKENS) / 2 for layer in maps]
    steps = [step / step.sum(-1, keepdim=True) for step in steps]
    expected = steps[1] @ steps[0]
    assert torch.allclose(torch.tensor(aw.rollout(trace, query=900).values), expected[900], atol=1e-6)
    assert torch.allclose(torch.tensor(aw.rollout(trace).values), expected, atol=1e-6)


def test_a_frame_of_portions_equals_one_of_whole_maps(model, trace, ids):
    (maps,) = eager(model, ids)[1]
    found = frame(trace, "head")
    assert found.header["pooling"] == 3
    cells = torch.nn.functional.max_pool2d(maps[2][None], 3, ceil_mode=True)[0]
    assert torch.allclose(torch.tensor(found.blocks["matrix"]).float(), cells, atol=1e-3)  # f16 on the wire
    assert torch.allclose(torch.tensor(found.blocks["row"]), maps[2, -1], atol=1e-5)
    assert torch.allclose(torch.tensor(found.blocks["column"]), maps[2, :, -1], atol=1e-5)
    distance = (torch.arange(TOKENS)[:, None] - torch.arange(TOKENS)).abs()
    assert found.header["stats"]["distance"] == pytest.approx(float((maps[2] * distance).sum(-1).mean()), rel=1e-4)
    assert found.header["stats"]["previous"] == pytest.approx(float(maps[2].diagonal(-1).mean()), rel=1e-5, abs=1e-5)


def test_the_row_of_a_selection_is_the_mean_of_its_rows(model, trace, ids):
    maps = eager(model, ids)
    selected = compose_frame(trace, Selection(layer=1, head=2, query=(200, 900)), str)
    assert torch.allclose(torch.tensor(selected.blocks["row"]), maps[1][0, 2, 200:900].mean(0), atol=1e-5)
    shares = (torch.tensor(rows_of(trace, (200, 900))).float() / 255) ** 2
    assert torch.allclose(shares[1], maps[1][0, :, 200:900].mean(1), atol=1e-2)


@pytest.mark.parametrize("tile", [pytest.param(1, marks=pytest.mark.long), 5000, 2**24])
def test_the_size_of_the_portions_changes_no_weight(model, ids, tile, monkeypatch):
    short = model.trace(ids[:, :200])
    expected = eager(model, ids[:, :200])
    monkeypatch.setattr(recompute, "TILE", tile)
    for layer, (maps,) in enumerate(expected):
        block = short.block(layer)
        assert torch.allclose(recompute.weights(block), maps, atol=1e-5)
        assert torch.allclose(recompute.weights(block, keys=[3, 150]), maps[:, :, [3, 150]], atol=1e-5)
    assert torch.allclose(
        torch.tensor(aw.entropy(short).values),
        torch.stack([-torch.special.xlogy(maps[0], maps[0]).sum(-1).mean(-1) for maps in expected]),
        atol=1e-4,
    )
    assert torch.allclose(torch.tensor(aw.rollout(short, query=77).values), torch.tensor(aw.rollout(short).values[77]))
