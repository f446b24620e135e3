"""The chart of heads over training: its lines are the record's numbers, on any kind of steps."""

import json
import re

import numpy as np
import pytest
from bokeh.models import HoverTool, TapTool

from attnwidget import plots
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.training.heads_in_time import Dynamics
from attnwidget.plots.pane import item_of
from attnwidget.plots.theme import CAPTION

STEPS = (0, 10, 30, 100, 300, 1000, 10_000)


def record(steps=STEPS, layers=3, heads=4, lacking=()):
    random = np.random.default_rng(0)
    values = random.random((len(steps), layers, heads)).cumsum(0) / len(steps)
    changes = random.random((len(steps), layers, heads)) / 3
    changes[0] = np.nan
    for layer in lacking:
        values[:, layer] = changes[:, layer] = np.nan
    return Dynamics(tuple(steps), {"induction": values}, changes, "by hand", {"induction": "weight", "changes": "JS"})


def heads(figure):
    return figure.select_one("attnwidget.heads").data


def caption(figure):
    return figure.select_one({"name": CAPTION}).text.replace("\n", " ")


def test_the_highest_heads_are_named_and_all_others_are_there():
    found = record()
    figure = plots.dynamics(found)
    labels = [item.label.value for item in figure.legend[0].items]
    best = np.argsort(-found.of("induction").max(0), axis=None)[:5]
    assert labels == [f"L{at // 4}H{at % 4}" for at in best] + ["other heads"]
    others = next(drawn.data_source.data for drawn in figure.renderers if "xs" in drawn.glyph.properties_with_values())
    assert len(others["name"]) == 7
    assert not set(others["name"]) & set(labels)
    for name, line in zip(others["name"], others["y"], strict=True):
        assert list(line) == found.of("induction", name).tolist()


def test_dots_hold_the_numbers_of_the_record_and_can_be_clicked():
    found = record()
    figure = plots.dynamics(found, "changes", ["L2H1", (0, -1)])
    data = heads(figure)
    assert list(zip(data["layer"], data["head"], strict=True)) == [(2, 1)] * 6 + [(0, 3)] * 6  # none at the first
    assert list(data["value"]) == [*found.of("changes", "L2H1")[1:], *found.of("changes", "L0H3")[1:]]
    assert data["step"][-1] == "step 10,000"
    assert len(figure.select_one(TapTool).renderers) == 2
    assert len(figure.select(HoverTool)) == 2
    assert plots.dynamics(found, "changes", "L2H1").legend[0].items[0].label.value == "L2H1"
    assert plots.dynamics(found, "changes", (2, 1)).legend[0].items[0].label.value == "L2H1"


def test_steps_over_decades_are_logarithmic_and_zero_has_a_place():
    figure = plots.dynamics(record(), heads=["L0H0"])
    assert list(heads(figure)["x"]) == [5, *STEPS[1:]]
    labels = figure.xaxis[0].major_label_overrides
    assert labels[5] == "0"
    assert labels[10_000] == "10,000"
    assert figure.xaxis[0].ticker.ticks == sorted(labels)
    assert "Logarithmic steps." in caption(figure)
    plain = plots.dynamics(record(), heads=["L0H0"], log_x=False)
    assert list(heads(plain)["x"]) == list(STEPS)
    assert "ogarithmic" not in caption(plain)


def test_even_steps_are_linear_until_asked():
    even = record(range(0, 5000, 500))
    assert heads(plots.dynamics(even))["x"][0] == 0
    assert heads(plots.dynamics(even, log_x=True))["x"][0] == 250


def test_named_checkpoints_stand_side_by_side():
    figure = plots.dynamics(record(["base", "$$tuned$$"]), heads=["L0H0"])
    assert list(heads(figure)["x"]) == [0, 1]
    assert figure.xaxis[0].axis_label == "checkpoint"
    assert figure.xaxis[0].major_label_overrides[0] == "base"
    assert figure.xaxis[0].major_label_overrides[1] != "$$tuned$$"  # Bokeh would take it for TeX
    with pytest.raises(AttnWidgetError, match="log_x"):
        plots.dynamics(record(["base", "tuned"]), log_x=True)


def test_layers_without_attention_are_left_out_and_counted():
    figure = plots.dynamics(record(lacking=[1]))
    assert "Left out: 4 heads without a number." in caption(figure)
    assert 1 not in heads(figure)["layer"]


@pytest.mark.parametrize("steps", [(0,), (7,), (0, 0.5), (-5, 5)])
@pytest.mark.parametrize("shape", [(1, 1), (2, 3)])
def test_few_checkpoints_and_heads_are_drawn(steps, shape):
    figure = plots.dynamics(record(steps, *shape))
    assert figure.y_range.start < figure.y_range.end
    assert plots.dynamics(record(steps, *shape), "changes").title.text


def test_the_caption_has_both_recipes():
    assert "Weight. By hand." in caption(plots.dynamics(record()))
    assert "JS. By hand." in caption(plots.dynamics(record(), "changes"))


def test_light_and_dark_are_made_alike():
    def looks(figure):
        return re.findall(r"#(?!ffffff)[0-9a-f]{6}", json.dumps(item_of(figure)))

    light, dark = plots.dynamics(record(), theme="light"), plots.dynamics(record(), theme="dark")
    assert looks(plots.themed(light, "dark")) == looks(dark)
    assert looks(plots.themed(light, "light")) == looks(plots.dynamics(record()))


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(AttnWidgetError, match=r"aw\.dynamics"):
        plots.dynamics({"induction": 1})
    for options in ({"name": "nothing"}, {"heads": []}, {"heads": 3}, {"heads": ["L9H9"]}, {"heads": ["L0H0"] * 9}):
        with pytest.raises(AttnWidgetError):
            plots.dynamics(record(), **options)
