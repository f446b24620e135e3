"""What a reading will take, from a configuration; what is free, from the system's own files; and what is refused."""

import sys
import weakref
from types import SimpleNamespace

import pytest
import torch
import transformers
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import (
    BambaConfig,
    BambaForCausalLM,
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BloomConfig,
    BloomForCausalLM,
    DeepseekV3Config,
    DeepseekV3ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    T5Config,
    T5ForConditionalGeneration,
)

import attnwidget as aw
from attnwidget.engine import free_memory, memory
from attnwidget.engine.memory import needed, refuse_what_cannot_fit
from attnwidget.errors import AttnWidgetError, OutOfMemory
from tests.model.families import FAMILIES, build

SIZES = {"num_hidden_layers": 4, "num_attention_heads": 8, "hidden_size": 512, "intermediate_size": 1024}
GIB = 2**30


def without_weights(kind, config, dtype=torch.float32):
    with torch.device("meta"):
        return kind(config).to(dtype)


def llama(dtype=torch.float32, **more):
    return without_weights(LlamaForCausalLM, LlamaConfig(**SIZES, vocab_size=100, **more), dtype)


def per_token(model, path="interface"):
    return needed(model, 2, path) - needed(model, 1, path)


def pairs(model, path):
    """Bytes for each pair of tokens."""
    return (needed(model, 2000, path) - 2 * needed(model, 1000, path)) / (2 * 1000**2)


def added(kept, widest, size=4):
    """Bytes for each token of so many entries that are kept, and of the widest activation."""
    return size * (memory.SLACK * kept + memory.WIDEST_COPIES * widest)


class Held(TorchDispatchMode):
    """The bytes of all tensors that were made meanwhile and are still there, and the most that there ever were."""

    def __init__(self):
        super().__init__()
        self.known, self.now, self.most = set(), 0, 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        given = {storage._cdata for storage in storages((args, kwargs))}
        made = operation(*args, **(kwargs or {}))
        for storage in storages(made):
            if storage._cdata not in self.known | given:
                self.known.add(storage._cdata)
                self.now += storage.nbytes()
                self.most = max(self.most, self.now)
                weakref.finalize(storage, self.freed, storage._cdata, storage.nbytes())
        return made

    def freed(self, number, size):
        self.known.discard(number)
        self.now -= size


def storages(tree):
    return [leaf.untyped_storage() for leaf in tree_leaves(tree) if isinstance(leaf, torch.Tensor)]


@pytest.mark.parametrize(
    "name",
    [
        "gpt2",
        "llama-grouped",
        "bert-masked-lm",
        "mistral-window",
        "deepseek-v3",
        "gemma2-soft-cap",
        "gpt-oss-sinks",
        "t5",
        "bloom",
    ],
)
def test_what_is_said_to_be_needed_is_enough_and_not_far_too_much(name):
    model, given = aw.load(build(name)), FAMILIES[name].inputs(280)
    first = model.trace(given)  # what is made once for all texts
    with Held() as held:
        trace = model.trace(given)
    assert 0 < held.now < held.most
    assert held.most <= needed(model.model, 280, trace.path) <= 4 * held.most
    assert first.path == trace.path


def test_queries_keys_and_values_of_every_layer_and_the_widest_activation():
    model = without_weights(GPT2LMHeadModel, GPT2Config())  # 12 layers, 768 wide, 3,072 inside
    assert per_token(model) == pytest.approx(added(12 * 3 * 768, 3072), abs=1)
    assert needed(model, 8192, "interface") == pytest.approx(8192 * per_token(model), rel=1e-3)


def test_shared_key_heads_are_counted_once():
    assert per_token(llama(num_key_value_heads=2)) == pytest.approx(added(4 * (512 + 2 * 128), 1024), abs=1)
    assert per_token(llama(num_key_value_heads=8)) == pytest.approx(added(4 * 3 * 512, 1536), abs=1)


def test_half_precision_takes_half():
    assert 2 * per_token(llama(torch.bfloat16)) == pytest.approx(per_token(llama()), abs=2)


