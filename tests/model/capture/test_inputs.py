"""Mappings of forward inputs: what their tensors may look like, and which tokens the axes are."""

import pytest
import torch
from transformers import VisionEncoderDecoderConfig, ViTConfig

import attnwidget as aw
from attnwidget.engine.capture.sequences import patches
from attnwidget.engine.inputs.inputs import Given, Inputs, inputs_of
from attnwidget.engine.inputs.recipient import Recipient
from tests.model.families import FAMILIES, build, eager


def test_patches_of_qwen_are_named_by_the_positions_that_the_model_gives_them():
    own = pytest.importorskip("transformers.vision_utils")
    grid = torch.tensor([[1, 4, 6]])
    positions = own.get_vision_position_ids(grid, 2).tolist()
    assert positions[:5] == [[0, 0], [0, 1], [1, 0], [1, 1], [0, 2]]
    for name in ("qwen2-vl", "qwen3-vl"):
        given = Inputs({"image_grid_thw": grid, "pixel_values": torch.zeros(24, 96)})
        assert patches(24, given, build(name).config).pieces == tuple(f"{row},{column}" for row, column in positions)


@pytest.mark.parametrize(
    ("name", "part", "expected"),
    [
        ("qwen2-vl", "vision", ("0,0", "0,1", "1,0", "1,1", "0,2")),
        ("qwen2-5-vl", "vision", ("0", "1", "2", "3", "4")),
        ("blip-2", "qformer", ("0", "1", "2", "3")),
        ("blip-2", "vision", ("[CLS]", "0,0", "0,1", "0,2", "0,3")),
        ("internvl", "vision", ("[CLS]", "0,0", "0,1", "0,2", "0,3")),
        ("vit", "self", ("[CLS]", "0,0", "0,1", "0,2", "0,3")),
        ("deit", "self", ("[CLS]", "[DIST]", "0,0", "0,1", "0,2")),
        ("llava-siglip", "vision", ("0,0", "0,1", "0,2", "0,3", "1,0")),
    ],
)
def test_positions_of_images(name, part, expected):
    tokens = aw.load(build(name)).trace(FAMILIES[name].inputs(12)).tokens(part)[0]
    assert tokens.pieces[: len(expected)] == expected


def pixels(*shape):
    return Inputs({"pixel_values": torch.zeros(shape)})


def test_what_stands_before_patches():
    sizes = {"image_size": 24, "patch_size": 6}
    plain, registers = ViTConfig(**sizes), ViTConfig(**sizes, num_register_tokens=4)
    image = pixels(1, 3, 24, 24)
    assert patches(21, image, registers).pieces[:6] == ("[CLS]", "[REG1]", "[REG2]", "[REG3]", "[REG4]", "0,0")
    for count in (9, 18, 21, 36):  # squares, and tokens that nobody has declared, tell nothing
        assert patches(count, image, plain).pieces == tuple(map(str, range(count)))
    # Patches that are cut already have no rows and columns.
    assert patches(16, pixels(1, 24, 24), plain).pieces[1] == "1"
    both = VisionEncoderDecoderConfig(encoder=plain.to_dict(), decoder={"model_type": "gpt2"})
    assert patches(17, image, both).pieces[:2] == ("[CLS]", "0,0")


@pytest.mark.parametrize("name", ["t5", "bart", "marian"])
def test_labels_are_what_the_decoder_learns(name):
    model = build(name)
    labels = torch.tensor([[7, 8, 9, -100]])
    trace = aw.load(model).trace({"input_ids": torch.tensor([[5, 6, 7]]), "labels": labels})
    with torch.no_grad():
        own = eager(FAMILIES[name])(input_ids=torch.tensor([[5, 6, 7]]), labels=labels, output_attentions=True)
    start = model.config.decoder_start_token_id
    assert trace.tokens("decoder")[0].ids == (start, 7, 8, 9)
    for layer, maps in enumerate(own.cross_attentions):
        torch.testing.assert_close(trace.weights(layer, part="cross"), maps[0], atol=5e-5, rtol=0)
    with pytest.raises(aw.AttnWidgetError, match="Give one of them"):
        aw.load(model).trace({"input_ids": [5, 6, 7], "labels": labels}, target=[5])
    with pytest.raises(aw.AttnWidgetError, match="batch of 1"):
        aw.load(model).trace({"input_ids": [5, 6, 7], "labels": labels.expand(2, -1)})
    assert labels.tolist() == [[7, 8, 9, -100]]


