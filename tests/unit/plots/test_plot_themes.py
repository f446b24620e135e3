"""The looks of charts: one can be had in the other, text is legible, and more is further from the ground."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from bokeh.plotting import figure as bokeh_figure

from attnwidget import plots
from attnwidget.measures.patterns.patterns import NO_PATTERN, THRESHOLDS
from attnwidget.plots.colours import KINDS, LOOKS
from attnwidget.plots.pane import item_of
from tests.unit.plots.charts import EVERY


@pytest.mark.parametrize("name", EVERY)
def test_a_figure_in_another_theme_is_as_if_made_so_and_comes_back(name):
    made_light, made_dark = EVERY[name](theme="light"), EVERY[name](theme="dark")
    assert looks(plots.themed(made_light, "dark")) == looks(made_dark)
    assert looks(plots.themed(made_light, "light")) == looks(EVERY[name]())


def looks(figure):
    """All colours of a figure but white, in the order of its models: Bokeh's own white is not written out."""
    return re.findall(r"#(?!ffffff)[0-9a-f]{6}", json.dumps(item_of(figure)))


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_within_a_look_every_colour_has_one_role(look):
    roles = [value for value in vars(look).values() if isinstance(value, str) and value.startswith("#")]
    single = [*roles, *look.categories, *look.patterns.values()]
    assert len(set(single)) == len(single)
    assert len(set(look.ramps.values())) == len(look.ramps)


def test_every_pattern_has_one_colour_here_and_on_the_page():
    page = (Path(__file__).resolve().parents[3] / "js/src/heads/kinds.ts").read_text()
    kinds = re.findall(r'^  "?([\w +-]+)"?: "(\w+)",$', page, re.MULTILINE)
    assert dict(kinds) == {name: kind for name, (kind, _) in KINDS.items()}
    assert set(KINDS) == {*THRESHOLDS, NO_PATTERN}
    for look in LOOKS.values():
        _, _, table = page.partition(f"  {look.name}: {{")
        assert dict(re.findall(r'(\w+): "(#\w{6})"', table.partition("}")[0])) == look.patterns


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_text_is_legible(look):
    assert contrast(look.text, look.ground) >= 7
    assert contrast(look.muted, look.ground) >= 4.5


def contrast(one, other):
    def luminance(colour):
        channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("ramp", ["heads", "weights", "layers"])
def test_more_is_always_further_from_the_ground(look, ramp):
    distances = [contrast(colour, look.ground) for colour in look.ramps[ramp]]
    assert np.diff(distances).min() > -0.02
    assert distances[-1] > 2 * distances[0]


def test_figures_of_others_keep_their_colours():
    own = bokeh_figure(background_fill_color="#1f2328")
    own.line([1, 2], [1, 2], line_color="#d4540a")
    before = looks(own)
    assert re.findall("#(?!ffffff)[0-9a-f]{6}", json.dumps(plots.embed(own, "dark").item)) == before
    assert looks(own) == before
