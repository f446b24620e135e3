"""Traces written to a file and read again: the same weights to the last bit, and a sentence for every bad file."""

import json
import os
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import attnwidget as aw
from attnwidget.engine.trace import storage as stored
from attnwidget.engine.trace.recompute import weights
from tests.model.families import FAMILIES, build
from tests.model.live import generating

ROUND = [
    "gpt2",
    "llama-grouped",
    "mistral-window",
    "gemma2-soft-cap",
    "gpt-oss-sinks",
    "t5",
    "bert-masked-lm",
    "bert-classes",
    "clip",
    "vit",
    "jamba",
    "bloom",
    "deepseek-v3",
]
ENTRY = "attnwidget.trace"


@pytest.fixture(scope="module")
def trace():
    return aw.load().trace("The cat sat on the mat because it was warm.")


@pytest.fixture
def file(trace, tmp_path):
    return trace.save(tmp_path / "cat")


def assert_same(again, trace):
    assert repr(again) == repr(trace)
    assert (again.path, again.model, again.depths, again.steps) == (trace.path, trace.model, trace.depths, trace.steps)
    assert (again.text, again.sequences) == (trace.text, trace.sequences)
    for part in trace.parts:
        query, key = trace.tokens(part)
        own_query, own_key = again.tokens(part)
        assert (own_query is own_key) == (query is key)
        assert again.heads(part) == trace.heads(part)
    for own, block in zip(again.blocks, trace.blocks, strict=True):
        assert [type(value) for value in vars(own).values()] == [
            type(None) if name in {"v", "projection"} else type(value) for name, value in vars(block).items()
        ]
        for name in ("q", "k", "mask", "bias", "sinks", "dense"):
            held = getattr(block, name)
            if held is not None:
                found = getattr(own, name)
                assert found.dtype == held.dtype
                assert torch.equal(found, held)
        assert torch.equal(weights(own), weights(block))


def edited(file, change, tensors=None):
    """A copy of the file with other metadata, or other tensors."""
    with safe_open(file, "pt") as opened:
        contents = json.loads(opened.metadata()[ENTRY])
    change(contents)
    other = file.with_name("other.safetensors")
    save_file(load_file(file) if tensors is None else tensors, other, {ENTRY: json.dumps(contents)})
    return other


@pytest.mark.parametrize("name", [name for name in ROUND if name in FAMILIES and FAMILIES[name].known()])
def test_families_come_back_as_they_were(name, tmp_path):
    trace = aw.load(build(name)).trace(FAMILIES[name].inputs(20))
    before = [dict(vars(block)) for block in trace.blocks]
    again = aw.Trace.load(trace.save(tmp_path / name))
    assert_same(again, trace)
    assert [dict(vars(block)) for block in trace.blocks] == before  # tensors by identity


def test_every_name_is_a_family():
    assert set(ROUND) <= FAMILIES.keys()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_stays_half(dtype, tmp_path):
    trace = aw.load(build("llama-grouped").to(dtype)).trace(FAMILIES["llama-grouped"].inputs(9))
    again = aw.Trace.load(trace.save(tmp_path / "half"))
    assert again.blocks[0].q.dtype == dtype
    assert_same(again, trace)


def test_a_pair_of_texts(minilm, tmp_path):
    trace = minilm.trace("The river bank was quiet.", "Who walked to the bank?")
    assert set(trace.text.segment) == {0, 1}
    assert_same(aw.Trace.load(trace.save(tmp_path / "pair")), trace)


def test_text_of_any_script(trace, tmp_path):
    odd = replace(trace.text, text="\ud83d\x00é🦜" + trace.text.text)
    again = aw.Trace.load(replace(trace, text=odd, sequences={}).save(tmp_path / "odd"))
    assert again.text == odd


def test_given_weights(tmp_path):
    cross = torch.rand(2, 3, 4).softmax(-1)
    cross[:, 1] = float("nan")
    trace = aw.Trace.from_weights({"cross": [None, cross, None]}, ["a", "b", "[PAD]"], list("wxyz"))
    again = aw.Trace.load(trace.save(tmp_path / "given"))
    assert_same(again, trace)
    assert again.heads() == (0, 2, 0)