@pytest.mark.parametrize("name", ["gpt2", "bert-classes", "vit"])
def test_labels_of_other_models_are_left_alone(name):
    given = FAMILIES[name].inputs(5)
    trace = aw.load(build(name)).trace({**given, "labels": torch.tensor([1])})
    assert torch.equal(trace.weights(0), aw.load(build(name)).trace(given).weights(0))


def test_segments_of_a_mapping():
    trace = aw.load(build("bert-body")).trace({"input_ids": [[5, 6, 7, 8]], "token_type_ids": [[0, 0, 1, 1]]})
    assert trace.text.segment == (0, 0, 1, 1)
    flat = aw.load(build("bert-body")).trace({"input_ids": [5, 6, 7, 8], "token_type_ids": [0, 0, 1, 1]})
    assert torch.equal(flat.weights(1), trace.weights(1))


def test_a_batch_of_images_is_said_to_be_one():
    loaded = aw.load(build("vit"))
    with pytest.raises(aw.AttnWidgetError, match=r"pixel_values has the shape \(2, 3, 24, 24\).*batch of 1"):
        loaded.trace({"pixel_values": torch.zeros(2, 3, 24, 24)})


def test_inputs_that_begin_with_no_batch():
    ids = torch.tensor([[5, 6, 7, 8]])
    model = build("qwen2-vl")
    position = torch.arange(4).expand(3, 1, 4)
    trace = aw.load(model).trace({"input_ids": ids, "position_ids": position})
    assert torch.equal(trace.weights(1), aw.load(model).trace({"input_ids": ids}).weights(1))
    videos = {"pixel_values_videos": torch.zeros(16, 96), "video_grid_thw": torch.tensor([[1, 4, 4]] * 2)}
    forward = inputs_of(Recipient(model, None, "qwen"), Given({"input_ids": ids, **videos})).forward
    assert forward["pixel_values_videos"].shape == (16, 96)
    images = {"pixel_values": torch.zeros(2, 3, 24, 24), "image_sizes": torch.tensor([[24, 24], [24, 24]])}
    forward = inputs_of(Recipient(build("llava-clip"), None, "llava"), Given({"input_ids": ids, **images})).forward
    assert len(forward["pixel_values"]) == len(forward["image_sizes"]) == 2


@pytest.mark.parametrize("name", ["gptj", "codegen", "gpt2"])
def test_generation_from_padding_on_the_left(name):
    model = build(name)
    prompt = torch.tensor([[0, 0, 5, 6, 7]])
    mask = torch.tensor([[0, 0, 1, 1, 1]])
    trace = aw.load(model).generate({"input_ids": prompt, "attention_mask": mask}, max_new_tokens=4)
    own = model.generate(prompt, attention_mask=mask, max_new_tokens=4)
    assert list(trace.text.ids) == own[0].tolist()
    mask = torch.cat([mask, torch.ones(1, own.shape[1] - 5, dtype=torch.long)], 1)
    position = (mask.cumsum(1) - 1).clamp(min=0)
    with torch.no_grad():
        expected = eager(FAMILIES[name])(own, attention_mask=mask, position_ids=position, output_attentions=True)
    for layer, maps in enumerate(expected.attentions):
        torch.testing.assert_close(trace.weights(layer)[:, 2:], maps[0][:, 2:], atol=1e-5, rtol=0)


@pytest.mark.parametrize("x", [[5, 6, 7], [{"role": "user", "content": "hello"}]])
def test_what_reads_no_second_text_does_not_swallow_one(tiny, x):
    with pytest.raises(aw.AttnWidgetError, match="pair= cannot be combined"):
        tiny.trace(x, "and another")
