"""The model that is measured: GPT-2 small's geometry with random weights. Timing does not depend on what it has learned."""

from typing import Any

import torch
from transformers import GPT2Config, GPT2Model

LAYERS, HEADS, POSITIONS, VOCABULARY = 12, 12, 2048, 50257


def gpt2_small(attention: str) -> Any:
    torch.manual_seed(0)
    config = GPT2Config(
        n_layer=LAYERS, n_head=HEADS, n_positions=POSITIONS, vocab_size=VOCABULARY, attn_implementation=attention
    )
    return GPT2Model(config).eval()


def token_ids(count: int) -> torch.Tensor:
    return torch.randint(VOCABULARY, (1, count), generator=torch.Generator().manual_seed(count))
