"""Every placeholder has the rectangle of patches that was merged into it: other pixels there change this placeholder.

The vision layers are made to hand on what they are given, so that nothing but the merging mixes patches.
"""

import numpy as np
import pytest
import torch

import attnwidget as aw
from tests.model.families import FAMILIES, build
from tests.model.families.family import ids
from tests.model.families.multimodal import IMAGE

READS = {
    "llava-clip": 1,
    "llava-siglip": 1,
    "llava-two-pictures": 1,
    "paligemma": 1,
    "smolvlm": 2,
    "smolvlm-five-crops": 2,
    "internvl": 2,
    "gemma3": 2,
    "qwen2-vl": 2,
    "qwen2-vl-two-pictures": 2,
    "qwen2-5-vl-windows": 2,
    "qwen3-vl": 2,
}
"""The patches along each side of what a placeholder was merged from."""


def features(model, given):
    """(placeholder dim), as they are put into the text, without attention between patches."""
    more = {"image_grid_thw": given["image_grid_thw"]} if "image_grid_thw" in given else {}
    if hasattr(model.config, "vision_feature_layer"):
        more |= {
            "vision_feature_layer": model.config.vision_feature_layer,
            "vision_feature_select_strategy": model.config.vision_feature_select_strategy,
        }
    with torch.no_grad():
        found = model.model.get_image_features(pixel_values=given["pixel_values"], **more).pooler_output
    rows = found if isinstance(found, torch.Tensor) else torch.cat(list(found))
    return rows.reshape(-1, rows.shape[-1])


def without_mixing(model):
    """The outputs of attention and MLP in the tower become zero: what is left are the residual streams of single patches."""
    tower = next(
        part for name, part in model.named_modules() if name.endswith(("vision_tower", "visual", "vision_model"))
    )
    lists = [part for part in tower.modules() if isinstance(part, torch.nn.ModuleList)]
    layers = next(part for part in lists if any("ttention" in type(one).__name__ for one in part.modules()))
    for layer in layers:
        for name, part in layer.named_modules():
            last = name.split(".")[-1]
            if last in {"out_proj", "proj", "o_proj", "projection_layer"} and isinstance(part, torch.nn.Linear):
                with torch.no_grad():
                    part.weight.zero_()
                    if part.bias is not None:
                        part.bias.zero_()
    return model


def painted(given, place, patch, merge):
    """The inputs with other pixels in one rectangle of patches."""
    high, wide = patch
    pixels = given["pixel_values"].clone()
    if "image_grid_thw" in given:
        before = sum(int(grid.prod()) for grid in given["image_grid_thw"][: place.picture])
        columns = int(given["image_grid_thw"][place.picture][2]) // merge
        square = (place.row // merge) * columns + place.column // merge
        pixels[before + square * merge**2 : before + (square + 1) * merge**2] += 3
    else:
        rows = pixels[0] if pixels.ndim == 5 else pixels
        area = rows[place.picture, :, place.row * high :, place.column * wide :]
        area[:, : place.rows * high, : place.columns * wide] += 3
    return {**given, "pixel_values": pixels}


@pytest.mark.parametrize("name", [name for name in READS if FAMILIES[name].known()])
def test_other_pixels_in_its_rectangle_change_this_placeholder_and_no_other(name):
    family = FAMILIES[name]
    given, model = family.inputs(20), without_mixing(build(name))
    trace = aw.load(model).trace(given)
    text = trace.tokens("text")[0]
    places = [place for place in text.places if place is not None]
    assert [place is not None for place in text.places] == (given["input_ids"][0] == IMAGE).tolist()
    assert {(place.rows, place.columns) for place in places} == {(READS[name], READS[name])}
    assert {place.picture for place in places} == set(range(len(trace.pictures)))
    plain = features(model, given)
    assert len(plain) == len(places)
    for number, place in enumerate(places):
        other = features(model, painted(given, place, trace.pictures[0].patch, READS[name]))
        change = (other - plain).abs().amax(-1)
        assert int(change.argmax()) == number, (name, place)
        rest = torch.cat([change[:number], change[number + 1 :]])
        assert float(rest.max()) < 1e-4 * float(change[number]), (name, place)


def test_packed_patches_become_the_picture_that_the_processor_was_given():
    processing = pytest.importorskip("transformers.models.qwen2_vl.image_processing_pil_qwen2_vl")
    processor = processing.Qwen2VLImageProcessorPil(
        patch_size=4, merge_size=2, temporal_patch_size=2, min_pixels=16, max_pixels=10_000, do_resize=False
    )
    drawn = (torch.rand(16, 32, 3, generator=torch.Generator().manual_seed(3)) * 255).byte().numpy()
    made = processor(images=[drawn], return_tensors="pt")
    given = FAMILIES["qwen2-vl"].inputs(20)
    text = torch.cat([ids(3).clamp(max=95), torch.full((1, 8), IMAGE), ids(2).clamp(max=95)], 1)
    given = {**given, **made, "input_ids": text, "mm_token_type_ids": (text == IMAGE).int()}
    (picture,) = aw.load(build("qwen2-vl"), processor=processor).trace(given).pictures
    assert picture.grid == (4, 8)
    assert abs(picture.pixels.astype(int) - drawn).max() <= 1


def test_padding_among_the_crops_is_no_picture_and_fills_no_placeholder():
    given = FAMILIES["smolvlm-five-crops"].inputs(20)
    pixels = given["pixel_values"].clone()
    pixels[0, 1] = 0
    text = torch.cat([ids(3).clamp(max=95), torch.full((1, 16), IMAGE)], 1)
    trace = aw.load(build("smolvlm-five-crops")).trace({"input_ids": text, "pixel_values": pixels})
    assert len(trace.pictures) == 4
    assert [place.picture for place in trace.text.places if place] == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4


@pytest.mark.parametrize("name", ["idefics2", "blip-2"])
def test_behind_a_resampler_there_is_no_place(name):
    assert aw.load(build(name)).trace(FAMILIES[name].inputs(20)).text.places == ()


def test_what_a_model_writes_after_a_picture_keeps_the_places_and_so_does_a_file(tmp_path):
    given = FAMILIES["llava-two-pictures"].inputs(20)
    made = aw.load(build("llava-two-pictures")).generate(given, max_new_tokens=2)
    assert sum(place is not None for place in made.text.places) == 32
    assert made.text.places[-2:] == (None, None)
    again = aw.Trace.load(made.save(tmp_path / "made"))
    assert again.text.places == made.text.places
    assert [picture.name for picture in again.pictures] == [picture.name for picture in made.pictures]


def test_what_a_row_gives_to_two_pictures_is_what_eager_gives_to_their_placeholders():
    given, model = FAMILIES["llava-two-pictures"].inputs(20), build("llava-two-pictures")
    found = aw.allocation(aw.load(model).trace(given), -1, part="text")
    model.set_attn_implementation("eager")
    with torch.no_grad():
        maps = torch.stack(model(**given, output_attentions=True).attentions)[:, 0, :, -1]
    marks = given["input_ids"][0] == IMAGE
    assert found.tokens["picture"] == int(marks.sum()) == 32
    # The families' table has 7e-6 between this family's trace and eager.
    assert np.allclose(found["picture"], maps[..., marks].sum(-1), rtol=0, atol=1e-5)
    assert np.allclose(np.asarray(found).sum(0), 1, atol=1e-5)
