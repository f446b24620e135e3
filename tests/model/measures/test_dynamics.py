"""Heads over training: real training in miniature, known changes, and what is refused."""

import gc
import json
import math
import weakref
from copy import deepcopy

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from torch.nn.functional import cross_entropy
from transformers import GPT2Config, GPT2LMHeadModel, T5Config, T5ForConditionalGeneration

import attnwidget as aw
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.training.checkpoints import ordered
from attnwidget.experiments.training.dynamics import dynamics
from attnwidget.tiny.training import waves
from tests.model.conftest import build
from tests.model.measures.small_checkpoints import IDS, QUICK, gpt2, refuses_to_load, same

PERIOD = 12


def louder(model, factor):
    """The same model with queries so many times as long."""
    changed = deepcopy(model)
    with torch.no_grad():
        for layer in changed.transformer.h:
            layer.attn.c_attn.weight[:, :32] *= factor
    return changed


# ------------------------------------------------------------------------------------------------------------ training


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Checkpoints in folders of two layers that learn to go on with what goes round: a few seconds of training.

    All rows go round after as many tokens, so the distance tells as much as the tokens do, and the head that comes
    about may go by it. That a head finds the token itself takes minutes: `python -m attnwidget.tiny.causal.train --keep 12`.
    """
    folder = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(0)
    config = GPT2Config(
        n_layer=2, n_head=2, n_embd=64, n_inner=64, n_positions=2 * PERIOD, vocab_size=40, resid_pdrop=0, embd_pdrop=0,
        attn_pdrop=0, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    model = GPT2LMHeadModel(config)
    for name, parameter in model.named_parameters():
        if parameter.ndim == 2:
            parameter.data *= 5 if "wte" in name else 4
    model.transformer.wpe.weight.data = waves(2 * PERIOD, 64)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.98))
    generator = torch.Generator().manual_seed(0)
    found = {}
    for step in range(201):
        if step in {0, 60, 200}:
            found[step] = folder / f"checkpoint-{step}"
            model.save_pretrained(found[step])
        ids = (torch.rand(24, 39, generator=generator).argsort(-1)[:, :PERIOD] + 1).repeat(1, 2)
        logits = model(ids[:, :-1], use_cache=False).logits[:, PERIOD - 1 :]
        loss = cross_entropy(logits.flatten(0, 1), ids[:, PERIOD:].flatten())
        optimizer.param_groups[0]["lr"] = 3e-3 * min(1, (step + 1) / 50)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return found


@pytest.mark.long
def test_a_model_trained_on_what_repeats_shows_the_rise(trained):
    found = dynamics(trained, [list(range(1, 13)) * 2])
    assert found.steps == (0, 60, 200)
    assert max(found.of("induction")[0].ravel()) < 0.2
    (head, *_), (step, *_) = zip(*found.rises("induction", over=0.6).items(), strict=True)
    assert step > 0
    rise = found.of("induction", head)
    assert rise[-1] > 0.8
    assert rise.argmax() > 0
    # The head that rose has changed its rows on the way by more than most that there is to change.
    assert np.nanmax(found.of("changes", head)) > 0.2
    assert head in repr(found)
    assert found.of("entropy", head)[-1] < found.of("entropy", head)[0]


def test_the_induction_head_of_the_bundled_model_rises_on_the_way_to_it_from_chance(tiny):
    torch.manual_seed(0)
    start = GPT2LMHeadModel(tiny.model.config)

    def between(share):
        model = deepcopy(start)
        with torch.no_grad():
            for ours, end in zip(model.parameters(), tiny.model.parameters(), strict=True):
                ours.lerp_(end, share)
        return aw.load(model, tiny.tokenizer)

    found = dynamics({share: (lambda share=share: between(share)) for share in (0.0, 1.0)}, "The cat sat.")
    assert found.of("induction", "L1H0")[0] < 0.1
    assert found.of("induction", "L1H0")[-1] > 0.9
    assert found.rises("previous", over=0.8) == {"L0H2": 1}
    assert 0 not in found.rises("induction").values()


# ------------------------------------------------------------------------------------------------------------- numbers


def test_the_numbers_are_those_of_the_measures_in_the_mean_over_texts():
    model = aw.load(gpt2())
    found = dynamics([model], IDS)
    traces = [model.trace(ids) for ids in IDS]
    for name, measure in {
        "entropy": lambda trace: aw.entropy(trace, normalised=True),
        "previous": lambda trace: aw.share(trace, "previous"),
        "sink": aw.sink_score,
        "confidence": aw.confidence,
    }.items():
        expected = np.mean([np.asarray(measure(trace)) for trace in traces], axis=0)
        assert found.of(name)[0] == pytest.approx(expected, rel=1e-5, abs=1e-6), name
    assert found.of("induction")[0] == pytest.approx(np.asarray(aw.induction_scores(model, length=32).induction))
    assert np.isnan(found.changes).all()


def test_changes_are_the_divergence_that_scipy_computes():
    before = gpt2()
    after = louder(before, 20)
    found = dynamics({0: before, 1: after}, IDS)
    expected = np.zeros((3, 4))
    for ids in IDS:
        one, other = (aw.load(model).trace(ids) for model in (before, after))
        for layer, head in np.ndindex(3, 4):
            rows = jensenshannon(one.weights(layer, head).numpy(), other.weights(layer, head).numpy(), axis=1) ** 2
            expected[layer, head] += rows.mean() / len(IDS)
    assert expected.min() > 1e-3
    assert found.changes[1] == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_equal_checkpoints_have_not_changed_at_all():
    model = gpt2()
    found = dynamics([model, deepcopy(model), lambda: model], [list(range(40)), *IDS])
    assert (found.changes[1:] == 0).all()
    for name in found.scores:
        np.testing.assert_array_equal(found.of(name)[0], found.of(name)[2])


def test_a_model_that_reads_both_ways_is_asked_for_induction_on_the_texts():
    found = dynamics([build("bert-masked-lm")] * 2, [[2, 7, 8, 9, 7, 8, 9, 3]])
    assert "in the texts" in found.recipes["induction"]
    assert np.isfinite(found.of("induction")).all()


def test_texts_without_a_number_do_not_count():
    def only_of_long_ones(trace):
        return aw.entropy(trace).values * (math.nan if len(trace.text) < 8 else 1)

    found = dynamics([gpt2()], IDS, measures={"own": only_of_long_ones, "none": lambda _trace: np.full((3, 4), np.nan)})
    assert found.of("own")[0] == pytest.approx(np.asarray(aw.entropy(aw.load(gpt2()).trace(IDS[0]))))
    assert np.isnan(found.of("none")).all()
    assert found.names == ("own", "none", "changes")
    assert found.rises("none") == {}
    assert "no number" in repr(found)


def test_a_part_is_handed_to_measures():
    torch.manual_seed(0)
    sizes = {"num_layers": 2, "num_heads": 2, "d_model": 16, "d_kv": 8, "d_ff": 16, "vocab_size": 20}
    model = T5ForConditionalGeneration(T5Config(**sizes, decoder_start_token_id=0)).eval()
    found = dynamics([model, model], [[5, 6, 7, 1]], measures={"entropy": aw.entropy}, part="encoder")
    assert (found.changes[1] == 0).all()
    with pytest.raises(AttnWidgetError, match="encoder, decoder"):
        dynamics([model], [[5, 6, 7, 1]])


# -------------------------------------------------------------------------------------------------------------- record


def test_numbered_checkpoints_are_brought_into_order_and_names_are_not():
    assert [one.step for one in ordered({300: "c", 20: "a", 100.0: "b"})] == [20, 100, 300]
    assert [one.step for one in ordered([("second", "b"), ("first", "a")])] == ["second", "first"]
    assert [one.source for one in ordered(["b", "a"])] == ["b", "a"]


def test_the_record_can_be_asked_and_written():
    found = dynamics({0: gpt2(), 50: gpt2(1)}, IDS, measures={"sink": aw.sink_score})
    assert found.of("sink", (2, -1)) == pytest.approx(found.of("sink")[:, 2, 3])
    assert found.at(50)["sink"].values == pytest.approx(found.of("sink")[1])
    assert "step 50" in found.at(50)["sink"].recipe
    written = json.loads(found.json())
    assert written["steps"] == [0, 50]
    assert written["changes"][0] == [[None] * 4] * 3
    assert np.array(written["scores"]["sink"]) == pytest.approx(found.of("sink"))
    assert repr(found).startswith("Dynamics(2 checkpoints, 3 x 4; 2 checkpoints, mean over 2 texts)")
    found.of("sink")[:] = 7
    assert found.of("sink").max() <= 1
    for name, head in (("induktion", None), ("sink", "L9H0"), ("sink", "L1"), ("sink", 3)):
        with pytest.raises(AttnWidgetError):
            found.of(name, head)
    with pytest.raises(AttnWidgetError, match="no checkpoint 7"):
        found.at(7)


# -------------------------------------------------------------------------------------------------------------- memory


def test_one_model_is_in_memory_at_a_time():
    alive = []

    def made(seed):
        gc.collect()
        assert [one for one in alive if one() is not None] == []
        model = gpt2(seed)
        alive.append(weakref.ref(model))
        return model

    dynamics({seed: (lambda seed=seed: made(seed)) for seed in range(3)}, IDS, measures=QUICK)
    assert len(alive) == 3


# ----------------------------------------------------------------------------------------------------------- bad input


def test_checkpoints_of_other_architectures_are_refused_and_what_was_done_is_kept(tmp_path):
    for other in (gpt2(layers=2), gpt2(heads=8)):
        with pytest.raises(AttnWidgetError, match=r"Checkpoint 9: .*one architecture"):
            dynamics({0: gpt2(), 9: other}, IDS, measures=QUICK, store=tmp_path)
    stored = dynamics({0: refuses_to_load}, IDS, measures=QUICK, store=tmp_path, load=refuses_to_load)
    same(stored, dynamics({0: gpt2()}, IDS, measures=QUICK))


def test_checkpoints_that_read_a_text_as_other_tokens_are_refused(tiny):
    bytewise = aw.load(gpt2(layers=4))
    sources = {0: tiny, 1: bytewise}
    with pytest.raises(AttnWidgetError, match=r"Checkpoint 1: .*tokenizer"):
        dynamics(sources, ["The cat sat."])
    with pytest.raises(AttnWidgetError, match=r"Checkpoint 1: a text has different tokens"):
        dynamics(sources, [[5, 6, 7]])


@pytest.mark.parametrize(
    ("checkpoints", "words"),
    [
        ({}, "No checkpoint"),
        ([], "No checkpoint"),
        ("gpt2", "Give a mapping"),
        (None, "Give a mapping"),
        ({True: "a"}, "not a training step"),
        ({math.nan: "a"}, "not a training step"),
        ({None: "a"}, "not a training step"),
        ([(1, "a"), (1.0, "b")], "twice"),
    ],
)
def test_what_are_no_checkpoints_is_refused(checkpoints, words):
    with pytest.raises(AttnWidgetError, match=words):
        dynamics(checkpoints, IDS)


@pytest.mark.parametrize("texts", [[], None, 7, [1, 2, 3], [None]])
def test_what_are_no_texts_is_refused(texts):
    with pytest.raises(AttnWidgetError, match="text"):
        dynamics([gpt2], texts)


@pytest.mark.parametrize(
    "measures", [{}, 3, {"entropy": "entropy"}, {"changes": aw.entropy}, {1: aw.entropy}, {"own": lambda _trace: 1.0}]
)
def test_what_are_no_measures_is_refused(measures):
    with pytest.raises(AttnWidgetError, match=r"[Mm]easure"):
        dynamics([gpt2], IDS, measures=measures)


def test_what_cannot_be_loaded_or_read_says_at_what_checkpoint(tmp_path):
    with pytest.raises(AttnWidgetError, match="Checkpoint 3"):
        dynamics({3: tmp_path / "missing"}, IDS)
    with pytest.raises(AttnWidgetError, match=r"Checkpoint 3: .*at most 64"):
        dynamics({3: gpt2()}, [list(range(50)) * 2])
    broken = gpt2()
    with torch.no_grad():
        broken.transformer.h[1].attn.c_attn.weight.fill_(math.nan)
    with pytest.raises(AttnWidgetError, match=r"Checkpoint 4: .*NaN"):
        dynamics({3: gpt2(), 4: broken}, IDS)
