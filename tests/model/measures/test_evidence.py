"""Evidence: its columns are those of the calls that they name, its agreements those of scipy."""

import dataclasses

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

import attnwidget as aw
from attnwidget.engine import untrained_copy
from attnwidget.errors import Cancelled
from attnwidget.experiments.agreement.columns import columns
from attnwidget.experiments.agreement.evidence import gathered, methods_named
from attnwidget.experiments.agreement.methods import METHODS, Asking, MethodScores
from attnwidget.experiments.agreement.places import places_of
from attnwidget.experiments.effects.answers import answer_of
from tests.model.families import FAMILIES, build
from tests.model.small import small, words

TEXT = "The capital of Veldt is Miro. The capital of Veldt is"


@pytest.fixture(scope="module")
def model():
    return aw.load()


@pytest.fixture(scope="module")
def trace(model):
    return model.trace(TEXT)


@pytest.fixture(scope="module")
def found(model, trace):
    return aw.evidence(model, trace, answer=" Miro")


def test_each_column_is_what_its_own_call_gives(model, trace, found):
    assert np.allclose(found["hide"].values, aw.token_effects(model, trace, answer=" Miro").values, atol=1e-5)
    assert np.allclose(found["attention"].values, aw.trace_influence(trace, -1).row, atol=1e-6)
    assert np.allclose(found["rollout"].values, aw.rollout(trace, query=-1), atol=1e-6)
    norms = [aw.norm_weighted(trace, layer, queries=-1).values[0] for layer in range(4)]
    assert np.allclose(found["norm"].values, np.mean(norms, 0), atol=1e-6)
    for name, kind in (("gradient", "gradient x input"), ("integrated", "integrated")):
        assert np.allclose(found[name].values, aw.gradient(model, trace, answer=" Miro", kind=kind), atol=1e-5)
    even = torch.ones(12, 12).tril()
    uniform = aw.Trace.from_weights([(even / even.sum(-1, keepdim=True))[None]] * 4, list(trace.text.pieces))
    assert np.allclose(found["uniform"].values, aw.rollout(uniform, query=-1), atol=1e-6)


def test_agreements_are_rank_correlations_over_what_is_compared(found):
    own = list(found.compared)
    assert own == list(range(11))  # all before the answer's position
    for name in ("attention", "norm", "rollout", "uniform", "untrained"):
        expected = spearmanr(found[name].values[own], found["hide"].values[own]).statistic
        agreement = found.agreements[name]
        assert agreement.rho == pytest.approx(expected)
        assert agreement.low <= agreement.rho <= agreement.high
    one, other = (found.ranked.index(name) for name in ("attention", "rollout"))
    expected = spearmanr(found["attention"].values[own], found["rollout"].values[own]).statistic
    assert found.between.rho[one, other] == pytest.approx(expected)
    assert found.agreements["hide"] is None


def test_it_reads_as_a_table_and_as_an_array(found):
    assert np.asarray(found).shape == (12, 10)
    table = found.table()
    assert table["word"][5] == "Miro"
    assert table["compared"] == [True] * 11 + [False]
    assert {len(column) for column in table.values()} == {12}
    assert found.top(1)[0][0].piece == "Miro"
    told = repr(found)
    assert found.sentence in told
    assert "left out: what stands at the answer's position or after it" in told
    assert "most on 'Miro'" in found.sentence


def test_all_tokens_of_a_word_are_hidden_at_once(model):
    trace = model.trace("Helvetia is a land. The capital of Helvetia is")
    found = aw.evidence(model, trace, methods="attention")
    several = [number for number, place in enumerate(found.places) if place.stop - place.start > 1]
    assert several
    for number in several:
        place = found.places[number]
        effect = aw.effect(model, trace, aw.Hide(range(place.start, place.stop)))
        assert found["hide"].values[number] == pytest.approx(effect.difference, abs=1e-5)
        shares = aw.trace_influence(trace, -1).row.values[place.start : place.stop]
        assert found["attention"].values[number] == pytest.approx(shares.sum(), abs=1e-6)


def test_tokens_can_be_compared_in_the_place_of_words(model):
    trace = model.trace("Helvetia is a land. The capital of Helvetia is")
    found = aw.evidence(model, trace, methods="attention", units="tokens")
    assert len(found.places) == len(trace.text)
    assert f"by hiding each of {len(found.compared)} tokens" in found.sentence
    assert np.allclose(found["hide"].values, aw.token_effects(model, trace).values, atol=1e-5)