def test_a_generation_keeps_its_steps(tmp_path):
    trace = aw.load().generate("The cat sat on the", max_new_tokens=3)
    again = aw.Trace.load(trace.save(tmp_path / "made"))
    assert_same(again, trace)
    assert [step.piece for step in again.steps] == [step.piece for step in trace.steps]
    assert len(again.steps[0].runners) == 5


def test_a_generation_with_masks_over_growing_keys(tmp_path):
    model = generating.build("mistral-window")
    trace = aw.load(model).generate(generating.PROMPT[0].tolist(), max_new_tokens=4)
    assert trace.blocks[0].mask is not None
    assert_same(aw.Trace.load(trace.save(tmp_path / "window")), trace)


def test_logits_are_there_if_they_were_at_hand(trace, file, tmp_path):
    family = FAMILIES["bert-classes"]
    classes = aw.load(build(family.name)).trace(family.inputs(9))
    assert classes.scores is not None
    assert torch.equal(aw.Trace.load(classes.save(tmp_path / "classes")).logits(), classes.logits())
    assert trace.logits().shape[0] == 1
    with pytest.raises(aw.AttnWidgetError, match="has no final hidden states or no prediction head"):
        aw.Trace.load(file).logits()


def test_values_on_request(trace, tmp_path):
    without, with_values = trace.save(tmp_path / "without"), trace.save(tmp_path / "with", values=True)
    assert aw.Trace.load(without).blocks[0].v is None
    for own, block in zip(aw.Trace.load(with_values).blocks, trace.blocks, strict=True):
        assert torch.equal(own.v, block.v)
    lacking = aw.Trace.load(without)
    with pytest.raises(aw.AttnWidgetError, match="has no values"):
        lacking.save(tmp_path / "again", values=True)
    assert not (tmp_path / "again.safetensors").exists()
    assert_same(aw.Trace.load(lacking.save(tmp_path / "again")), lacking)


def test_a_file_has_the_size_of_q_and_k(tmp_path):
    model = aw.load(build("gpt2"))
    trace = model.trace({"input_ids": torch.arange(256)[None] % 90 + 3})
    held = sum(block.q.nbytes + block.k.nbytes for block in trace.blocks)
    size = trace.save(tmp_path / "long").stat().st_size
    assert held < size < held + 256 * 200 + 4096  # 200 bytes a token for its piece, span and marks


def test_masks_are_stored_once_and_unexpanded(tmp_path):
    name = "mistral-window"
    trace = aw.load(build(name)).trace(FAMILIES[name].inputs(20))
    kinds = {block.mask.data_ptr() for block in trace.blocks if block.mask is not None}
    assert kinds
    tensors = load_file(trace.save(tmp_path / "window"))
    masks = [tensor for tensor in tensors.values() if tensor.dtype == torch.bool]
    assert len(masks) == len(kinds)
    again = aw.Trace.load(tmp_path / "window")
    assert len({block.mask.data_ptr() for block in again.blocks if block.mask is not None}) == len(kinds)
    # One row of padding marks, made as wide as the map: only the row is stored.
    n = 20
    padding = torch.arange(n).lt(n - 3)[None, None, None].expand(1, 1, n, n)
    padded = replace(trace, blocks=tuple(replace(block, mask=padding) for block in trace.blocks))
    tensors = load_file(padded.save(tmp_path / "padded"))
    assert [tuple(tensor.shape) for tensor in tensors.values() if tensor.dtype == torch.bool] == [(1, 1, 1, n)]
    assert_same(aw.Trace.load(tmp_path / "padded"), padded)


def test_the_bias_of_t5_is_stored_once_per_stack(tmp_path):
    trace = aw.load(build("t5")).trace(FAMILIES["t5"].inputs(12))
    if trace.path != "interface":
        pytest.skip("this transformers shows T5 on the eager path alone")
    biases = {(block.part, block.bias.data_ptr()): block.bias for block in trace.blocks if block.bias is not None}
    assert len(biases) == 3 < len(trace.blocks)
    sizes = [tuple(tensor.shape) for tensor in load_file(trace.save(tmp_path / "t5")).values()]
    assert all(sizes.count(tuple(bias.shape)) == 1 for bias in biases.values())


