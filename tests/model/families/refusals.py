"""Families that are refused: what they compute or hand out is no map of every query over every key."""

from .encoder_decoders import BART, GEMMA, T5
from .family import BOS, EOS, PAD, POSITIONS, SIZES, TEXT, VOCABULARY, ids, image, noise, refused, text_and_target
from .mixtures import LATENT
from .senses import PATCHES
from .towers import pair

WINDOWED = {"image_size": 32, "patch_size": 4, "embed_dim": 16, "depths": [2, 2], "num_heads": [2, 4], "window_size": 4}
BLOCKS = {"attention_type": "block_sparse", "block_size": 2, "num_random_blocks": 1}
INDEXED = {
    **{name: size for name, size in LATENT.items() if name != "first_k_dense_replace"},
    "index_topk": 8,
    "index_head_dim": 16,
    "index_n_heads": 2,
    "mlp_layer_types": ["dense", "sparse", "sparse"],
}
HASHED = {
    "num_hidden_layers": 2,
    "attention_head_size": 16,
    "attn_layers": ["local", "lsh"],
    "axial_pos_embds": False,
    "feed_forward_size": 64,
    "is_decoder": True,
    "local_attn_chunk_length": 4,
    "lsh_attn_chunk_length": 4,
    "num_buckets": 4,
}
FUNNEL = {
    "vocab_size": VOCABULARY,
    "d_model": 64,
    "n_head": 4,
    "d_head": 16,
    "d_inner": 64,
    "block_sizes": [1, 1],
    "num_decoder_layers": 1,
}
LED = {
    **{name: size for name, size in BART.items() if name not in {"max_position_embeddings", "forced_eos_token_id"}},
    "max_encoder_position_embeddings": POSITIONS,
    "max_decoder_position_embeddings": POSITIONS,
}
PROPHET = {
    "vocab_size": VOCABULARY,
    "pad_token_id": PAD,
    "bos_token_id": BOS,
    "eos_token_id": EOS,
    "hidden_size": 64,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "num_encoder_layers": 3,
    "num_decoder_layers": 2,
    "num_encoder_attention_heads": 4,
    "num_decoder_attention_heads": 4,
    "max_position_embeddings": POSITIONS,
    "num_buckets": 8,
    "relative_max_distance": 16,
}
MERGED = {
    "encoder": {
        "text_config": {**GEMMA, "num_hidden_layers": 2, "layer_types": ["sliding_attention", "full_attention"]},
        "vision_config": {"model_type": "siglip_vision_model", **PATCHES},
        "image_token_index": 99,
    },
    "decoder": {**GEMMA, "num_hidden_layers": 2, "layer_types": ["sliding_attention", "full_attention"]},
    "image_token_index": 99,
    "eoi_token_index": 98,
}

FAMILIES = (
    # Windows.
    refused("swin", "SwinForImageClassification", **WINDOWED, inputs=image(32)),
    refused("swinv2", "Swinv2ForImageClassification", **WINDOWED, inputs=image(32)),
    refused("donut-swin", "DonutSwinModel", **WINDOWED, inputs=image(32)),
    # Time and space apart.
    refused(
        "timesformer",
        "TimesformerForVideoClassification",
        **PATCHES,
        num_frames=4,
        inputs=lambda _tokens: {"pixel_values": noise(1, 4, 3, 24, 24)},
    ),
    # Bands around each query.
    refused("longformer", "LongformerForMaskedLM", **TEXT, attention_window=8),
    refused("led", "LEDForConditionalGeneration", **LED, attention_window=8, inputs=text_and_target),
    # Blocks in the encoder alone; decoder and cross attention go through the interface.
    refused("longt5", "LongT5ForConditionalGeneration", **T5, local_radius=4, inputs=text_and_target),
    refused("pegasus-x", "PegasusXForConditionalGeneration", **BART, block_size=4, inputs=text_and_target),
    refused("bigbird-pegasus", "BigBirdPegasusForConditionalGeneration", **BART, **BLOCKS, inputs=text_and_target),
    # One softmax over the decoder's own tokens and the source's, end to end.
    refused("t5gemma2", "T5Gemma2ForConditionalGeneration", **MERGED, inputs=text_and_target),
    # Blocks, hashes, landmarks, samples.
    refused("big-bird-blocks", "BigBirdForMaskedLM", **TEXT, **BLOCKS),
    refused("reformer", "ReformerModelWithLMHead", **TEXT | HASHED),
    refused("nystromformer", "NystromformerForMaskedLM", **TEXT, num_landmarks=4, segment_means_seq_len=20),
    refused("yoso", "YosoForMaskedLM", **TEXT),
    refused("mra", "MraForMaskedLM", **TEXT),
    # Keys chosen by an indexer.
    refused("deepseek-v32", "DeepseekV32ForCausalLM", **INDEXED),
    refused("glm-moe-dsa", "GlmMoeDsaForCausalLM", **INDEXED),
    # Scores before the softmax, under the name of attentions.
    refused("squeezebert", "SqueezeBertForMaskedLM", **TEXT, embedding_size=64),
    refused("prophetnet", "ProphetNetForConditionalGeneration", **PROPHET, inputs=text_and_target),
    # The vision tower's maps alone, under the name of the whole model's.
    refused(
        "blip-questions",
        "BlipForQuestionAnswering",
        text_config=TEXT,
        vision_config=PATCHES,
        projection_dim=32,
        inputs=lambda tokens: {**pair(tokens), "decoder_input_ids": ids(4)},
    ),
    # Layers that pool, so that their queries and keys are no tokens any more.
    refused("funnel", "FunnelForMaskedLM", **FUNNEL),
    # No attention.
    refused("mamba", "MambaForCausalLM", **{**SIZES, "num_hidden_layers": 2}, state_size=8),
)
