"""Families outside the attention interface, which show their maps by `output_attentions` alone."""

from .encoder_decoders import image_and_target
from .encoders import WIDE
from .family import (
    BOS,
    ENCODER_DECODER,
    EOS,
    PAD,
    POSITIONS,
    TEXT,
    TWO_TOWERS,
    VOCABULARY,
    noise,
    outside,
    text,
)
from .senses import PATCHES, WAVE, sound
from .towers import pair

MARKS = {"vocab_size": VOCABULARY, "pad_token_id": PAD, "bos_token_id": BOS, "eos_token_id": EOS}
GPTJ = {**MARKS, "n_embd": 64, "n_layer": 3, "n_head": 4, "n_positions": POSITIONS}
XLM = {
    "vocab_size": VOCABULARY,
    "emb_dim": 64,
    "n_layers": 3,
    "n_heads": 4,
    "max_position_embeddings": POSITIONS,
    "pad_token_id": PAD,
}
FALCON = {**MARKS, "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4}
DISENTANGLED = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_biased_input": False}


TROCR = {
    **MARKS,
    "d_model": 64,
    "decoder_layers": 2,
    "decoder_attention_heads": 4,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": POSITIONS,
    "is_decoder": True,
    "add_cross_attention": True,
    "cross_attention_hidden_size": 64,
}
LXMERT = {
    **{name: size for name, size in TEXT.items() if name != "num_hidden_layers"},
    "l_layers": 2,
    "r_layers": 2,
    "x_layers": 1,
    "visual_feat_dim": 16,
}


def _regions(tokens):
    return {**text(tokens), "visual_feats": noise(1, 7, 16), "visual_pos": noise(1, 7, 4).sigmoid()}


FAMILIES = (
    outside("bloom", "BloomForCausalLM", **MARKS, hidden_size=64, n_layer=3, n_head=4),
    outside("mpt", "MptForCausalLM", **MARKS, d_model=64, n_heads=4, n_layers=3, max_seq_len=POSITIONS),
    outside("falcon-rotary", "FalconForCausalLM", **FALCON),
    outside("falcon-alibi", "FalconForCausalLM", **FALCON, alibi=True),
    outside("falcon-grouped", "FalconForCausalLM", **FALCON, new_decoder_architecture=True, num_kv_heads=2),
    outside("deberta", "DebertaForMaskedLM", **TEXT, **DISENTANGLED),
    outside("deberta-v2", "DebertaV2ForMaskedLM", **TEXT, **DISENTANGLED, share_att_key=True, position_buckets=8),
    outside(
        "gpt-neo-window",
        "GPTNeoForCausalLM",
        **MARKS,
        hidden_size=64,
        num_layers=4,
        num_heads=4,
        attention_types=[[["global", "local"], 2]],
        window_size=8,
        max_position_embeddings=POSITIONS,
        gain=5,
    ),
    outside("gptj", "GPTJForCausalLM", **GPTJ, rotary_dim=8),
    outside("codegen", "CodeGenForCausalLM", **GPTJ, rotary_dim=8),
    outside("openai-gpt", "OpenAIGPTLMHeadModel", **GPTJ, gain=20),
    outside("imagegpt", "ImageGPTForCausalImageModeling", **GPTJ),
    outside("xlm", "XLMWithLMHeadModel", **XLM),
    outside("flaubert", "FlaubertWithLMHeadModel", **XLM),
    outside(
        "xglm",
        "XGLMForCausalLM",
        **MARKS,
        d_model=64,
        ffn_dim=64,
        num_layers=3,
        attention_heads=4,
        max_position_embeddings=POSITIONS,
    ),
    outside(
        "xlnet", "XLNetLMHeadModel", **MARKS, d_model=64, n_layer=3, n_head=4, d_inner=64, initializer_range=0.2, gain=1
    ),
    outside("mpnet", "MPNetForMaskedLM", **WIDE),
    outside("roformer", "RoFormerForMaskedLM", **TEXT),
    outside("rembert", "RemBertForMaskedLM", **TEXT, input_embedding_size=32, output_embedding_size=32),
    outside("megatron-bert", "MegatronBertForMaskedLM", **TEXT),
    outside("luke", "LukeForMaskedLM", **WIDE, entity_vocab_size=10, entity_emb_size=32),
    outside("ibert", "IBertForMaskedLM", **WIDE),
    outside("tapas", "TapasForMaskedLM", **TEXT, type_vocab_sizes=[3, 8, 8, 2, 8, 8, 4], gain=15),
    outside("convbert", "ConvBertForMaskedLM", **TEXT, embedding_size=64),
    outside("big-bird-full", "BigBirdForMaskedLM", **TEXT, attention_type="original_full"),
    outside("wavlm", "WavLMForCTC", **WAVE, num_buckets=8, max_bucket_distance=16, inputs=sound),
    # Its image encoder takes part in the interface, its decoder does not.
    outside(
        "vit-to-trocr",
        "VisionEncoderDecoderModel",
        encoder={"model_type": "vit", **PATCHES},
        decoder={"model_type": "trocr", **TROCR},
        pad_token_id=PAD,
        decoder_start_token_id=BOS,
        inputs=image_and_target,
        maps=ENCODER_DECODER,
    ),
    # Its text layers do not take part in the interface, its image tower does.
    outside("git-text", "GitForCausalLM", **TEXT, vision_config=PATCHES, maps={"text": "attentions"}),
    outside("sew-d", "SEWDForCTC", **WAVE, position_buckets=8, squeeze_factor=1, inputs=sound),
    outside(
        "vilt",
        "ViltForImageAndTextRetrieval",
        **TEXT,
        image_size=24,
        patch_size=6,
        inputs=pair,
    ),
    outside(
        "lxmert",
        "LxmertModel",
        **LXMERT,
        inputs=_regions,
        maps={
            "text": "language_attentions",
            "vision": "vision_attentions",
            "cross": "cross_encoder_attentions",
        },
    ),
    outside(
        "blip",
        "BlipModel",
        text_config=TEXT,
        vision_config={**PATCHES, "initializer_range": 0.02},
        projection_dim=32,
        inputs=pair,
        maps=TWO_TOWERS,
        gain=8,
    ),
    *(
        outside(
            name,
            model,
            text_config=TEXT,
            vision_config={**PATCHES, "initializer_range": 0.02},
            projection_dim=32,
            inputs=pair,
            maps={
                "vision": "attentions",
                "text": f"inner:{reader}.attentions",
                "cross": f"inner:{reader}.cross_attentions",
            },
            gain=8,
        )
        for name, model, reader in (
            ("blip-captions", "BlipForConditionalGeneration", "text_decoder"),
            ("blip-retrieval", "BlipForImageTextRetrieval", "text_encoder"),
        )
    ),
)
