"""`aw.view` takes all that `aw.explore` takes, but for texts and models, and what changes them."""

import inspect

import numpy as np
import pytest

import attnwidget as aw

WEIGHTS = np.full((3, 2, 3, 3), 1 / 3)
TOKENS = ["The", "river", "bank"]
LONE = {
    "model",
    "text",
    "image",
    "audio",
    "video",
    "tokenizer",
    "processor",
    "pair",
    "target",
    "edits",
    "question",
    "shows",
}


def test_it_takes_all_that_explore_takes():
    explore, view = (set(inspect.signature(each).parameters) for each in (aw.explore, aw.view))
    assert explore - LONE <= view
    explorer = aw.view(WEIGHTS, TOKENS, heads=["L1H0", "L2H1"], filter="top 2", look={"sinks": "hide"}, words=True)
    assert (explorer.heads, explorer.filter, explorer.sinks, explorer.words) == (
        ((1, 0), (2, 1)),
        "top 2",
        "hide",
        True,
    )


def test_weights_by_part_begin_with_the_part_that_is_named():
    given = {"encoder": WEIGHTS, "decoder": np.tril(np.ones((2, 2, 3, 3))) / 3}
    assert aw.view(given, TOKENS, TOKENS).part == "encoder"
    explorer = aw.view(given, TOKENS, TOKENS, part="decoder", layer=1)
    assert (explorer.part, explorer.layer) == ("decoder", 1)
    assert aw.view(given, TOKENS, TOKENS, state=explorer.state()).state() == explorer.state()
    with pytest.raises(aw.AttnWidgetError, match="'encoder' or 'decoder'"):
        aw.view(given, TOKENS, TOKENS, part="cross")


def test_one_set_of_weights_is_the_part_that_is_named():
    assert aw.view(WEIGHTS, TOKENS, part="encoder").part == "encoder"


@pytest.mark.parametrize("state", [[], {"layer": 9}, {"colour": "red"}])
def test_a_state_that_cannot_be_shown_is_refused(state):
    with pytest.raises(aw.AttnWidgetError):
        aw.view(WEIGHTS, TOKENS, state=state)
