"""What the page gets of effects and evidence: the numbers of the calls in Python, part by part."""

import numpy as np
import pytest
from scipy.stats import spearmanr

import attnwidget as aw
from attnwidget.engine import LiveSession
from attnwidget.experiments.effects import estimated_heads
from attnwidget.experiments.effects.answers import answer_of
from attnwidget.experiments.effects.estimated_tokens import estimated_hiding
from attnwidget.widget.answering.answers import answer
from attnwidget.widget.answering.requests import parse_request
from tests.model.widget.played_page import Page

TEXT = "The capital of Veldt is Miro. The capital of Veldt is"


@pytest.fixture(scope="module")
def model():
    return aw.load()


@pytest.fixture
def read(model):
    return LiveSession(model).read


def asked(model, read, kind, parts=None, **fields):
    request = parse_request({"id": "1", "kind": kind, "text": TEXT, "part": "self", **fields})
    found = answer(
        model,
        read,
        request,
        lambda *_done: None,
        (lambda make: parts.append(make())) if parts is not None else lambda _make: None,
    )
    told = found.content[kind]
    numbers = np.frombuffer(found.buffers[0], "<f4")
    return told, numbers


def test_exact_effects_of_heads_come_by_layer_and_are_those_of_the_call(model, read):
    parts = []
    told, numbers = asked(
        model, read, "effects", parts, name="heads", exact=True, question={"answer": " Miro", "at": 11}
    )
    expected = aw.head_effects(model, model.trace(TEXT), answer=" Miro").values
    assert np.allclose(numbers.reshape(4, 4), expected, atol=1e-5)
    assert [part.content["effects"]["measured"] for part in parts] == [[1, 4], [2, 4], [3, 4], [4, 4]]
    first = np.frombuffer(parts[0].buffers[0], "<f4").reshape(4, 4)
    assert np.isnan(first[:3]).all()  # from the last layer on
    assert np.allclose(first[3], expected[3], atol=1e-5)
    assert "so far 1 of 4 layers" in parts[0].content["effects"]["recipe"]
    assert told["answer"] == {"words": "' Miro'", "at": 11, "unit": "nats"}
    assert (told["exact"], told["agreement"], told["unit"]) == (True, None, "nats")
    assert told["low"] == pytest.approx(expected.min(), abs=1e-5)


def test_an_estimate_of_heads_comes_at_once_and_then_with_its_agreement(model, read, monkeypatch):
    parts, passes = [], []
    back = estimated_heads.output_gradients
    monkeypatch.setattr(estimated_heads, "output_gradients", lambda *given: passes.append(1) or back(*given))
    told, numbers = asked(model, read, "effects", parts, name="heads")
    assert len(passes) == 1  # the agreement is of the same estimate
    effects = aw.head_effects(model, model.trace(TEXT), how="estimate")
    assert np.allclose(numbers.reshape(4, 4), effects.values, atol=1e-4)
    assert parts[0].content["effects"]["agreement"] is None
    assert told["agreement"]["rho"] == pytest.approx(effects.agreement, abs=1e-6)
    assert told["agreement"]["of"] == 12
    assert not told["exact"]


def test_effects_of_tokens_are_those_of_the_call_and_the_estimate_ranks_them_much_alike(model, read):
    told, numbers = asked(model, read, "effects", name="tokens", exact=True)
    expected = aw.token_effects(model, model.trace(TEXT)).values
    assert np.allclose(numbers, expected, atol=1e-5)
    assert (told["layers"], told["heads"], told["measured"]) == (1, 12, [1, 1])
    told, estimated = asked(model, read, "effects", name="tokens")
    assert told["agreement"]["of"] == 11
    assert told["agreement"]["rho"] == pytest.approx(spearmanr(estimated[:11], expected[:11]).statistic, abs=1e-6)
    assert told["agreement"]["rho"] > 0.8


def test_the_estimate_of_hiding_is_the_slope_of_hiding_a_little(model):
    trace = model.trace(TEXT)
    estimate = estimated_hiding(model, trace, answer_of(model, trace), None)
    whole, step = 0.0, 1e-2
    for layer in range(4):  # the share `step` of the way from a head's weights to those without token 5
        painted = []
        for head in range(4):
            kept = trace.weights(layer, head).double()
            without = kept.clone()
            without[6:, 5] = 0
            without[6:] /= without[6:].sum(-1, keepdim=True)
            painted += [aw.Paint(layer, head, kept + sign * step * (without - kept)) for sign in (1, -1)]
        forward, back = (model.trace(trace, edits=painted[side::2]).logits()[0].double() for side in (0, 1))
        token = int(trace.logits()[0].argmax())
        whole += float(back.log_softmax(-1)[token] - forward.log_softmax(-1)[token]) / (2 * step)
    assert estimate[5] == pytest.approx(whole, rel=0.02)


