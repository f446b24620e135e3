"""The bundled tiny-vision as it lies in the package: what its card promises, measured again."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from transformers import AutoImageProcessor

import attnwidget as aw
from attnwidget.tiny.vision import PICTURE_EXAMPLES, VISION, VISION_FOLDER, card, evaluate
from attnwidget.tiny.vision.drawing import covered_patches, drawn_pixels
from attnwidget.tiny.vision.processor import PROCESSING, pixel_values
from attnwidget.tiny.vision.scenes import PICTURE_KINDS, asked_shape
from attnwidget.tiny.vision.truth import vision_samples
from attnwidget.tiny.vision.vocabulary import GRID, PICTURE_CLASSES

WEIGHTS = VISION_FOLDER / "model.safetensors"


@pytest.fixture(scope="module")
def stored():
    return card.stored_vision(VISION_FOLDER)


@pytest.fixture(scope="module")
def vision():
    return aw.load("tiny-vision")


@pytest.fixture(scope="module")
def told():
    return json.loads((VISION_FOLDER / "figures.json").read_text(encoding="utf-8"))["figures"]


def test_the_weights_are_f16_and_small():
    assert WEIGHTS.stat().st_size <= 2_500_000
    with safe_open(WEIGHTS, framework="pt") as file:
        assert {file.get_tensor(name).dtype for name in file.keys()} == {torch.float16}  # noqa: SIM118


def test_it_loads_by_name_with_its_processor_as_an_encoder_that_predicts_classes(vision):
    assert vision.name == "tiny-vision"
    assert vision.tokenizer is None
    assert {parameter.dtype for parameter in vision.model.parameters()} == {torch.float32}
    sample = vision_samples(3, seed=1)[2]
    trace = vision.trace(vision.processor(sample.picture, return_tensors="pt"))
    assert trace.path == "interface"
    assert trace.model.predicts == "class"
    assert tuple(trace.model.labels) == PICTURE_CLASSES
    assert PICTURE_CLASSES[int(trace.logits([0])[0].argmax())] == sample.answer
    assert trace.tokens()[0].pieces[:3] == ("[CLS]", "0,0", "0,1")
    assert len(trace.text) == 1 + GRID * GRID


def test_its_weights_are_those_of_eager_attention(vision, stored):
    given = vision.processor(vision_samples(3, seed=2)[2].picture, return_tensors="pt")
    trace = vision.trace(given)
    stored.set_attn_implementation("eager")
    with torch.no_grad():
        expected = stored(**given, output_attentions=True)
    stored.set_attn_implementation("sdpa")
    for layer, weights in enumerate(expected.attentions):
        torch.testing.assert_close(trace.weights(layer), weights[0], atol=1e-5, rtol=0)
    torch.testing.assert_close(trace.logits([0])[0], expected.logits[0], atol=1e-4, rtol=0)
    assert vision.verify(given).error < 1e-5


def test_the_stored_processor_is_the_one_of_training_and_reads_any_picture():
    processor = AutoImageProcessor.from_pretrained(VISION_FOLDER, local_files_only=True)
    stored = json.loads((VISION_FOLDER / "preprocessor_config.json").read_text(encoding="utf-8"))
    assert stored == PROCESSING
    pictures = [sample.picture for sample in vision_samples(3, seed=3)]
    given = processor(pictures, return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(given, pixel_values(np.stack([np.asarray(one) for one in pictures])), atol=1e-6, rtol=0)
    for mode in ("RGB", "RGBA", "L"):
        assert processor(Image.new(mode, (90, 70)), return_tensors="pt")["pixel_values"].shape == (1, 3, 56, 56)


# Another seed than the card's: the figures must not hang on its samples.
def test_held_out_classes_of_pictures_are_right(stored):
    right = evaluate.pictures_right(stored, count=200, seed=7)
    assert right.keys() == {*PICTURE_KINDS}
    assert all(share >= 0.95 for share in right.values())


@pytest.mark.long
def test_every_figure_of_the_card_of_pictures_is_met(stored, told):
    again = evaluate.vision_figures(stored).as_dict()
    for name in ("covered", "gone", "still"):
        assert again[name] == pytest.approx(told[name], abs=4e-3)
    assert again["accuracy"] == {kind: pytest.approx(share, abs=4e-3) for kind, share in told["accuracy"].items()}
    for name, reader in again["readers"].items():
        assert (told["readers"][name]["layer"], told["readers"][name]["head"]) == (reader["layer"], reader["head"])
        assert told["readers"][name]["score"] == pytest.approx(reader["score"], abs=4e-3)


def test_the_card_of_pictures_tells_the_measured_figures(told):
    assert told["accuracy"].keys() == {*PICTURE_KINDS}
    assert all(share >= 0.97 for share in told["accuracy"].values())
    assert min(told["gone"], told["still"]) >= 0.9
    text = (VISION_FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"| {kind} | {share:.3f} |" in text for kind, share in told["accuracy"].items())
    for name, one in told["readers"].items():
        assert f"| {name} | layer {one['layer']}, head {one['head']} | {one['score']:.3f} |" in text


def test_the_heads_of_the_card_read_the_patches_it_says(stored, told):
    for name, one in evaluate.patch_readers(stored, count=40, seed=7).items():
        assert one.score == pytest.approx(told["readers"][name]["score"], abs=0.15)
        assert one.score > 2 * one.at_random


def test_hiding_the_deciding_patches_takes_the_answer_and_hiding_as_many_others_does_not(vision):
    """In the trace too: nothing reads the patches of the triangle, or as many of other shapes."""
    lost, kept = [], []
    for scene in evaluate.held_out_scenes("many", 12, seed=5):
        asked = asked_shape(scene)
        if asked is None:
            continue
        given = {"pixel_values": pixel_values(drawn_pixels(scene)[None])}
        deciding = covered_patches(asked)
        others = np.any([covered_patches(one) for one in scene.shapes if one is not asked], axis=0) & ~deciding
        answer = PICTURE_CLASSES.index(asked.colour)
        before = float(vision.trace(given).logits([0])[0].softmax(-1)[answer])
        for patches, falls in ((deciding, lost), (others, kept)):
            tokens = evaluate.tokens_of_shape(patches)[: deciding.sum()]
            after = vision.trace(given, edits=aw.Hide(tuple(tokens))).logits([0])[0].softmax(-1)[answer]
            falls.append(before - float(after))
    assert len(lost) > 6
    assert np.mean(lost) > 0.5
    assert np.mean(kept) < 0.15


@pytest.mark.parametrize("example", PICTURE_EXAMPLES, ids=lambda example: example.title)
def test_the_examples_of_pictures_are_predicted_right_and_show_what_is_said(example, vision):
    picture = example.picture()
    trace = vision.trace(vision.processor(picture, return_tensors="pt"))
    expected = {
        "One among many": "red",
        "A small one": "purple",
        "What looks like it": "green",
        "None is there": "none",
    }
    assert PICTURE_CLASSES[int(trace.logits([0])[0].argmax())] == expected[example.title]
    row = trace.weights(*example.head)[example.query, 1:].reshape(GRID, GRID)
    shares = {one.shape: float(row[torch.from_numpy(covered_patches(one))].sum()) for one in shapes_of(example)}
    others = sum(share for shape, share in shares.items() if shape != "triangle")
    assert shares.get("triangle", 1.0) > 0.8
    assert others < 0.1


def shapes_of(example):
    """The shapes that an example draws."""
    (scene,) = example.picture.args
    return scene.shapes


def test_it_begins_at_the_head_of_its_first_example():
    assert VISION.first_head == PICTURE_EXAMPLES[0].head


@pytest.mark.long
def test_training_on_pictures_gives_the_same_weights_from_the_same_seed():
    from attnwidget.tiny.vision import train

    first, second = (train.trained_vision(train.VisionRecipe(steps=5)).state_dict() for _ in "ab")
    assert all(torch.equal(first[name], second[name]) for name in first)