def test_what_a_translation_rests_on_is_asked_by_part():
    family = FAMILIES["t5"]
    model = aw.load(build("t5"))
    trace = model.trace(family.inputs(9))
    found = aw.evidence(model, trace, answer=5, part="cross", methods=["attention", "rollout", "estimate"])
    assert np.allclose(found["hide"].values, aw.token_effects(model, trace, answer=5, part="cross").values, atol=1e-5)
    rows = np.mean(
        [trace.weights(layer, part="cross", queries=-1).numpy()[:, 0] for layer in range(trace.layers("cross"))], (0, 1)
    )
    assert np.allclose(found["attention"].values, rows, atol=1e-6)
    with pytest.raises(aw.AttnWidgetError, match="this trace has encoder, decoder, cross"):
        aw.evidence(model, trace, answer=5)


def test_an_untrained_copy_leaves_the_model_and_the_draws_alone(model, trace):
    before = {name: tensor.clone() for name, tensor in model.model.state_dict().items()}
    draws = torch.random.get_rng_state()
    copies = [untrained_copy(model, seed) for seed in (0, 0, 1)]
    rows = [copy.trace(TEXT).weights("L1H1", queries=-1) for copy in copies]
    assert torch.equal(rows[0], rows[1])
    assert not torch.equal(rows[0], rows[2])
    assert torch.equal(draws, torch.random.get_rng_state())
    after = model.model.state_dict()
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())
    assert copies[0].model.transformer.wte.weight.std().item() == pytest.approx(
        0.02, abs=1e-3
    )  # the configuration's own


def test_a_method_that_does_not_work_says_why_and_the_others_are_shown(model, trace):
    asking = Asking(model, trace, answer_of(model, trace), None, 0, largest=10)
    places = places_of(trace, None, 11)
    chosen = methods_named(["attention", "untrained"])
    record = gathered(asking, places, chosen, {one.name: one for one in columns(asking, places, chosen, {})})
    assert "is not made; up to" in record["untrained"].why
    assert record.agreements["untrained"] is None
    assert record.agreements["attention"] is not None


def test_a_method_without_numbers_says_so(model, trace):
    nothing = MethodScores(np.full(12, np.nan), "an example")
    method = dataclasses.replace(METHODS[0], scores=lambda _asking: nothing)
    asking = Asking(model, trace, answer_of(model, trace), None, 0)
    first = next(columns(asking, places_of(trace, None, 11), [method], {}))
    assert first.done
    assert "NaN" in first.why


def test_it_goes_on_where_it_was_stopped(model, trace):
    asking = Asking(model, trace, answer_of(model, trace), None, 0)
    places, chosen, known, heard = places_of(trace, None, 11), methods_named("attention"), {}, []

    def go():
        for column in columns(asking, places, chosen, known, heard=lambda *done: heard.append(done)):
            known[column.name] = column

    with aw.stopping_when(lambda: len(heard) > 4), pytest.raises(Cancelled):
        go()
    assert not known["hide"].done
    assert gathered(asking, places, chosen, known).sentence is None
    known_then = np.isfinite(known["hide"].values).sum()
    heard.clear()
    go()
    assert 0 < heard[0][0] == known_then < 12
    whole = gathered(asking, places, chosen, known)
    assert np.allclose(whole["hide"].values, aw.token_effects(model, trace).values, atol=1e-5)


def test_masked_models_and_classifiers_have_evidence_too():
    for kind, at in (("class", None), ("label", 3)):
        model = aw.load(small(kind), words(special=True))
        trace = model.trace("the river bank was quiet .")
        found = aw.evidence(model, trace, at=at, methods=["attention", "rollout", "uniform"])
        assert [place.kind for place in found.places if place.kind] == ["special", "special"]
        assert len(found.compared) == 6  # in a model that reads both ways, all count
        assert found["hide"].done
        rows = aw.rollout(trace) if at is None else aw.rollout(trace, query=at).values[None]
        assert np.allclose(found["rollout"].values, np.asarray(rows).mean(0), atol=1e-6)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"methods": ["lime"]}, "no method 'lime'"),
        ({"seed": -1}, "seed=-1"),
        ({"top": 0}, "top=0"),
        ({"at": 0}, "Nothing remains"),
    ],
)
def test_what_cannot_be_asked_is_said(model, trace, given, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        aw.evidence(model, trace, **given)


def test_few_words_are_not_ranked(model, trace):
    found = aw.evidence(model, trace, methods="attention", over="Miro")
    assert found.sentence.startswith("1 words are too few")
    assert found.agreements == {"attention": None, "hide": None}


def test_every_method_names_itself():
    assert len({method.name for method in METHODS}) == len(METHODS)
    assert all(dataclasses.astuple(method)[:4] > ("", "", "", "") for method in METHODS)
