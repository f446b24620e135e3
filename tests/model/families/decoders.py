"""Text decoders through the attention interface: grouped, windowed, capped, scaled in their own ways."""

from .family import BOS, EOS, PAD, POSITIONS, TEXT, VOCABULARY, family, noise, text

GROUPED = {**TEXT, "num_attention_heads": 8, "num_key_value_heads": 2}
WINDOW = 8
ALTERNATING = ["sliding_attention", "full_attention", "sliding_attention"]
GPT2 = {
    "vocab_size": VOCABULARY,
    "n_embd": 64,
    "n_layer": 3,
    "n_head": 4,
    "n_positions": POSITIONS,
    "bos_token_id": BOS,
    "eos_token_id": EOS,
    "pad_token_id": PAD,
}


def _beside_states(tokens):
    return {**text(tokens), "encoder_hidden_states": noise(1, 7, 64)}


FAMILIES = (
    family("gpt2", "GPT2LMHeadModel", **GPT2),
    family("gpt2-body", "GPT2Model", **GPT2),
    family("gpt2-scaled-by-layer", "GPT2LMHeadModel", **GPT2, scale_attn_by_inverse_layer_idx=True),
    family("gpt2-unscaled", "GPT2LMHeadModel", **GPT2, scale_attn_weights=False, gain=5),
    family("gpt2-upcast", "GPT2LMHeadModel", **GPT2, reorder_and_upcast_attn=True),
    family(
        "gpt2-cross",
        "GPT2LMHeadModel",
        **GPT2,
        add_cross_attention=True,
        inputs=_beside_states,
        maps={"self": "attentions", "cross": "cross_attentions"},
    ),
    family("gpt-bigcode", "GPTBigCodeForCausalLM", **GPT2, multi_query=True),
    family("gpt-neox", "GPTNeoXForCausalLM", **TEXT),
    family("opt", "OPTForCausalLM", **{k: v for k, v in TEXT.items() if k != "intermediate_size"}, ffn_dim=64),
    family("ctrl", "CTRLLMHeadModel", **GPT2, dff=64),
    family("biogpt", "BioGptForCausalLM", **TEXT),
    family("llama-grouped", "LlamaForCausalLM", **GROUPED),
    family("llama-multi-query", "LlamaForCausalLM", **GROUPED | {"num_key_value_heads": 1}),
    family("llama-all-heads", "LlamaForCausalLM", **GROUPED | {"num_key_value_heads": 8}),
    family("llama-body", "LlamaModel", **GROUPED),
    family("mistral", "MistralForCausalLM", **GROUPED, sliding_window=None),
    family("mistral-window", "MistralForCausalLM", **GROUPED, sliding_window=WINDOW),
    family("ministral", "MinistralForCausalLM", **GROUPED, sliding_window=WINDOW, layer_types=ALTERNATING, head_dim=16),
    family("qwen2", "Qwen2ForCausalLM", **GROUPED),
    family(
        "qwen2-window",
        "Qwen2ForCausalLM",
        **GROUPED,
        use_sliding_window=True,
        sliding_window=WINDOW,
        layer_types=ALTERNATING,
    ),
    family("qwen3", "Qwen3ForCausalLM", **GROUPED, head_dim=16),
    family("gemma", "GemmaForCausalLM", **GROUPED, head_dim=16),
    family(
        "gemma2-soft-cap",
        "Gemma2ForCausalLM",
        **GROUPED,
        head_dim=16,
        query_pre_attn_scalar=12,
        attn_logit_softcapping=5.0,
        sliding_window=WINDOW,
        layer_types=ALTERNATING,
    ),
    family(
        "gemma3-text",
        "Gemma3ForCausalLM",
        **GROUPED,
        head_dim=16,
        query_pre_attn_scalar=12,
        sliding_window=WINDOW,
        layer_types=ALTERNATING,
    ),
    family(
        "gemma3n-text",
        "Gemma3nForCausalLM",
        **GROUPED | {"num_hidden_layers": 4},
        head_dim=16,
        vocab_size_per_layer_input=VOCABULARY,
        hidden_size_per_layer_input=16,
        laurel_rank=8,
        sliding_window=WINDOW,
        layer_types=["sliding_attention", "full_attention"] * 2,
        num_kv_shared_layers=2,
        altup_num_inputs=2,
        activation_sparsity_pattern=[0.0] * 4,
    ),
    family(
        "gemma4-text",
        "Gemma4ForCausalLM",
        tolerance=2e-5,  # unscaled logits, as T5's
        **GROUPED,
        head_dim=16,
        vocab_size_per_layer_input=VOCABULARY,
        hidden_size_per_layer_input=16,
        sliding_window=WINDOW,
        layer_types=["sliding_attention", "sliding_attention", "full_attention"],
    ),
    family("phi", "PhiForCausalLM", **GROUPED),
    family("phi3", "Phi3ForCausalLM", **GROUPED),
    family("phi3-window", "Phi3ForCausalLM", **GROUPED, sliding_window=WINDOW),
    family("olmo", "OlmoForCausalLM", **GROUPED),
    family("olmo2", "Olmo2ForCausalLM", **GROUPED),
    family("olmo3", "Olmo3ForCausalLM", **GROUPED, sliding_window=WINDOW, layer_types=ALTERNATING),
    family("stablelm", "StableLmForCausalLM", **GROUPED, use_qkv_bias=True),
    family("starcoder2", "Starcoder2ForCausalLM", **GROUPED, sliding_window=WINDOW),
    family("cohere", "CohereForCausalLM", **GROUPED, use_qk_norm=True, gain=2),
    family("cohere2", "Cohere2ForCausalLM", **GROUPED, sliding_window=WINDOW, layer_types=ALTERNATING),
    family("smollm3", "SmolLM3ForCausalLM", **GROUPED, no_rope_layers=[1, 0, 1]),
    family("glm", "GlmForCausalLM", **GROUPED, head_dim=16),
    family("glm4", "Glm4ForCausalLM", **GROUPED, head_dim=16),
    family("granite", "GraniteForCausalLM", **GROUPED, attention_multiplier=0.2),
    # A bias from the values, in a mask of its own for each head; only the best eight keys stay.
    family("doge-dynamic-mask", "DogeForCausalLM", **GROUPED, keep_window_size=WINDOW),
    # Sinks that scale the output: eager hands out the weights without them, each row summing to 1.
    family("granite-sink-gate", "GraniteSWAForCausalLM", **GROUPED, sliding_window=WINDOW, layer_types=ALTERNATING),
    # The difference of two softmaxes over the same queries and keys, each asked for twice, once for each half of v.
    family("diffllama", "DiffLlamaForCausalLM", **GROUPED, calls=2),
    family("nemotron", "NemotronForCausalLM", **GROUPED),
    family("persimmon", "PersimmonForCausalLM", **TEXT),
    family("ernie4-5", "Ernie4_5ForCausalLM", **GROUPED, head_dim=16),
    family("exaone4", "Exaone4ForCausalLM", **GROUPED, sliding_window=WINDOW, layer_types=ALTERNATING),
    family("hunyuan-dense", "HunYuanDenseV1ForCausalLM", **GROUPED, head_dim=16),
    family("seed-oss", "SeedOssForCausalLM", **GROUPED, head_dim=16),
    family("helium", "HeliumForCausalLM", **GROUPED, head_dim=8),
    family("apertus", "ApertusForCausalLM", **GROUPED),
    family("arcee", "ArceeForCausalLM", **GROUPED),
    family("bitnet", "BitNetForCausalLM", **GROUPED),
    family(
        "modernbert-decoder",
        "ModernBertDecoderForCausalLM",
        **TEXT,
        cls_token_id=BOS,
        sep_token_id=EOS,
        local_attention=WINDOW,
        layer_types=["full_attention", "sliding_attention", "sliding_attention"],
    ),
)
