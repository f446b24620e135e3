"""What a pass with gradients keeps, against the estimate of it, and what is refused before it begins."""

import pytest
import torch
import transformers

import attnwidget as aw
from attnwidget.engine.memory import needed

WIDE = {
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "hidden_size": 256,
    "intermediate_size": 1024,
    "vocab_size": 100,
}
KINDS = {
    "gpt2": lambda: transformers.GPT2LMHeadModel(
        transformers.GPT2Config(n_layer=4, n_head=4, n_embd=256, vocab_size=100)
    ),
    "llama": lambda: transformers.LlamaForCausalLM(transformers.LlamaConfig(**WIDE)),
    "bert": lambda: transformers.BertForMaskedLM(transformers.BertConfig(**WIDE)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_for_the_way_back_is_foreseen(kind):
    model = aw.load(KINDS[kind]().eval())
    trace = model.trace(torch.arange(64)[None] % 90 + 5)
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.model.parameters()}
    kept = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        aw.head_effects(model, trace, answer=7, how="estimate", check=0)
    measured = sum(size for size, _ in kept.values())
    assert measured < needed(model.model, 64, "gradients") < 5 * measured


def test_a_text_too_long_for_gradients_is_refused_before(monkeypatch):
    model = aw.load(KINDS["llama"]().eval())
    trace = model.trace(torch.arange(64)[None] % 90 + 5)
    monkeypatch.setattr("attnwidget.engine.memory.SMALL_READING", 0)
    monkeypatch.setattr("attnwidget.engine.memory.available", lambda _device: needed(model.model, 40, "gradients"))
    with pytest.raises(aw.AttnWidgetError, match="at most about 40 tokens"):
        aw.gradient(model, trace, answer=7)
