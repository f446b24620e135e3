"""Every measure is a pure function: the trace is the same before and after, and given weights are enough or the lack is named."""

import pytest
import torch

import attnwidget as aw
from attnwidget.lazy import homes
from tests.unit.measures.untouched import fingerprint
from tests.unit.package.every_call import ELSEWHERE, read
from tests.unit.package.every_call import MEASURES as CALLS
from tests.unit.traces import random_trace

NEED = {
    "alti": "inputs",
    "effective": "values",
    "mixing_ratio": "inputs",
    "norm_weighted": "values",
    "value_norms": "values",
}


def test_every_measure_is_here():
    measures = {name for name, home in homes(aw.__file__).items() if home.startswith("attnwidget.measures.")}
    assert measures - set(CALLS) == ELSEWHERE


@pytest.mark.parametrize("name", CALLS)
def test_the_trace_of_a_model_is_left_alone(name):
    before = fingerprint(read())
    CALLS[name](read())
    assert fingerprint(read()) == before


@pytest.mark.parametrize("name", CALLS)
def test_given_weights_are_enough_or_what_is_missing_is_named(name):
    trace = random_trace(2, 3, 8, causal=True)
    before = fingerprint(trace)
    if name in NEED:
        with pytest.raises(aw.AttnWidgetError, match=NEED[name]):
            CALLS[name](trace)
    else:
        CALLS[name](trace)
    assert fingerprint(trace) == before


def test_cross_attention_is_left_alone():
    cross = torch.rand(2, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    trace = aw.Trace.from_weights(list(cross / cross.sum(-1, keepdim=True)), list("abcd"), list("efghij"), part="cross")
    before = fingerprint(trace)
    aw.alignment(trace)
    assert fingerprint(trace) == before