def test_views_of_one_memory(trace, tmp_path):
    memory = torch.randn(1, 4, 11, 8)
    blocks = [
        replace(trace.blocks[0], q=memory, k=memory.view(1, 4, 11, 8), v=None),
        replace(trace.blocks[1], q=memory[..., :4], k=memory[..., 4:], v=None),
        replace(trace.blocks[2], q=memory.view(1, 8, 11, 4), k=memory.view(1, 8, 11, 4), v=None, heads=8, kv_heads=8),
    ]
    shared = replace(trace, blocks=tuple(blocks))
    assert_same(aw.Trace.load(shared.save(tmp_path / "views")), shared)


def test_names_of_files(trace, tmp_path, monkeypatch):
    assert trace.save(str(tmp_path / "one")) == tmp_path / "one.safetensors"
    assert trace.save(tmp_path / "two.v2") == tmp_path / "two.v2.safetensors"
    for name in ("one", "one.safetensors", "two.v2"):
        assert aw.Trace.load(tmp_path / name).text == trace.text
    monkeypatch.setenv("HOME", str(tmp_path))
    assert trace.save("~/three") == tmp_path / "three.safetensors"
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "one.safetensors",
        "three.safetensors",
        "two.v2.safetensors",
    ]


def test_others_may_read_it_as_any_new_file(trace, tmp_path):
    plain = tmp_path / "plain"
    plain.touch()
    assert trace.save(tmp_path / "mine").stat().st_mode == plain.stat().st_mode


def test_saving_over_the_file_it_came_from(trace, file):
    again = aw.Trace.load(file)
    assert again.save(file) == file
    file.write_bytes(b"something else")
    assert_same(again, replace(trace, blocks=tuple(replace(block, v=None) for block in trace.blocks)))


def test_a_link_stays_a_link(trace, file):
    link = file.with_name("link.safetensors")
    link.symlink_to(file)
    trace.save(link)
    assert link.is_symlink()
    assert aw.Trace.load(link).text == trace.text


@pytest.mark.parametrize("path", [None, 5, "", "/", ".."])
def test_paths_that_are_none(trace, path):
    with pytest.raises(aw.AttnWidgetError, match=r"is not a path|does not name a file|could not be written"):
        trace.save(path)
    with pytest.raises(aw.AttnWidgetError):
        aw.Trace.load(path)


