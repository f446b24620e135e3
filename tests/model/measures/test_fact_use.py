"""Seen, encoded, not used: on tiny-causal, where by construction a fact decides the answer, contradicts it, or is beside the question."""

import random
from functools import cache

import numpy as np
import pytest

import attnwidget as aw
from attnwidget.errors import AttnWidgetError
from attnwidget.tiny.causal import vocabulary as v

CITIES = ("Miro", "Sela", "Lume", "Orlo")


def stated(count, seed=0):
    """Two facts and a question about one. In every other text the fact asked for is replaced: the answer is another city."""
    draw = random.Random(seed)  # noqa: S311  no secret
    for number in range(count):
        countries, things = draw.sample(v.COUNTRIES, 2), draw.sample(v.PLACE_RELATIONS, 2)
        asked, (true, other, replaced) = draw.randrange(2), draw.sample(CITIES, 3)
        cities = [other, other]
        cities[asked] = true if number % 2 == 0 else replaced
        text, spans = "", {}
        for at, (country, thing, city) in enumerate(zip(countries, things, cities, strict=True)):
            text += f"The {thing} of {country} is "
            spans["fact" if at == asked else "other"] = [len(text), len(text) + len(city)]
            text += f"{city}. "
        text += f"What is the {things[asked]} of {countries[asked]}? The {things[asked]} of {countries[asked]} is"
        columns = {"replaced": number % 2 == 1, "other says": cities[1 - asked]}
        yield {"text": text, "spans": spans, "answer": f" {true}", **columns}


@cache
def of_fact():
    return aw.fact_use(aw.load(), list(stated(24)), layers=["embedding", "L2"], folds=4, progress=False)


def test_a_fact_that_decides_is_used_and_one_that_contradicts_is_encoded_and_not_used():
    found = of_fact()
    assert len(found) == 24
    assert [one.verdict for one in found.facts] == ["used", "encoded but not used"] * 12
    assert [one.columns["right"] for one in found.facts] == [True, False] * 12
    by_right = found.by()
    assert by_right.cuts["used"].groups[True].mean == 1 == by_right.cuts["encoded but not used"].groups[False].mean
    # What the model says itself rests on the fact in both.
    assert min(one.own_effect for one in found.facts) > found.thresholds.used
    weights = by_right.every["weight on the fact"]
    assert weights.low > 0.9
    assert by_right.every["  other words"].high < 0.1


def test_the_numbers_are_those_of_other_calls():
    found, model = of_fact(), aw.load()
    one = found.facts[1]
    trace = model.trace(one.text)
    start, stop = list(stated(24))[1]["spans"]["fact"]
    tokens = [at for at, (begin, end) in enumerate(trace.text.spans) if begin < stop and end > start]
    answer = list(stated(24))[1]["answer"]
    hidden = aw.effect(model, trace, aw.Hide(tokens), answer=answer)
    assert one.effect == pytest.approx(hidden.difference, abs=1e-4)
    assert one.own_effect == pytest.approx(aw.effect(model, trace, aw.Hide(tokens)).difference, abs=1e-4)
    row = trace.weights(*one.head)[-1]
    assert one.weight == pytest.approx(float(row[tokens].sum()), abs=1e-5)
    carried = np.asarray(aw.norm_weighted(trace, *one.head))[-1]
    assert one.by_value == pytest.approx(carried[tokens].sum() / carried.sum(), abs=1e-4)


def test_the_token_itself_does_not_know_the_fact():
    probed = of_fact().probed
    embedding, deep = probed.accuracy
    assert deep == 1
    assert embedding < 0.5
    assert probed.selectivity_interval[1, 0] > 0.3


def test_a_fact_that_nobody_asks_for_is_not_used():
    texts = list(stated(24))
    found = aw.fact_use(aw.load(), texts, fact="other", says="other says", layers=["L2"], folds=4, progress=False)
    assert found.share("used").mean <= 0.05
    assert found.overall.every["weight on the other"].mean < 0.5


def test_thresholds_decide():
    limits = of_fact().thresholds
    again = aw.fact_use(
        aw.load(), list(stated(16)), layers=["L2"], folds=2, used=100, encoded=1, seen=1, progress=False
    )
    assert limits.used == pytest.approx(np.log(2))
    assert again.share("not looked at").mean == 1


def test_an_example_opens_at_the_head_that_reads_the_fact():
    found = of_fact()
    state = found.example("encoded but not used", 2)
    one = found.texts("encoded but not used", 3)[2]
    assert (state["text"], state["layer"], state["head"]) == (one.text, *one.head)
    assert state["query"][0] == len(aw.load().trace(one.text).text) - 1


def test_a_folder_keeps_what_was_computed(tmp_path):
    texts, settings = list(stated(16)), {"layers": ["L2"], "folds": 2, "progress": False, "keep": tmp_path}
    first = aw.fact_use(aw.load(), texts, **settings)
    assert {one.name for one in tmp_path.iterdir()} == {"reading", "effects", "states"}
    again = aw.fact_use(aw.load(), texts, **settings)
    assert [one.effect for one in again.facts] == [one.effect for one in first.facts]
    assert {"by_value", "right"} <= set(first.table())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seen": 2}, "seen=2 is not valid"),
        ({"used": 0}, "nats above 0"),
        ({"folds": 1}, "folds=1 is not valid"),
        ({"fact": ""}, "fact='' is not valid"),
        ({"fact": "moon"}, "'moon'"),
        ({"matters_for": "moon"}, "'moon'"),
        ({"says": "moon"}, "says='moon' is no column"),
        ({"keep": 3}, "keep='3' cannot be used"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(change, words):
    with pytest.raises(AttnWidgetError, match=words):
        aw.fact_use(aw.load(), list(stated(16)), **{"layers": ["L2"], "folds": 2, "progress": False, **change})


def test_a_classifier_has_no_answering_token():
    texts = [{"text": "The movie was good.", "spans": {"fact": "good"}, "answer": "positive"}] * 16
    with pytest.raises(AttnWidgetError, match="does not answer with the next token"):
        aw.fact_use(aw.load("tiny-classifier"), texts, progress=False)
