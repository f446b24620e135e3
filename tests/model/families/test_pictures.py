"""Families that read pictures: their maps are eager attention's, and every patch stands where the model saw it."""

import pytest
import torch
import transformers as hf
from PIL import Image

import attnwidget as aw
from attnwidget.engine.media.places import in_rows
from tests.model.pictures import Halves

SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 24,
    "patch_size": 4,
}
BEFORE = {
    "ViT": ("[CLS]",),
    "DeiT": ("[CLS]", "[DIST]"),
    "Beit": ("[CLS]",),
    "Dinov2": ("[CLS]",),
    "Dinov2WithRegisters": ("[CLS]", "[REG1]", "[REG2]", "[REG3]", "[REG4]"),
    "DINOv3ViT": ("[CLS]", "[REG1]", "[REG2]"),
    "IJepa": (),
    "SiglipVision": (),
    "CLIPVision": ("[CLS]",),
}
"""What stands before the patches."""

PICTURE = Image.radial_gradient("L").resize((40, 30)).convert("RGB")


def built(family):
    torch.manual_seed(0)
    registers = {"num_register_tokens": len(BEFORE[family]) - 1} if "[REG1]" in BEFORE[family] else {}
    config = getattr(hf, f"{family}Config")(**SIZES, **registers)
    return getattr(hf, f"{family}Model")(config).eval()


@pytest.mark.parametrize("family", BEFORE)
def test_patches_stand_where_they_were_seen_and_their_maps_are_those_of_eager_attention(family):
    processor = Halves()
    trace = aw.load(built(family), processor=processor).trace(image=PICTURE)
    before = BEFORE[family]
    assert trace.text.pieces[: len(before)] == before
    assert trace.text.places == (*[None] * len(before), *in_rows(6, 6))
    assert (trace.pictures[0].pixels == processor.colours(PICTURE)).all()
    eager = built(family)
    eager.set_attn_implementation("eager")
    with torch.no_grad():
        maps = eager(**processor(images=PICTURE, return_tensors="pt"), output_attentions=True).attentions
    for layer, heads in enumerate(maps):
        assert torch.allclose(trace.weights(layer), heads[0], atol=1e-5)


def test_a_picture_that_is_not_square_and_no_multiple_of_a_patch():
    torch.manual_seed(0)
    model = hf.Dinov2Model(hf.Dinov2Config(**SIZES)).eval()
    pixels = torch.rand(1, 3, 18, 30)
    trace = aw.load(model).trace({"pixel_values": pixels})
    assert trace.pictures[0].grid == (4, 7)
    assert trace.text.places[1:] == in_rows(4, 7)


def test_patches_whose_order_is_drawn_have_numbers_and_no_places():
    model = hf.ViTMAEModel(hf.ViTMAEConfig(**SIZES, mask_ratio=0.0)).eval()
    trace = aw.load(model, processor=Halves()).trace(image=PICTURE)
    assert trace.text.places == ()
    assert trace.text.pieces[1] == "1"


def test_an_explorer_shows_the_picture_also_where_nothing_says_which_tokens_are_its_patches():
    model = hf.YolosModel(hf.YolosConfig(**{**SIZES, "image_size": [24, 24]})).eval()
    explorer = aw.explore(model, image=PICTURE, processor=Halves())
    assert explorer.trace.text.places == ()
    assert explorer.trace.pictures[0].grid == (6, 6)
    assert explorer.query[1] <= len(explorer.trace.text)


def test_windows_are_refused_with_a_reason():
    model = hf.SwinModel(
        hf.SwinConfig(image_size=24, patch_size=4, embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=3)
    )
    with pytest.raises(aw.AttnWidgetError, match="within windows"):
        aw.explore(model.eval(), image=PICTURE, processor=Halves())
