"""Induction scores: the bundled model's known heads, the definition by hand, and models that have none."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest
import torch
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

import attnwidget as aw
from attnwidget.errors import Cancelled
from attnwidget.experiments.induction.induction import induction_scores, on_repeats
from attnwidget.experiments.induction.random_tokens import first_tokens, plain_tokens
from attnwidget.tiny.causal import evaluate
from tests.model.conftest import build


def tables(found):
    return [np.asarray(score) for score in (found.induction, found.duplicate, found.previous)]


def test_the_known_heads_of_the_bundled_model(tiny):
    found = induction_scores(tiny, length=48, count=6)
    assert found.induction.top(1)[0][:2] == (1, 0)
    assert found.induction[1, 0] == pytest.approx(0.946, abs=0.02)
    assert found.previous.top(1)[0][:2] == (0, 2)
    assert np.nanmax(np.asarray(found.duplicate)) < 0.2


def test_the_same_rows_measured_by_the_code_that_trained_the_model(tiny):
    batch = evaluate.twice(Random(3), 700, 4, 96, bos=False)  # noqa: S311  nothing secret
    ours = [on_repeats(tiny.trace(ids.tolist()), 0, 48)["induction"] for ids in batch.ids]
    _, theirs = evaluate.head_scores(tiny.model, batch, 48)
    assert np.mean(ours, axis=0) == pytest.approx(theirs.numpy(), abs=1e-4)


def given_maps(map_, tokens="5 6 7 5 6 7"):
    return aw.Trace.from_weights([torch.as_tensor(map_, dtype=torch.float32)[None]], tokens.split())


def test_the_reference_constants():
    # A perfect induction head on 5 6 7 5 6 7 reads (3,1), (4,2), (5,3), a duplicate-token head (3,0), (4,1), (5,2).
    perfect, equal = torch.eye(6), torch.eye(6)
    for query in (3, 4, 5):
        perfect[query], equal[query] = torch.eye(6)[query - 2], torch.eye(6)[query - 3]
    assert on_repeats(given_maps(perfect), 0, 3)["induction"] == 1
    assert on_repeats(given_maps(perfect), 0, 3)["duplicate"] == 0
    assert on_repeats(given_maps(equal), 0, 3)["duplicate"] == 1
    # TransformerLens divides by all rows of the map; of a uniform causal head that is 0.102778.
    uniform = torch.ones(6, 6).tril() / torch.arange(1, 7)[:, None]
    assert float(on_repeats(given_maps(uniform), 0, 3)["induction"][0, 0]) * 3 / 6 == pytest.approx(
        0.102778, rel=1e-5, abs=1e-6
    )


def test_a_perfect_previous_token_head():
    previous = torch.eye(6).roll(-1, 1)
    assert on_repeats(given_maps(previous), 0, 3)["previous"] == 1


def test_all_earlier_occurrences_count_and_first_tokens_are_none():
    uniform = torch.ones(10, 10).tril() / torch.arange(1, 11)[:, None]
    found = on_repeats(given_maps(uniform, "[BOS] a b c a b c a b c"), 1, 3)
    expected = np.mean([1 / 5, 1 / 6, 1 / 7, 2 / 8, 2 / 9, 2 / 10])
    assert float(found["induction"][0, 0]) == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert float(found["duplicate"][0, 0]) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_uniform_attention_scores_about_one_in_n():
    model = build("gpt2")
    with torch.no_grad():
        for layer in model.transformer.h:
            layer.attn.c_attn.weight[:, :64] = 0
            layer.attn.c_attn.bias[:64] = 0
    found = induction_scores(aw.load(model), length=20)
    expected = np.mean([1 / (query + 1) for query in range(20, 40)])
    for table in tables(found):
        assert table == pytest.approx(np.full((3, 4), expected), rel=1e-5, abs=1e-5)


def test_layers_whose_window_does_not_reach_back_say_nothing():
    sizes = {"num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2, "hidden_size": 16}
    config = MistralConfig(**sizes, intermediate_size=16, vocab_size=99, sliding_window=8)
    found = induction_scores(aw.load(MistralForCausalLM(config).eval()), length=20, count=1)
    assert np.isnan(np.asarray(found.induction)).all()
    assert not np.isnan(np.asarray(found.previous)).any()


def test_rows_whose_chunk_hides_the_previous_token_do_not_count():
    size, chunk = 33, 8
    places = torch.arange(size)
    mask = (places[:, None] // chunk == places // chunk) & (places <= places[:, None])
    previous = torch.eye(size)[[at - 1 if at % chunk else at for at in range(size)]]
    trace = aw.Trace.from_weights([previous[None]], [f"t{at % 11}" for at in range(size)])
    trace = replace(trace, blocks=(replace(trace.blocks[0], mask=mask[None, None]),))
    assert on_repeats(trace, 0, 11)["previous"] == 1 == aw.share(trace, "previous").values


def test_the_seed_alone_decides(tiny):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one = induction_scores(tiny, length=12, count=2, seed=4)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(99)
    again, other = (
        induction_scores(tiny, length=12, count=2, seed=4),
        induction_scores(tiny, length=12, count=2, seed=5),
    )
    for first, second, third in zip(tables(one), tables(again), tables(other), strict=True):
        assert (first == second).all()
        assert (first != third).any()
    assert "seed 4" in one.recipe
    assert "L1H0" in repr(one)


def test_tokens_are_plain_and_begin_as_the_tokenizer_begins(tiny):
    special = set(tiny.tokenizer.all_special_ids)
    drawn = plain_tokens(tiny)
    assert not special & set(drawn)
    assert len(drawn) > 700
    assert first_tokens(tiny) == []
    config = LlamaConfig(
        num_hidden_layers=2, num_attention_heads=4, hidden_size=32, intermediate_size=32, vocab_size=len(tiny.tokenizer)
    )
    beginning = PreTrainedTokenizerFast(
        tokenizer_object=_with_bos(tiny.tokenizer), bos_token=tiny.tokenizer.decode(sorted(special)[:1])
    )
    model = aw.load(LlamaForCausalLM(config).eval(), beginning)
    assert first_tokens(model) == [min(special)]
    assert "after the tokenizer" in induction_scores(model, length=10, count=1).recipe


def test_progress_and_cancel(tiny):
    heard = []
    induction_scores(tiny, length=8, count=3, progress=lambda *said: heard.append(said))
    assert heard == [(0, 3), (1, 3), (2, 3), (3, 3)]
    heard.clear()
    with pytest.raises(Cancelled), aw.stopping_when(lambda: len(heard) == 2):
        induction_scores(tiny, length=8, count=3, progress=lambda *said: heard.append(said))
    assert heard == [(0, 3), (1, 3)]


def test_encoders_and_encoder_decoders_are_refused(minilm):
    with pytest.raises(aw.AttnWidgetError, match=r"patterns\(trace\) on a text with repeats"):
        induction_scores(minilm)
    config = T5Config(num_layers=1, d_model=16, d_kv=8, d_ff=16, num_heads=2, vocab_size=50, decoder_start_token_id=0)
    with pytest.raises(aw.AttnWidgetError, match="not a causal decoder"):
        induction_scores(aw.load(T5ForConditionalGeneration(config).eval()))


def test_a_trace_is_no_model(tiny):
    with pytest.raises(aw.AttnWidgetError, match="needs a model, not Trace"):
        induction_scores(tiny.trace("a b c"))


def test_numbers_of_numpy_are_numbers(tiny):
    found = induction_scores(tiny, length=np.int64(12), count=np.int32(1), seed=np.int64(3))
    assert all(
        np.array_equal(*both)
        for both in zip(tables(found), tables(induction_scores(tiny, length=12, count=1, seed=3)), strict=True)
    )
    assert "12 random tokens" in found.recipe


class Own(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.mix = torch.nn.Embedding(50, 16), torch.nn.Linear(16, 48)

    def forward(self, ids):
        query, key, value = self.mix(self.embed(ids)).view(*ids.shape, 3, 2, 8).permute(2, 0, 3, 1, 4)
        return torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)


def test_of_a_causal_module_of_ones_own_only_its_tokens_are_unknown():
    with pytest.raises(aw.AttnWidgetError, match=r"vocabulary is unknown.*patterns\(model.trace\(ids\)\)"):
        induction_scores(aw.load(Own()), length=5)


def test_more_tokens_than_the_model_reads_or_has(tiny):
    with pytest.raises(aw.AttnWidgetError, match=r"600.*512.*at most 256"):
        induction_scores(tiny, length=300)
    with pytest.raises(aw.AttnWidgetError, match=r"5,000.*not special"):
        induction_scores(tiny, length=5000)


@pytest.mark.parametrize(
    "wrong",
    [{"length": 2}, {"length": 8.0}, {"repeats": 1}, {"count": 0}, {"count": True}, {"seed": -1}, {"part": "x"}],
)
def test_bad_options(tiny, wrong):
    with pytest.raises(aw.AttnWidgetError):
        induction_scores(tiny, **{"length": 8, "count": 1, **wrong})


def _with_bos(tokenizer):
    from tokenizers import Tokenizer
    from tokenizers.processors import TemplateProcessing

    own = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    number = tokenizer.all_special_ids[0]
    name = tokenizer.convert_ids_to_tokens(number)
    own.post_processor = TemplateProcessing(single=f"{name} $A", special_tokens=[(name, number)])
    return own
