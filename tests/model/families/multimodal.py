"""Language models that read images or sounds: parts text, vision, audio and cross."""

from functools import partial

import torch

from .decoders import ALTERNATING, GROUPED
from .family import INSTALLED, NEWEST, TEXT, family, ids, noise
from .senses import PATCHES
from .towers import CLIP_VISION

IMAGE = 99
"""The token that stands where the image goes."""

OPT = {name: size for name, size in TEXT.items() if name != "intermediate_size"} | {"ffn_dim": 64}

SIGLIP_VISION = {**PATCHES, "vision_use_head": False}
BESIDE_SIGLIP = {**GROUPED, "initializer_range": 0.05}
"""SigLIP begins with large weights, so that a small gain must do for both."""
SEEN = {"text": "attentions", "vision": "within:model.vision_tower.*"}
TURNING = {"rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]}}
QWEN_IDS = {
    "image_token_id": IMAGE,
    "video_token_id": 98,
    "vision_start_token_id": 97,
    "vision_end_token_id": 96,
}
QWEN2_VISION = {
    "depth": 2,
    "embed_dim": 32,
    "hidden_size": 64,
    "num_heads": 4,
    "mlp_ratio": 2,
    "patch_size": 4,
    "spatial_merge_size": 2,
    "temporal_patch_size": 2,
}
QWEN25_VISION = {
    "depth": 2,
    "hidden_size": 32,
    "out_hidden_size": 64,
    "intermediate_size": 64,
    "num_heads": 4,
    "patch_size": 4,
    "spatial_merge_size": 2,
    "temporal_patch_size": 2,
    "fullatt_block_indexes": [1],
}


def _among(tokens, places, **more):
    """A text with `places` image tokens in it."""
    given = ids(max(tokens, places + 4)).clamp(max=95)
    given[0, 2 : 2 + places] = IMAGE
    return {"input_ids": given, **more}


def _sixteen(tokens):
    return _among(tokens, 16, pixel_values=noise(1, 3, 24, 24))


def _four(tokens):
    return _among(tokens, 4, pixel_values=noise(1, 3, 24, 24))


def _smolvlm(tokens):
    return _among(tokens, 4, pixel_values=noise(1, 1, 3, 24, 24))


def _two_pictures(tokens):
    given = _among(tokens, 32, pixel_values=noise(2, 3, 24, 24))
    given["input_ids"] = torch.cat([given["input_ids"][:, :18], ids(3), given["input_ids"][:, 18:]], 1).clamp(max=IMAGE)
    return given


def _five_crops(tokens):
    return _among(tokens, 20, pixel_values=noise(1, 5, 3, 24, 24))


def _gemma3(tokens):
    given = _among(tokens, 4, pixel_values=noise(1, 3, 24, 24))
    return {**given, "token_type_ids": (given["input_ids"] == IMAGE).long()}


def _paligemma(tokens):
    given = _sixteen(tokens)
    return {**given, "token_type_ids": torch.zeros_like(given["input_ids"])}


def _qwen(tokens):
    given = _among(tokens, 4, pixel_values=noise(16, 3 * 2 * 4 * 4), image_grid_thw=torch.tensor([[1, 4, 4]]))
    if INSTALLED < NEWEST:  # found the images by their tokens
        return given
    return {**given, "mm_token_type_ids": (given["input_ids"] == IMAGE).int()}


def _qwen_of(*grids):
    """Pictures of (rows, columns) patches, packed into one sequence, with a word between them."""

    def inputs(tokens):
        grid = torch.tensor([[1, rows, columns] for rows, columns in grids])
        found = [ids(3).clamp(max=95)]
        for rows, columns in grids:
            found += [torch.full((1, rows * columns // 4), IMAGE), ids(max(1, tokens // 4)).clamp(max=95)]
        given = {"input_ids": torch.cat(found, 1), "image_grid_thw": grid}
        given["pixel_values"] = noise(int(grid.prod(1).sum()), 3 * 2 * 4 * 4)
        return given if INSTALLED < NEWEST else {**given, "mm_token_type_ids": (given["input_ids"] == IMAGE).int()}

    return inputs


def _mllama(tokens):
    given = _among(tokens, 1, pixel_values=noise(1, 1, 2, 3, 24, 24))
    given["aspect_ratio_ids"] = torch.tensor([[2]])
    given["aspect_ratio_mask"] = torch.ones(1, 1, 2, dtype=torch.long)
    given["cross_attention_mask"] = torch.ones(1, given["input_ids"].shape[1], 1, 2, dtype=torch.long)
    return given


def _heard(tokens):
    given = _among(tokens, 5, input_features=noise(1, 16, 20))
    return {**given, "feature_attention_mask": torch.ones(1, 20, dtype=torch.long)}


llava = partial(family, inputs=_sixteen, maps=SEEN, vision_feature_layer=-1, image_token_index=IMAGE)

FAMILIES = (
    llava(
        "llava-clip",
        "LlavaForConditionalGeneration",
        text_config={"model_type": "llama", **GROUPED},
        vision_config={"model_type": "clip_vision_model", **CLIP_VISION},
    ),
    llava(
        "llava-siglip",
        "LlavaForConditionalGeneration",
        tolerance=5e-5,  # rounding, of hidden states that SigLIP's large weights make very large
        text_config={"model_type": "qwen2", **BESIDE_SIGLIP},
        vision_config={"model_type": "siglip_vision_model", **SIGLIP_VISION},
        vision_feature_select_strategy="full",
        gain=4,
    ),
    family(
        "llava-text-only",
        "LlavaForConditionalGeneration",
        text_config={"model_type": "llama", **GROUPED},
        vision_config={"model_type": "clip_vision_model", **CLIP_VISION},
        image_token_index=IMAGE,
        inputs=lambda tokens: {"input_ids": ids(tokens).clamp(max=95)},
        maps={"text": "attentions"},
    ),
    family(
        "llava-two-pictures",
        "LlavaForConditionalGeneration",
        text_config={"model_type": "llama", **GROUPED},
        vision_config={"model_type": "clip_vision_model", **CLIP_VISION},
        vision_feature_layer=-1,
        image_token_index=IMAGE,
        inputs=_two_pictures,
        maps={"text": "attentions"},
    ),
    family(
        "qwen2-vl-text-only",
        "Qwen2VLForConditionalGeneration",
        text_config={**GROUPED, **TURNING},
        vision_config=QWEN2_VISION,
        **QWEN_IDS,
        inputs=lambda tokens: {"input_ids": ids(tokens).clamp(max=95)},
        maps={"text": "attentions"},
    ),
    family(
        "qwen2-vl",
        "Qwen2VLForConditionalGeneration",
        text_config={**GROUPED, **TURNING},
        vision_config=QWEN2_VISION,
        **QWEN_IDS,
        inputs=_qwen,
        maps={"text": "attentions", "vision": "within:model.visual.*"},
    ),
    family(
        "qwen2-5-vl-text-only",
        "Qwen2_5_VLForConditionalGeneration",
        text_config={**GROUPED, **TURNING},
        vision_config={**QWEN25_VISION, "window_size": 16},
        **QWEN_IDS,
        inputs=lambda tokens: {"input_ids": ids(tokens).clamp(max=95)},
        maps={"text": "attentions"},
    ),
    family(
        "qwen2-5-vl",
        "Qwen2_5_VLForConditionalGeneration",
        text_config={**GROUPED, **TURNING},
        vision_config={**QWEN25_VISION, "window_size": 16},  # as large as the image
        **QWEN_IDS,
        inputs=_qwen,
        maps={"text": "attentions", "vision": "within:model.visual.*"},
    ),
    family(
        "qwen2-vl-two-pictures",
        "Qwen2VLForConditionalGeneration",
        text_config={**GROUPED, **TURNING},
        vision_config=QWEN2_VISION,
        **QWEN_IDS,
        inputs=_qwen_of((4, 4), (4, 8)),
        maps={"text": "attentions"},
    ),
    family(
        "qwen2-5-vl-windows",
        "Qwen2_5_VLForConditionalGeneration",
        text_config={**GROUPED, **TURNING},
        vision_config={**QWEN25_VISION, "window_size": 16},
        **QWEN_IDS,
        inputs=_qwen_of((8, 8)),
        maps={"text": "attentions"},
    ),
    family(
        "mllama",
        "MllamaForConditionalGeneration",
        text_config={**GROUPED, "num_hidden_layers": 4, "cross_attention_layers": [1, 3]},
        vision_config={
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_global_layers": 1,
            "attention_heads": 4,
            "image_size": 24,
            "patch_size": 6,
            "vision_output_dim": 64,
            "max_num_tiles": 2,
            "supported_aspect_ratios": [[1, 1], [1, 2], [2, 1]],
            "intermediate_layers_indices": [1],
        },
        image_token_index=IMAGE,
        inputs=_mllama,
        # One list of both kinds of layers in the output, by their true numbers.
        layers={"text": (0, 2), "cross": (1, 3)},
        maps={
            "text": "attentions",
            "cross": "attentions",
            "vision": "within:model.vision_model.transformer.*",
            "global_transformer": "within:model.vision_model.global_transformer.*",
        },
    ),
    family(
        "paligemma",
        "PaliGemmaForConditionalGeneration",
        tolerance=5e-5,  # rounding, of hidden states that its large embeddings make very large
        text_config={"model_type": "gemma", **BESIDE_SIGLIP, "head_dim": 16},
        vision_config={"model_type": "siglip_vision_model", **SIGLIP_VISION},
        projection_dim=64,
        image_token_index=IMAGE,
        inputs=_paligemma,
        maps=SEEN,
        gain=4,
    ),
    family(
        "gemma3",
        "Gemma3ForConditionalGeneration",
        text_config={
            **BESIDE_SIGLIP,
            "head_dim": 16,
            "query_pre_attn_scalar": 12,
            "sliding_window": 8,
            "layer_types": ALTERNATING,
        },
        vision_config={"model_type": "siglip_vision_model", **SIGLIP_VISION},
        mm_tokens_per_image=4,
        image_token_index=IMAGE,
        boi_token_index=97,
        eoi_token_index=96,
        inputs=_gemma3,
        maps=SEEN,
        gain=3,
    ),
    family(
        "qwen3-vl",
        "Qwen3VLForConditionalGeneration",
        text_config={**GROUPED, "head_dim": 8, **TURNING},
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "out_hidden_size": 64,
            "intermediate_size": 64,
            "num_heads": 4,
            "patch_size": 4,
            "num_position_embeddings": 16,
            "deepstack_visual_indexes": [0],
        },
        **QWEN_IDS,
        inputs=_qwen,
        maps={"text": "attentions", "vision": "within:model.visual.*"},
    ),
    family(
        "internvl",
        "InternVLForConditionalGeneration",
        text_config={"model_type": "qwen2", **GROUPED},
        vision_config={**PATCHES, "image_size": [24, 24], "patch_size": [6, 6]},
        image_token_id=IMAGE,
        inputs=_four,
        maps=SEEN,
    ),
    family(
        "smolvlm",
        "SmolVLMForConditionalGeneration",
        text_config={"model_type": "llama", **GROUPED},
        vision_config=PATCHES,
        image_token_id=IMAGE,
        inputs=_smolvlm,
        maps={"text": "attentions", "vision": "within:model.vision_model.*"},
    ),
    family(
        "smolvlm-five-crops",
        "SmolVLMForConditionalGeneration",
        text_config={"model_type": "llama", **GROUPED},
        vision_config=PATCHES,
        image_token_id=IMAGE,
        inputs=_five_crops,
        maps={"text": "attentions"},
    ),
    family(
        "idefics2",
        "Idefics2ForConditionalGeneration",
        text_config={"model_type": "mistral", **GROUPED},
        vision_config=PATCHES,
        perceiver_config={
            "hidden_size": 64,
            "resampler_n_latents": 4,
            "resampler_depth": 2,
            "resampler_n_heads": 4,
            "num_key_value_heads": 2,
            "resampler_head_dim": 16,
        },
        image_token_id=IMAGE,
        inputs=_smolvlm,
        maps={"text": "attentions", "vision": "within:model.vision_model.*"},
    ),
    family(
        "blip-2",
        "Blip2ForConditionalGeneration",
        text_config={"model_type": "opt", **OPT},
        vision_config={**PATCHES, "initializer_range": 0.02},
        qformer_config={
            **{name: size for name, size in TEXT.items() if name not in {"bos_token_id", "eos_token_id"}},
            "encoder_hidden_size": 64,
        },
        num_query_tokens=4,
        image_token_index=IMAGE,
        inputs=_four,
        newer="its querying transformer shows no maps",
        maps={
            "text": "language_model_outputs.attentions",
            "vision": "within:vision_model.*",
            "qformer": "within:qformer.*.attention.*",
            "cross": "within:qformer.*.crossattention.*",
        },
        layers={"cross": (0, 2)},
    ),
    family(
        "qwen2-audio",
        "Qwen2AudioForConditionalGeneration",
        text_config={"model_type": "qwen2", **GROUPED},
        audio_config={
            "num_mel_bins": 16,
            "encoder_layers": 2,
            "encoder_attention_heads": 4,
            "encoder_ffn_dim": 64,
            "d_model": 32,
            "max_source_positions": 10,
        },
        audio_token_index=IMAGE,
        inputs=_heard,
        maps={"text": "attentions", "audio": "within:*audio_tower.*"},
    ),
)