def test_evidence_comes_column_by_column_and_is_that_of_the_call(model, read):
    parts = []
    told, numbers = asked(model, read, "evidence", parts, question={"answer": " Miro"})
    expected = aw.evidence(model, model.trace(TEXT), answer=" Miro")
    names = [method["name"] for method in told["methods"]]
    assert names == [column.name for column in expected.columns]
    assert np.allclose(numbers.reshape(len(names), 12), np.asarray(expected).T, atol=1e-4, equal_nan=True)
    assert told["sentence"] == expected.sentence
    assert (told["compared"], told["left_out"]) == (11, expected.left_out)
    assert told["places"][5] == {"token": 5, "count": 1, "piece": "Miro", "kind": ""}
    agreements = {method["name"]: method["agreement"] for method in told["methods"]}
    assert agreements["hide"] is None
    assert agreements["attention"]["rho"] == pytest.approx(expected.agreements["attention"].rho)
    done = [[method["done"] for method in part.content["evidence"]["methods"]] for part in parts]
    assert [sum(one) for one in done] == sorted(sum(one) for one in done)
    assert not done[0][names.index("hide")]
    assert all(done[-1])
    curves = told["curves"]
    first = next(part for part in parts if part.content["evidence"]["curves"]).content["evidence"]
    assert not first["methods"][names.index("integrated")]["done"]  # they do not wait for what takes long
    assert len(first["curves"]["lines"]) == len(curves["lines"]) - 1
    trace = model.trace(TEXT)
    faithful = aw.faithfulness(model, trace, aw.token_effects(model, trace, answer=" Miro"), answer=" Miro")
    both = [curves["counts"].index(count) for count in faithful.deletion.counts if count in curves["counts"]]
    line = next(line["values"] for line in curves["lines"] if line["name"] == "hide")
    same = [faithful.deletion.counts.index(curves["counts"][at]) for at in both]
    assert len(both) > 3
    assert np.allclose(np.array(line)[both], faithful.deletion.values[same], atol=1e-5)
    assert np.allclose(np.array(curves["random"]["mean"])[both], faithful.random_deletion.mean(0)[same], atol=1e-5)
    hide = names.index("hide")
    known = [np.isfinite(np.frombuffer(part.buffers[0], "<f4").reshape(-1, 12)[hide]).sum() for part in parts]
    assert set(range(13)) == set(known)  # word by word


def test_it_goes_on_where_it_was_stopped_and_under_the_edits_of_the_page(model, read):
    heard = []

    def stop_in_the_middle(make):
        heard.append(make)
        if len(heard) == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answer(
            model,
            read,
            parse_request({"id": "1", "kind": "evidence", "text": TEXT, "edits": ["hide 5"]}),
            lambda *_done: None,
            stop_in_the_middle,
        )
    parts = []
    told, _ = asked(model, read, "evidence", parts, edits=["hide 5"])
    assert heard[-1]().content["reading"] == parts[0].content["reading"]
    assert len(parts) < 16
    assert "under edits: hide 5" in next(one["recipe"] for one in told["methods"] if one["name"] == "hide")


def test_rather_is_asked_of_what_the_model_says_itself(model, read):
    told, _ = asked(model, read, "effects", name="tokens", question={"rather": " Yssel"})
    assert told["answer"]["words"] == "' Miro' rather than ' Yssel'"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "effects", "name": "layers"}, "no effects of 'layers'"),
        ({"kind": "evidence", "question": {"at": 99}}, "no position 99"),
        ({"kind": "effects", "name": "heads", "question": {"answer": 10**7}}, "chooses between"),
    ],
)
def test_a_bad_question_is_answered_with_a_sentence(monkeypatch, fields, said):
    page = Page(aw.explore(text=TEXT), monkeypatch)
    content, _ = page.end_of(page.ask(**fields, text=TEXT, part="self"))
    assert content["status"] == "error"
    assert said in content["message"]


def test_given_weights_cannot_be_tested(monkeypatch):
    trace = aw.load().trace(TEXT)
    page = Page(aw.view([trace.weights(0)], list(trace.text.pieces)), monkeypatch)
    content, _ = page.end_of(page.ask("evidence", text=TEXT, part="self"))
    assert "given without a model" in content["message"]