def test_places_that_cannot_be_written(trace, tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder.safetensors").mkdir()
    for name in ("missing/x", "file/x", "folder", "x" * 300, "nul\0"):
        with pytest.raises(aw.AttnWidgetError, match=r"could not be written|is not a path|does not name a file"):
            trace.save(tmp_path / name)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder.safetensors"]


def test_a_full_disk_leaves_what_was_there(trace, file, monkeypatch):
    before = file.read_bytes()

    def full(tensors, path, metadata):
        path.write_bytes(b"half")
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(stored, "save_file", full)
    with pytest.raises(aw.AttnWidgetError, match="No space left on device"):
        trace.save(file)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_files_that_are_none(trace, file, tmp_path):
    whole = file.read_bytes()
    bad = tmp_path / "bad.safetensors"
    with pytest.raises(aw.AttnWidgetError, match=r"There is no file .*bad"):
        aw.Trace.load(bad)
    for content in (b"", b"PK", b"not a tensor in sight " * 9, whole[:-5], whole[:200], whole + b"more", b"\xff" * 64):
        bad.write_bytes(content)
        with pytest.raises(aw.AttnWidgetError, match="cannot be read as safetensors"):
            aw.Trace.load(bad)
    with pytest.raises(aw.AttnWidgetError):
        aw.Trace.load(tmp_path)
    for metadata in (None, {"format": "pt"}):
        save_file({"model.weight": torch.zeros(2)}, bad, metadata)
        with pytest.raises(aw.AttnWidgetError, match="without a trace"):
            aw.Trace.load(bad)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", '{"version": 1}', "[" * 100_000, '{"version": 1e999}'])
def test_metadata_that_is_none(text, tmp_path):
    bad = tmp_path / "bad.safetensors"
    save_file({"0": torch.zeros(2)}, bad, {ENTRY: text})
    with pytest.raises(aw.AttnWidgetError, match="does not hold a valid trace"):
        aw.Trace.load(bad)


def test_a_newer_format_is_said_to_be_one(file):
    with pytest.raises(aw.AttnWidgetError, match=r"newer attnwidget .format 7; this one reads 6"):
        aw.Trace.load(edited(file, lambda contents: contents.update(version=7)))


def _set(*places):
    *way, last, value = places

    def change(contents):
        for place in way:
            contents = contents[place]
        contents[last] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("version", "1"),
        _set("version", True),
        _set("path", 5),
        _set("blocks", 5),
        _set("blocks", 0, "facts", 5),
        _set("blocks", 0, "facts", "changes", {}),
        _set("edits", ["hide the cat"]),
        _set("edits", ["silence L9"]),
        _set("edits", ["hide 99"]),
        _set("more", 5),
        _set("model", "limit", "many"),
        _set("model", "kin", "decoder"),
        _set("tokens", []),
        _set("text", 7),
        _set("text", -1),
        _set("tokens", 0, "pieces", ["cat"]),
        _set("tokens", 0, "pieces", "cat"),
        _set("tokens", 0, "special", 0, 1),
        _set("tokens", 0, "spans", 0, [0, 10_000]),
        _set("tokens", 0, "spans", 0, [3, 1]),
        _set("tokens", 0, "spans", 0, [0]),
        _set("sequences", {"self": [0, 9]}),
        _set("depths", {"self": 10**9}),
        _set("blocks", []),
        _set("blocks", 0, "facts", "layer", 10**9),
        _set("blocks", 0, "facts", "layer", -1),
        _set("blocks", 0, "facts", "layer", True),
        _set("blocks", 0, "facts", "heads", 3),
        _set("blocks", 0, "facts", "heads", 0),
        _set("blocks", 0, "facts", "kv_heads", 0),
        _set("blocks", 0, "facts", "kv_heads", 3),
        _set("blocks", 0, "facts", "scale", float("nan")),
        _set("blocks", 0, "facts", "softcap", 0),
        _set("blocks", 0, "facts", "q", [1.0]),
        _set("blocks", 0, "tensors", {}),
        _set("blocks", 0, "tensors", "q", "name", "99"),
        _set("blocks", 0, "tensors", "q", "shape", [1, 4, 11]),
        _set("blocks", 0, "tensors", "q", "shape", [1, 4, -1, 32]),
        _set("blocks", 0, "tensors", "q", "shape", [10**12, 4, 11, 32]),
        _set("blocks", 0, "tensors", "part", {"name": "0", "shape": [1]}),
        _set("blocks", 0, "tensors", "sinks", {"name": "0", "shape": [1]}),
        _set("scores", {"name": "99", "shape": [1, 1]}),
        _set("steps", [{"position": 99, "id": 1, "piece": "a", "probability": 1, "rank": 1, "runners": []}]),
        _set("steps", [{"position": 0}]),
    ],
)
def test_files_of_strangers(file, change):
    with pytest.raises(aw.AttnWidgetError, match=r"does not hold a valid trace|cannot be read"):
        aw.Trace.load(edited(file, change))


def test_tensors_that_do_not_fit(file):
    tensors = load_file(file)
    for name, other in (
        ("0", None),
        ("0", tensors["0"][:, :, :3]),
        ("0", tensors["0"].to(torch.int64)),
        ("1", tensors["1"][..., :3]),
        ("1", tensors["1"][0]),
    ):
        held = {own: tensor for own, tensor in (tensors | {name: other}).items() if tensor is not None}
        with pytest.raises(aw.AttnWidgetError, match=r"does not hold a valid trace|cannot be read"):
            aw.Trace.load(edited(file, lambda _contents: None, {own: one.contiguous() for own, one in held.items()}))
    assert aw.Trace.load(edited(file, lambda _contents: None)).text.pieces[1] == "cat"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_trace_from_a_gpu_comes_back_on_the_cpu(tmp_path):
    trace = aw.load(build("llama-grouped").cuda()).trace(FAMILIES["llama-grouped"].inputs(9))
    again = aw.Trace.load(trace.save(tmp_path / "gpu"))
    assert torch.equal(again.blocks[0].q, trace.blocks[0].q.cpu())
    assert again.blocks[0].q.device.type == "cpu"
