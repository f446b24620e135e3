"""Encoder-decoders through the attention interface: parts encoder, decoder and cross."""

from functools import partial

from .decoders import GPT2
from .family import BOS, ENCODER_DECODER, EOS, PAD, POSITIONS, TEXT, VOCABULARY, family, ids, noise, text_and_target
from .senses import PATCHES

T5 = {
    "vocab_size": VOCABULARY,
    "d_model": 64,
    "d_kv": 16,
    "d_ff": 64,
    "num_layers": 3,
    "num_decoder_layers": 2,
    "num_heads": 4,
    "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 16,
    "decoder_start_token_id": PAD,
    "pad_token_id": PAD,
    "eos_token_id": EOS,
}
BART = {
    "vocab_size": VOCABULARY,
    "d_model": 64,
    "encoder_layers": 3,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": POSITIONS,
    "pad_token_id": PAD,
    "bos_token_id": BOS,
    "eos_token_id": EOS,
    "decoder_start_token_id": EOS,
    "forced_eos_token_id": EOS,
}
SPEECH = {
    **{name: size for name, size in BART.items() if name not in {"max_position_embeddings", "forced_eos_token_id"}},
    "max_target_positions": POSITIONS,
}
GEMMA = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 64,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "query_pre_attn_scalar": 12,
    "sliding_window": 8,
    "attn_logit_softcapping": 5.0,
}

both = partial(family, inputs=text_and_target, maps=ENCODER_DECODER)


def _spectrogram_and_target(tokens):
    return {"input_features": noise(1, 40, 80), "decoder_input_ids": ids(tokens)}


def _frames_and_target(tokens):
    return {"input_features": noise(1, 80, 24), "decoder_input_ids": ids(tokens)}


def image_and_target(tokens):
    return {"pixel_values": noise(1, 3, 24, 24), "decoder_input_ids": ids(tokens)}


def _sound_and_target(tokens):
    return {"input_values": noise(1, 4000), "decoder_input_ids": ids(tokens)}


FAMILIES = (
    both("t5", "T5ForConditionalGeneration", **T5, gain=2, tolerance=2e-5),
    both("t5-gated", "T5ForConditionalGeneration", **T5, feed_forward_proj="gated-gelu", gain=2, tolerance=2e-5),
    family("t5-encoder", "T5EncoderModel", **T5, gain=2, tolerance=2e-5),
    both("mt5", "MT5ForConditionalGeneration", **T5, gain=2, tolerance=5e-5),
    both("umt5", "UMT5ForConditionalGeneration", **T5, gain=2, tolerance=5e-5),
    both(
        "switch-transformers",
        "SwitchTransformersForConditionalGeneration",
        **T5,
        num_experts=2,
        num_sparse_encoder_layers=1,
        num_sparse_decoder_layers=1,
        newer="shows its position bias in place of its maps",
        gain=2,
        tolerance=5e-5,
    ),
    both("bart", "BartForConditionalGeneration", **BART),
    both("bart-body", "BartModel", **BART),
    both("mbart", "MBartForConditionalGeneration", **BART),
    both("marian", "MarianMTModel", **BART, gain=20),
    both("pegasus", "PegasusForConditionalGeneration", **BART),
    both("blenderbot", "BlenderbotForConditionalGeneration", **BART),
    both("blenderbot-small", "BlenderbotSmallForConditionalGeneration", **BART),
    both(
        "m2m100",
        "M2M100ForConditionalGeneration",
        **{name: size for name, size in BART.items() if name != "forced_eos_token_id"},
    ),
    # Says is_causal=False in its decoder: only the mask makes it causal.
    both(
        "nllb-moe",
        "NllbMoeForConditionalGeneration",
        **{name: size for name, size in BART.items() if name != "forced_eos_token_id"},
        num_experts=4,
        encoder_sparse_step=2,
        decoder_sparse_step=2,
    ),
    both("plbart", "PLBartForConditionalGeneration", **BART),
    both(
        "bert-to-gpt2",
        "EncoderDecoderModel",
        encoder={"model_type": "bert", **TEXT},
        decoder={"model_type": "gpt2", **GPT2, "add_cross_attention": True},
        pad_token_id=PAD,
        decoder_start_token_id=BOS,
    ),
    both(
        "vit-to-gpt2",
        "VisionEncoderDecoderModel",
        encoder={"model_type": "vit", **PATCHES},
        decoder={"model_type": "gpt2", **GPT2, "add_cross_attention": True},
        pad_token_id=PAD,
        decoder_start_token_id=BOS,
        inputs=image_and_target,
    ),
    both(
        "t5gemma",
        "T5GemmaForConditionalGeneration",
        encoder={
            **GEMMA,
            "num_hidden_layers": 3,
            "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
        },
        decoder={
            **GEMMA,
            "num_hidden_layers": 2,
            "layer_types": ["sliding_attention", "full_attention"],
            "cross_attention_hidden_size": 64,
        },
        vocab_size=VOCABULARY,
    ),
    both(
        "whisper",
        "WhisperForConditionalGeneration",
        **SPEECH,
        max_source_positions=12,
        inputs=_frames_and_target,
        gain=15,
    ),
    both(
        "speech-to-text",
        "Speech2TextForConditionalGeneration",
        **SPEECH,
        conv_channels=64,
        max_source_positions=POSITIONS,
        inputs=_spectrogram_and_target,
    ),
    both(
        "moonshine",
        "MoonshineForConditionalGeneration",
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=64,
        encoder_num_hidden_layers=3,
        decoder_num_hidden_layers=2,
        encoder_num_attention_heads=4,
        decoder_num_attention_heads=4,
        max_position_embeddings=POSITIONS,
        pad_token_id=PAD,
        inputs=_sound_and_target,
    ),
)
