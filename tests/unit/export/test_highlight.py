"""A user's own numbers in a text."""

import re

import numpy as np
import pytest
import torch

import attnwidget as aw


def colours(page):
    return [tuple(map(float, found)) for found in re.findall(r"rgba\((\d+),(\d+),(\d+),([\d.]+)\)", page)]


def test_tones_follow_the_square_root_of_the_share():
    page = aw.highlight(["a", "b", "c"], [0.0, 1.0, 4.0]).html
    assert [tone for *_, tone in colours(page)] == [0.0, 0.3, 0.6]
    assert "0 to 4, square root" in page


def test_signs_have_colours_of_their_own():
    (above, below) = colours(aw.highlight(["a", "b"], torch.tensor([1.0, -0.5], requires_grad=True)).html)
    assert above[:3] != below[:3]
    assert (above[3], below[3]) == (0.6, 0.3)


def test_special_tokens_stand_beside_the_text_and_what_is_hostile_is_text():
    page = aw.highlight(["[CLS]", "<b>", "x"], [1, 2, float("nan")]).html
    assert "[CLS]" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page


@pytest.mark.parametrize(
    ("tokens", "scores"),
    [
        ("abc", [1, 2, 3]),
        (["a", 1], [1, 2]),
        (["a", "b"], [1, 2, 3]),
        (["a", "b"], [[1, 2]]),
        (["a", "b"], ["x", "y"]),
        (["a", "b"], [1, np.inf]),
        (["a", "b"], {}),
    ],
)
def test_what_is_no_score_for_each_token_is_refused(tokens, scores):
    with pytest.raises(aw.AttnWidgetError):
        aw.highlight(tokens, scores)
