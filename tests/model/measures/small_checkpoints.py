"""Checkpoints of tiny models at random, and how two runs over them are told to be the same."""

import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel

import attnwidget as aw

IDS = [[3, 1, 4, 1, 5, 9, 2, 6], [5, 3, 5, 8, 9, 7]]
QUICK = {"entropy": aw.entropy}


def gpt2(seed=0, layers=3, heads=4):
    torch.manual_seed(seed)
    sizes = {"n_layer": layers, "n_head": heads, "n_embd": 32, "n_positions": 64, "vocab_size": 50}
    return GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=0, eos_token_id=0)).eval()


def refuses_to_load(_source):
    raise AssertionError("a stored checkpoint was loaded")


def same(one, other):
    assert one.steps == other.steps
    assert one.names == other.names
    for name in one.names:
        np.testing.assert_array_equal(one.of(name), other.of(name))
    assert (one.recipe, one.recipes) == (other.recipe, other.recipes)
