"""Models of images and of sounds, by themselves: the one part is "self"."""

from .family import PAD, SIZES, VOCABULARY, family, image, noise

PATCHES = {name: size for name, size in SIZES.items() if name != "vocab_size"} | {"image_size": 24, "patch_size": 6}
CONVOLUTIONS = {
    "conv_dim": (16, 16, 16),
    "conv_kernel": (10, 3, 3),
    "conv_stride": (5, 2, 2),
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}
WAVE = {**SIZES, **CONVOLUTIONS, "apply_spec_augment": False, "layerdrop": 0.0}


def sound(_tokens):
    return {"input_values": noise(1, 500)}


def _video(_tokens):
    return {"pixel_values": noise(1, 4, 3, 24, 24)}


def _longer_video(_tokens):
    return {"pixel_values": noise(1, 6, 3, 24, 24)}


def _spectrogram(_tokens):
    return {"input_values": noise(1, 48, 16)}


def _many_frames(_tokens):
    return {"input_features": noise(1, 96, 32)}


def _frames(_tokens):
    return {"input_features": noise(1, 20, 32)}


FAMILIES = (
    family("vit", "ViTForImageClassification", **PATCHES, inputs=image()),
    family("vit-body", "ViTModel", **PATCHES, inputs=image()),
    family("deit", "DeiTForImageClassificationWithTeacher", **PATCHES, inputs=image()),
    family(
        "dinov2",
        "Dinov2ForImageClassification",
        **{name: size for name, size in PATCHES.items() if name != "intermediate_size"},
        mlp_ratio=2,
        inputs=image(),
    ),
    family("dinov3", "DINOv3ViTModel", **PATCHES, num_register_tokens=2, inputs=image()),
    family(
        "beit-relative-bias",
        "BeitForImageClassification",
        **PATCHES,
        use_relative_position_bias=True,
        drop_path_rate=0.0,
        layer_scale_init_value=1.0,
        inputs=image(),
    ),
    family(
        "beit-shared-bias",
        "BeitForImageClassification",
        **PATCHES,
        use_shared_relative_position_bias=True,
        drop_path_rate=0.0,
        layer_scale_init_value=1.0,
        inputs=image(),
    ),
    family("videomae", "VideoMAEForVideoClassification", **PATCHES, num_frames=4, tubelet_size=2, inputs=_video),
    family("videomae-body", "VideoMAEModel", **PATCHES, num_frames=6, tubelet_size=2, inputs=_longer_video),
    family(
        "vivit",
        "VivitForVideoClassification",
        **{name: size for name, size in PATCHES.items() if name != "patch_size"},
        num_frames=4,
        tubelet_size=[2, 6, 6],
        inputs=_video,
    ),
    family(
        "timesformer-joint",
        "TimesformerForVideoClassification",
        **PATCHES,
        num_frames=4,
        attention_type="joint_space_time",
        path="eager",
        inputs=_video,
    ),
    family("wav2vec2", "Wav2Vec2ForCTC", **WAVE, inputs=sound),
    family(
        "wav2vec2-stable",
        "Wav2Vec2ForCTC",
        **WAVE,
        do_stable_layer_norm=True,
        feat_extract_norm="layer",
        inputs=sound,
    ),
    family("hubert", "HubertForCTC", **WAVE, inputs=sound),
    family("wav2vec2-conformer", "Wav2Vec2ConformerForCTC", **WAVE, inputs=sound),
    family(
        "wav2vec2-bert",
        "Wav2Vec2BertForCTC",
        **SIZES,
        feature_projection_input_dim=32,
        apply_spec_augment=False,
        layerdrop=0.0,
        left_max_position_embeddings=8,
        right_max_position_embeddings=4,
        conv_depthwise_kernel_size=7,
        inputs=_frames,
    ),
    family(
        "parakeet-relative",
        "ParakeetForCTC",
        vocab_size=VOCABULARY,
        pad_token_id=PAD,
        encoder_config={
            "hidden_size": 64,
            "intermediate_size": 64,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "subsampling_conv_channels": 16,
            "num_mel_bins": 32,
            "layerdrop": 0.0,
        },
        inputs=_many_frames,
    ),
    family(
        "audio-spectrogram",
        "ASTForAudioClassification",
        **{name: size for name, size in PATCHES.items() if name != "image_size"},
        frequency_stride=6,
        time_stride=6,
        max_length=48,
        num_mel_bins=16,
        inputs=_spectrogram,
    ),
)
