"""Tiny random models of the kinds that an explorer meets, and a tokenizer that knows a handful of words."""

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors

WORDS = "[PAD] [CLS] [SEP] [UNK] the river bank was quiet so she walked to for money . ? who".split()
MARKS = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
TEXT = "the river bank was quiet ."
SIZES = {
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "hidden_size": 32,
    "intermediate_size": 64,
    "vocab_size": len(WORDS),
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
GROUPED = {**SIZES, "num_key_value_heads": 2}
LABELS = {"id2label": {0: "O", 1: "B-PLACE", 2: "I-PLACE"}, "label2id": {"O": 0, "B-PLACE": 1, "I-PLACE": 2}}
TOWERS = {
    "text_config": {**SIZES, "projection_dim": 16},
    "vision_config": {**SIZES, "image_size": 32, "patch_size": 8, "projection_dim": 16},
}
MODELS = {
    "jamba": (
        "JambaForCausalLM",
        {
            **GROUPED,
            "num_hidden_layers": 4,
            "attn_layer_period": 2,
            "attn_layer_offset": 1,
            "num_experts": 2,
            "mamba_d_state": 4,
        },
    ),
    "t5": (
        "T5ForConditionalGeneration",
        {"num_layers": 3, "num_decoder_layers": 2, "num_heads": 4, "d_model": 32, "d_kv": 8, "d_ff": 64}
        | {"vocab_size": len(WORDS), "decoder_start_token_id": 0, "pad_token_id": 0, "eos_token_id": 2},
    ),
    "clip": ("CLIPModel", TOWERS),
    "clip-text": ("CLIPTextModel", SIZES),
    "bloom": ("BloomForCausalLM", {"n_layer": 2, "n_head": 4, "hidden_size": 32, "vocab_size": len(WORDS)}),
    "class": (
        "BertForSequenceClassification",
        {**SIZES, "id2label": {0: "NEGATIVE", 1: "POSITIVE"}, "label2id": {"NEGATIVE": 0, "POSITIVE": 1}},
    ),
    "label": ("BertForTokenClassification", {**SIZES, **LABELS}),
    "answer": ("BertForQuestionAnswering", SIZES),
    "gpt-oss": (
        "GptOssForCausalLM",
        {**GROUPED, "head_dim": 8, "num_local_experts": 2, "num_experts_per_tok": 1, "sliding_window": 8},
    ),
    "whisper": (
        "WhisperForConditionalGeneration",
        {
            "d_model": 16,
            "encoder_layers": 1,
            "decoder_layers": 1,
            "encoder_attention_heads": 2,
            "decoder_attention_heads": 2,
        }
        | {
            "encoder_ffn_dim": 16,
            "decoder_ffn_dim": 16,
            "num_mel_bins": 8,
            "vocab_size": len(WORDS),
            "max_source_positions": 8,
        }
        | {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1},
    ),
    "vit": ("ViTModel", {**SIZES, "image_size": 32, "patch_size": 8}),
    "wav2vec2": (
        "Wav2Vec2Model",
        {**SIZES, "conv_dim": (16,), "conv_kernel": (4,), "conv_stride": (2,), "num_conv_pos_embedding_groups": 4},
    ),
}


def small(name):
    """A random model with larger weights than usual, so that attention is far from uniform."""
    kind, options = MODELS[name]
    known = getattr(transformers, kind)
    torch.manual_seed(3)
    model = known(known.config_class(**options)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.mul_(5)
    return model


def words(*, special=False):
    """A word-level tokenizer; with `special`, texts stand between [CLS] and [SEP]."""
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, MARKS["unk_token"]))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    if special:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
        )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **MARKS)
