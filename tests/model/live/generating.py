"""Tiny random models that generate, and what transformers itself says of the texts that they produce."""

import copy
from typing import Any

import torch
import transformers as hf
from torch import Tensor

PROMPT = torch.randint(3, 90, (1, 13), generator=torch.Generator().manual_seed(3))
NEW = 8
DECODER = {
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "hidden_size": 32,
    "intermediate_size": 64,
    "vocab_size": 100,
    "max_position_embeddings": 64,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
NARROW = {**DECODER, "head_dim": 8, "sliding_window": 8}
OLDER = {
    "n_layer": 2,
    "n_head": 4,
    "n_embd": 32,
    "n_positions": 64,
    "vocab_size": 100,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
MIXED = {"layer_types": ["sliding_attention", "full_attention", "sliding_attention"]}
EXPERTS = {"num_local_experts": 2, "num_experts_per_tok": 1}


def _t5():
    config = hf.T5Config(
        num_layers=2, num_heads=4, d_model=32, d_kv=8, d_ff=64, vocab_size=100, decoder_start_token_id=0
    )
    return hf.T5ForConditionalGeneration(config)


def _bart():
    sides = {f"{side}_{what}": size for side in ("encoder", "decoder") for what, size in SIDE.items()}
    config = hf.BartConfig(
        **sides, d_model=32, vocab_size=100, max_position_embeddings=64, forced_eos_token_id=None, eos_token_id=2
    )
    return hf.BartForConditionalGeneration(config)


SIDES = {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 32, "intermediate_size": 64}
SIDE = {"layers": 2, "attention_heads": 4, "ffn_dim": 32}
FAMILIES = {
    "gpt2": lambda: hf.GPT2LMHeadModel(hf.GPT2Config(**OLDER)),
    "llama-grouped": lambda: hf.LlamaForCausalLM(hf.LlamaConfig(**DECODER)),
    "mistral-window": lambda: hf.MistralForCausalLM(hf.MistralConfig(**NARROW)),
    "gemma2-soft-cap": lambda: hf.Gemma2ForCausalLM(hf.Gemma2Config(**NARROW, attn_logit_softcapping=5.0)),
    "gemma3-window": lambda: hf.Gemma3ForCausalLM(hf.Gemma3TextConfig(**NARROW, **MIXED)),
    "gpt_oss-sinks": lambda: hf.GptOssForCausalLM(hf.GptOssConfig(**NARROW, **EXPERTS)),
    "llama4-chunks": lambda: hf.Llama4ForCausalLM(
        hf.Llama4TextConfig(**DECODER, head_dim=8, intermediate_size_mlp=64, attention_chunk_size=8, **EXPERTS)
    ),
    "gptj-fallback": lambda: hf.GPTJForCausalLM(hf.GPTJConfig(**OLDER, rotary_dim=4)),
    "bloom-fallback": lambda: hf.BloomForCausalLM(
        hf.BloomConfig(n_layer=2, n_head=4, hidden_size=32, vocab_size=100, bos_token_id=1, eos_token_id=2)
    ),
    "jamba-hybrid": lambda: hf.JambaForCausalLM(
        hf.JambaConfig(
            **DECODER, attn_layer_period=2, attn_layer_offset=1, num_experts=2, mamba_d_state=4, use_mamba_kernels=False
        )
    ),
    "qwen3_next-hybrid": lambda: hf.Qwen3NextForCausalLM(
        hf.Qwen3NextConfig(
            **DECODER,
            head_dim=8,
            layer_types=["linear_attention", "full_attention", "linear_attention"],
            linear_num_value_heads=4,
            linear_num_key_heads=2,
            linear_key_head_dim=8,
            linear_value_head_dim=8,
            num_experts=2,
            num_experts_per_tok=1,
            moe_intermediate_size=16,
            shared_expert_intermediate_size=16,
        )
    ),
    "t5": _t5,
    "bart": _bart,
}


def build(family: str) -> Any:
    """A random model whose attention is far from uniform, and which does not stop by itself."""
    torch.manual_seed(5)
    model = FAMILIES[family]().eval()
    with torch.no_grad():
        for parameter in {parameter for parameter in model.parameters() if parameter.ndim == 2}:
            parameter.mul_(4)
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = 0
    return model


def run_own(model: Any, ids: Tensor, **options: Any) -> Any:
    """The user's own model.generate, with everything that it can return."""
    options = {"output_logits": True, "return_dict_in_generate": True, **options}
    return model.generate(ids, attention_mask=torch.ones_like(ids), **options)


def eager(model: Any) -> Any:
    reference = copy.deepcopy(model).eval()
    reference.set_attn_implementation("eager")
    return reference


def whole_pass(model: Any, sequences: Tensor) -> Any:
    options = {"output_attentions": True, "use_cache": False}
    with torch.no_grad():
        if model.config.is_encoder_decoder:
            return eager(model)(PROMPT, decoder_input_ids=sequences, **options)
        return eager(model)(sequences, **options)


def maps_of(output: Any, part: str) -> list[Tensor]:
    name = {"self": "attentions", "encoder": "encoder_attentions", "decoder": "decoder_attentions"}
    return [maps[0] for maps in getattr(output, name.get(part, "cross_attentions")) if isinstance(maps, Tensor)]
