"""Two towers, one for texts and one for images, that meet in a score: parts text and vision."""

from .family import POSITIONS, TEXT, TWO_TOWERS, family, noise, text
from .senses import PATCHES

CLIP_VISION = {**PATCHES, "projection_dim": 32}


# In transformers 5.0 their towers keep the maps to themselves.
WITHIN = {"text": "within:*text_model.*", "vision": "within:*vision_model.*"}


def pair(tokens):
    return {**text(tokens), "pixel_values": noise(1, 3, 24, 24)}


FAMILIES = (
    family(
        "clip",
        "CLIPModel",
        text_config=TEXT,
        vision_config=CLIP_VISION,
        projection_dim=32,
        inputs=pair,
        maps=WITHIN,
        gain=5,
    ),
    family("clip-text", "CLIPTextModel", **TEXT),
    family(
        "siglip",
        "SiglipModel",
        text_config={**TEXT, "max_position_embeddings": POSITIONS},
        vision_config=PATCHES,
        inputs=pair,
        maps=WITHIN,
        gain=3,
    ),
    family(
        "altclip",
        "AltCLIPModel",
        text_config={**TEXT, "max_position_embeddings": POSITIONS + 2, "project_dim": 32},
        vision_config=CLIP_VISION,
        projection_dim=32,
        inputs=pair,
        maps=TWO_TOWERS,
        gain=7,
    ),
    family(
        "chinese-clip",
        "ChineseCLIPModel",
        text_config=TEXT,
        vision_config=CLIP_VISION,
        projection_dim=32,
        inputs=pair,
        maps=TWO_TOWERS,
        gain=7,
        tolerance=3e-5,  # larger logits than the others', and rounding grows with them
    ),
)