def test_heads_of_another_width_than_the_model_tells():
    config = DeepseekV3Config(
        **SIZES, qk_nope_head_dim=128, qk_rope_head_dim=64, v_head_dim=128, num_key_value_heads=8, vocab_size=100
    )
    kept = 8 * (192 + 192 + 128)
    experts = config.moe_intermediate_size * config.num_experts_per_tok
    assert per_token(without_weights(DeepseekV3ForCausalLM, config)) == pytest.approx(added(4 * kept, experts), abs=1)


def test_only_layers_with_attention_keep_anything():
    sizes = {**SIZES, "num_hidden_layers": 6}
    config = BambaConfig(**sizes, num_key_value_heads=8, attn_layer_indices=[1, 4], vocab_size=100, mamba_n_heads=16)
    assert per_token(without_weights(BambaForCausalLM, config)) == pytest.approx(added(2 * 3 * 512, 1536), abs=1)


def test_heads_that_differ_from_layer_to_layer():
    if not hasattr(transformers, "Gemma4TextConfig"):
        pytest.skip("this transformers has no model with heads of two widths")
    config = transformers.Gemma4TextConfig(**SIZES, num_key_value_heads=8, head_dim=64, global_head_dim=128)
    wide = config.layer_types.count("full_attention")
    assert 0 < wide < 4
    kept = 3 * 8 * (64 * (4 - wide) + 128 * wide)
    model = without_weights(transformers.Gemma4ForCausalLM, config)
    assert per_token(model) == pytest.approx(added(kept, 3 * 8 * 128), abs=1)


def test_the_mask_of_a_window_is_a_square():
    model = without_weights(MistralForCausalLM, MistralConfig(**SIZES, sliding_window=1000, vocab_size=100))
    inside, outside = needed(model, 1000, "interface"), needed(model, 1001, "interface")
    assert outside - inside == pytest.approx(memory.MASK * 1001**2 + per_token(model), abs=2)


def test_position_biases_are_squares_and_an_encoder_decoder_reads_three_times():
    config = T5Config(num_layers=2, num_heads=8, d_model=512, d_kv=64, d_ff=1024, vocab_size=100)
    model = without_weights(T5ForConditionalGeneration, config)
    assert pairs(model, "interface") == pytest.approx(3 * 8 * 4 + 24, rel=1e-3)
    assert needed(model, 1, "interface") == pytest.approx(added(3 * 2 * 3 * 512, 1536), rel=0.01)


def test_eager_attention_keeps_all_maps():
    config = BloomConfig(n_layer=4, n_head=8, hidden_size=512, vocab_size=100)
    whole, half = (without_weights(BloomForCausalLM, config, dtype) for dtype in (torch.float32, torch.bfloat16))
    making = memory.MAPS * 8
    assert pairs(whole, "eager") == pytest.approx(4 * 8 * 4 + making * 4, rel=1e-3)
    assert pairs(half, "eager") == pytest.approx(4 * 8 * (2 + 4) + making * 2, rel=1e-3)  # as they come, and in fp32
    assert pairs(whole, "interface") == pytest.approx(0, abs=1e-3)


def test_logits_that_come_with_the_pass():
    config = BertConfig(**SIZES, vocab_size=60_000)
    whole, body = (without_weights(kind, config) for kind in (BertForMaskedLM, BertForSequenceClassification))
    assert per_token(whole) == per_token(body)  # the masked model's body is run alone


@pytest.mark.parametrize("model", [SimpleNamespace(), torch.nn.Linear(2, 2)])
def test_what_has_no_configuration_is_not_refused(model):
    assert needed(model, 10**6, "interface") is None
    refuse_what_cannot_fit(model, 10**6, "interface")


def test_what_cannot_fit_is_refused_with_the_numbers(monkeypatch):
    model = llama()
    monkeypatch.setattr(memory, "available", lambda _device: GIB)
    assert needed(model, 30_000, "interface") > GIB
    with pytest.raises(OutOfMemory, match=r"Running 30,000 tokens .* about [\d.]+ GB .* 1\.1 GB is free") as caught:
        refuse_what_cannot_fit(model, 30_000, "interface")
    error = caught.value
    assert isinstance(error, AttnWidgetError)
    assert (error.code, error.available, error.needed) == ("memory", GIB, needed(model, 30_000, "interface"))
    assert f"{error.fits:,} tokens, or load the model in half precision" in str(error)
    refuse_what_cannot_fit(model, error.fits, "interface")
    with pytest.raises(OutOfMemory):
        refuse_what_cannot_fit(model, error.fits + 1, "interface")


