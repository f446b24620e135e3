"""What the page gets of other attention under which the model says the same."""

from dataclasses import replace

import numpy as np
import pytest

import attnwidget as aw
from attnwidget.errors import BadRequest, Cancelled
from attnwidget.widget.answering import counterfactual
from attnwidget.widget.answering.counterfactual import counterfactual_told
from attnwidget.widget.answering.requests import Request

TEXT = "The capital of Veldt is Miro. The capital of Veldt is"
ASKED = Request("1", "counterfactual", text=TEXT, layer=3, head=0, name="another")


@pytest.fixture(scope="module")
def model():
    return aw.load()


def test_a_search_that_was_stopped_goes_on_where_it_was(model, monkeypatch):
    monkeypatch.setattr(counterfactual, "SEARCH", replace(counterfactual.SEARCH, steps=30))
    trace = model.trace(TEXT)
    heard = []

    def ask(request):
        return counterfactual_told(model, trace, request, "self", lambda *done: heard.append(done))

    with pytest.raises(Cancelled), aw.stopping_when(lambda: len(heard) >= 20):
        ask(ASKED)
    told, buffers = ask(ASKED)
    assert [done for done, _ in heard] == list(range(1, 31))
    found = told["counterfactual"]
    own, other = (np.frombuffer(one, "<f4").reshape(found["sizes"]) for one in buffers)
    np.testing.assert_allclose(own, trace.weights("L3H0"), atol=1e-6)
    assert found["held"]
    assert found["counted"] == [len(trace.text) - 1]
    np.testing.assert_array_equal(own[:-1], other[:-1])
    assert np.abs(own[-1] - other[-1]).sum() > 0.1
    assert ask(ASKED)[1] == buffers
    with pytest.raises(BadRequest, match="another, away"):
        ask(replace(ASKED, name="nearest"))
