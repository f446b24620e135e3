"""A number is one whatever library made it; what only looks like one is refused, everywhere in the same way."""

from fractions import Fraction

import numpy as np
import pytest
import torch

import attnwidget as aw

from .charts import translation
from .traces import example

HALF = [
    0.5,
    np.float32(0.5),
    np.float16(0.5),
    np.array(0.5),
    torch.tensor(0.5),
    torch.tensor(0.5).bfloat16(),
    Fraction(1, 2),
]
NO_SHARE = [
    True,
    np.bool_(True),
    torch.tensor(True),
    float("nan"),
    np.float32("nan"),
    None,
    "0.5",
    b"1",
    [0.5],
    np.array([0.5]),
    1j,
    -1,
]
TWO = [2, np.int8(2), np.array(2), torch.tensor(2)]
NO_COUNT = [True, np.bool_(True), torch.tensor(True), 2.0, "2", np.array([2]), 0, -1]

SHARES = {
    "alignment": lambda share: aw.alignment(translation(), least=share).coverage,
    "compare": lambda share: aw.compare(example(), example(), threshold=share).mean_map,
    "dead_heads": lambda share: aw.dead_heads(example(), uniform=share, silent=share).scores["uniform"],
    "rollout": lambda share: aw.rollout(example(), residual=share, discard=share),
    "flow": lambda share: aw.flow(example(), residual=share),
    "head_distances": lambda share: aw.head_distances(example(), smoothing=share),
    "sink_rate": lambda share: aw.sink_rate(example(), threshold=share),
    "trace_influence": lambda share: aw.trace_influence(example(), -1, share).row,
}
COUNTS = {
    "concentration": lambda count: aw.concentration(example(), count=count),
    "head_distances": lambda count: aw.head_distances(example(), rows=count),
    "sink_score": lambda count: aw.sink_score(example(), fewest=count),
}


@pytest.mark.parametrize("name", SHARES)
def test_a_number_of_any_kind_is_one(name):
    first, *others = [SHARES[name](share) for share in HALF]
    for other in others:
        np.testing.assert_array_equal(other, first)
        assert other.recipe == first.recipe


@pytest.mark.parametrize("name", SHARES)
@pytest.mark.parametrize("wrong", NO_SHARE, ids=repr)
def test_what_is_no_share_is_a_sentence(name, wrong):
    with pytest.raises(aw.AttnWidgetError, match=r"is no .* Give a number"):
        SHARES[name](wrong)


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_of_any_kind_is_one(name):
    first, *others = [COUNTS[name](count) for count in TWO]
    for other in others:
        np.testing.assert_array_equal(other, first)
        assert other.recipe == first.recipe


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("wrong", NO_COUNT, ids=repr)
def test_what_is_no_count_is_a_sentence(name, wrong):
    with pytest.raises(aw.AttnWidgetError, match="Give"):
        COUNTS[name](wrong)


def test_numpys_truth_is_truth():
    assert (
        aw.alignment(translation(), special=np.bool_(False)).recipe == aw.alignment(translation(), special=False).recipe
    )