def test_half_precision_is_no_way_out_for_who_has_it(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda _device: 2**28)
    with pytest.raises(OutOfMemory) as caught:
        refuse_what_cannot_fit(llama(torch.bfloat16), 60_000, "interface")
    assert str(caught.value).endswith(f"Use at most about {caught.value.fits:,} tokens.")


def test_small_readings_and_unknown_rooms_are_let_through(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda _device: 1)
    refuse_what_cannot_fit(llama(), 64, "interface")
    monkeypatch.setattr(memory, "available", lambda _device: None)
    refuse_what_cannot_fit(llama(), 10**6, "interface")


def test_a_model_over_several_devices_is_let_through(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda _device: 1)
    model = llama()
    model.hf_device_map = {"model.layers.0": 0, "model.layers.1": "cpu"}
    refuse_what_cannot_fit(model, 10**6, "interface")


@pytest.fixture
def system(monkeypatch, tmp_path):
    """A system of files: 8 GiB available, no control group."""
    monkeypatch.setattr(free_memory, "MEMORY", tmp_path / "meminfo")
    monkeypatch.setattr(free_memory, "GROUP", tmp_path / "cgroup")
    groups = tmp_path / "groups"
    second, first = free_memory.VERSIONS
    monkeypatch.setattr(free_memory, "VERSIONS", ((groups, *second[1:]), (groups / "memory", *first[1:])))
    (tmp_path / "meminfo").write_text(f"MemTotal: {16 * 2**20} kB\nMemAvailable:    {8 * 2**20} kB\n")
    return tmp_path


def group(folder, limit, used, cache, names):
    folder.mkdir(parents=True)
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {cache}\n")


SECOND, FIRST = (version[1:] for version in free_memory.VERSIONS)


def test_what_the_system_has(system):
    assert free_memory.available("cpu") == 8 * GIB


def test_the_control_group_leaves_less(system):
    (system / "cgroup").write_text("0::/jobs/mine\n")
    group(system / "groups" / "jobs" / "mine", "max", GIB, 0, SECOND)
    # The tightest is one further up; cached files are given back on demand.
    (system / "groups" / "jobs" / "memory.max").write_text(str(4 * GIB))
    (system / "groups" / "jobs" / "memory.current").write_text(str(3 * GIB))
    (system / "groups" / "jobs" / "memory.stat").write_text(f"inactive_file {GIB}\n")
    assert free_memory.available("cpu") == 2 * GIB


def test_inside_a_container_only_the_top_is_seen(system):
    (system / "cgroup").write_text("0::/a/path/of/the/host\n")
    group(system / "groups", 3 * GIB, GIB, 0, SECOND)
    assert free_memory.available("cpu") == 2 * GIB


def test_control_groups_of_the_first_generation(system):
    (system / "cgroup").write_text("5:cpu:/elsewhere\n4:memory:/mine\n")
    group(system / "groups" / "memory" / "mine", 2 * GIB, GIB, GIB // 2, FIRST)
    assert free_memory.available("cpu") == 3 * GIB // 2


def test_a_controller_that_shares_its_line(system):
    (system / "cgroup").write_text("4:cpu,memory:/mine\n")
    group(system / "groups" / "memory" / "mine", 2 * GIB, GIB, 0, FIRST)
    assert free_memory.available("cpu") == GIB


def test_systems_without_these_files_ask_a_library_or_nobody(system, monkeypatch):
    (system / "meminfo").unlink()
    answer = SimpleNamespace(virtual_memory=lambda: SimpleNamespace(available=5 * GIB))
    monkeypatch.setitem(sys.modules, "psutil", answer)
    assert free_memory.available("cpu") == 5 * GIB
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert free_memory.available("cpu") is None


def test_an_accelerator(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _device: (3 * GIB, 80 * GIB))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _device: 2 * GIB)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _device: GIB)
    assert free_memory.available(torch.device("cuda", 0)) == 4 * GIB
    assert free_memory.available("meta") is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the files of Linux")
def test_this_machine():
    assert 2**20 < free_memory.available("cpu") < 2**50
