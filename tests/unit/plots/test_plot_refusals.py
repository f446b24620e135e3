"""What charts refuse, and the least that they draw."""

import re
import subprocess
import sys

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget import plots
from attnwidget.measures.results import TokenMap
from attnwidget.plots.labels import number, piece_label
from tests.unit.plots.charts import HOSTILE, RECIPE, caption, scores, tokens
from tests.unit.traces import example


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: plots.head_grid([[1, 2]]),
        lambda: plots.head_grid(example(), "no such measure"),
        lambda: plots.head_grid(example(), "rollout"),
        lambda: plots.head_grid(example(), "load"),
        lambda: plots.head_grid(example(), part="cross"),
        lambda: plots.head_grid(scores([[1]]), "entropy"),
        lambda: plots.head_grid(scores([1, 2])),
        lambda: plots.head_grid(scores(np.zeros((0, 3)))),
        lambda: plots.head_grid(example(), theme="sepia"),
        lambda: plots.layer_profile(None),
        lambda: plots.pattern_grid(scores([[1]])),
        lambda: plots.token_bars(scores([[1]])),
        lambda: plots.token_bars(tokens([], [])),
        lambda: plots.token_bars(tokens([1], "a"), direction="both"),
        lambda: plots.token_bars(tokens([1], "a"), tokens=example().text),
        lambda: plots.rollout_bars(scores([[1]])),
        lambda: plots.rollout_bars(example(), query=7),
        lambda: plots.token_map(scores([[1]])),
        lambda: plots.token_map(TokenMap(np.array([[-1.0]]), RECIPE)),
        lambda: plots.comparison(example()),
        lambda: plots.comparison(TokenMap(np.eye(1), RECIPE), 0, 0),
        lambda: plots.distributions("entropy"),
        lambda: plots.distributions([]),
        lambda: plots.distributions([example()] * 9),
        lambda: plots.distributions(example(), kind="violin"),
        lambda: plots.scatter(scores([[1]]), example()),
        lambda: plots.scatter(scores([[1]]), scores([[1, 2]])),
        lambda: plots.save("figure", "heads"),
        lambda: plots.themed(None),
        lambda: plots.themed(plots.head_grid(example()), "grey"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(wrong):
    with pytest.raises(aw.AttnWidgetError) as caught:
        wrong()
    assert re.search(r"\.$", str(caught.value))


@pytest.mark.parametrize("draw", [plots.head_grid, plots.layer_profile, plots.distributions])
@pytest.mark.parametrize(
    "metric",
    "share value_norms norm_weighted similar_heads compare trace_influence drift patterns sink_rate summary".split(),
)
def test_measures_that_need_more_than_a_trace_are_refused_by_name_and_as_functions(draw, metric):
    for given in (metric, getattr(aw, metric)):
        with pytest.raises(aw.AttnWidgetError, match=r"entropy, .*redundancy") as caught:
            draw(example(), given)
        assert str(caught.value).endswith(".")
    if metric == "share":
        assert "lambda trace, part=None: aw.share(trace, 'first', part=part)" in str(caught.value)


def test_a_function_without_a_part_is_refused_and_one_that_fails_fails_as_it_does():
    with pytest.raises(aw.AttnWidgetError, match="unexpected keyword argument 'part'"):
        plots.head_grid(example(), lambda trace: aw.entropy(trace, normalised=True))

    def broken(_trace, part=None):
        return part + 1

    with pytest.raises(TypeError, match="NoneType"):
        plots.head_grid(example(), broken)


def test_one_token_one_layer_and_layers_without_attention():
    single = aw.Trace.from_weights([torch.ones(1, 1, 1)], ["a"])
    plots.rollout_bars(single)
    plots.token_map(aw.rollout(single))
    plots.layer_profile(single)
    plots.scatter(aw.entropy(single), aw.entropy(single))
    sparse = aw.Trace.from_weights([None, torch.eye(3).expand(2, 3, 3)], list("abc"))
    assert "Hatched: layers without attention." in caption(plots.head_grid(sparse))


def test_labels_are_those_of_the_page():
    assert [piece_label(piece) for piece in HOSTILE[4:7]] == ["⏎", "∅", "␣"]
    assert [number(value) for value in (0, 1e-9, -1e-9, 0.5)] == ["0.000", "<0.001", ">-0.001", "0.500"]


def test_a_bare_import_brings_no_bokeh():
    probe = (
        "import sys, attnwidget; print('bokeh' in sys.modules); attnwidget.plots; print(sorted(dir(attnwidget.plots)))"
    )
    answer = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert answer.startswith("False")
    assert all(name in answer for name in plots.__all__)
