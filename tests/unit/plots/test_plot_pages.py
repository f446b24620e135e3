"""Charts as files and in panes: everything is in them, and no token's text gets out of its place."""

import json
import re

import bokeh
import numpy as np
import pytest
from bokeh.layouts import column
from bokeh.models import CustomJS, Div, HoverTool
from bokeh.plotting import figure as bokeh_figure

import attnwidget as aw
from attnwidget import plots
from attnwidget.measures.results import TokenMap
from attnwidget.plots.colours import DARK, LIGHT
from tests.unit.plots.charts import EVERY, HOSTILE, scores, tokens
from tests.unit.traces import example


def test_a_saved_figure_is_one_file_that_asks_for_nothing(tmp_path):
    figure = plots.head_grid(example())
    file = plots.save(figure, tmp_path / "heads", title="<Heads> & more")
    assert file == tmp_path / "heads.html"
    text = file.read_text(encoding="utf-8")
    assert "<title>&lt;Heads&gt; &amp; more</title>" in text
    assert not re.search(r"<(script|link|img|iframe)\b[^>]*\b(src|href)=", text)
    assert "default-src 'none'" in text  # and what BokehJS knows of servers, for TeX, is out of its reach
    assert 1e6 < len(text) < 2e6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["heads.html"]
    assert figure.background_fill_color == LIGHT.ground  # as it was


@pytest.mark.parametrize("name", EVERY)
def test_a_chart_brings_no_code_that_is_evaluated_and_needs_only_bokehjs_itself(tmp_path, name):
    figure = EVERY[name]()
    text = plots.save(figure, tmp_path / "figure", theme="light").read_text(encoding="utf-8")
    assert "script-src 'unsafe-inline'; style-src" in text
    assert plots.embed(figure).item["doc"]


def test_figures_of_others_may_bring_code_or_need_more_of_bokeh(tmp_path):
    own = bokeh_figure()
    own.x_range.js_on_change("start", CustomJS(code="1"))
    for figure in (own, column(plots.head_grid(example()), Div(text="x"))):
        text = plots.save(figure, tmp_path / "figure").read_text(encoding="utf-8")
        assert "script-src 'unsafe-inline' 'unsafe-eval'; style-src" in text


def test_a_theme_can_be_fixed(tmp_path):
    figure = plots.head_grid(example())
    text = plots.save(figure, tmp_path / "heads.htm", theme="dark").read_text(encoding="utf-8")
    assert 'id="item-dark"' in text
    assert 'id="item-light"' not in text
    both = plots.save(figure, tmp_path / "both").read_text(encoding="utf-8")
    assert 'id="item-dark"' in both
    assert 'id="item-light"' in both


def test_tokens_that_are_html_stay_text(tmp_path):
    size = len(HOSTILE)
    bars = plots.token_bars(tokens(np.arange(size), HOSTILE, "recipe </script>"), title="</title><script>")
    pairs = plots.token_map(TokenMap(np.eye(size), "recipe <!--", HOSTILE, HOSTILE))
    text = plots.save(column(bars, pairs), tmp_path / "page").read_text(encoding="utf-8")
    items = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert len(items) == 2
    for item in items:
        assert "<" not in item
        assert "</script><scr" in json.dumps(json.loads(item)["doc"])
    assert text.count("<script>alert") == 0
    for hover in [*bars.select(HoverTool), *pairs.select(HoverTool)]:
        assert not any(piece in hover.tooltips for piece in HOSTILE if piece.strip())
        assert "safe" not in hover.tooltips
    labels = bars.yaxis[0].major_label_overrides
    assert "$$" not in labels[3]  # Bokeh would set it as TeX
    assert labels[4] == "⏎"


@pytest.mark.parametrize("path", [3, "", "..", "no/such/folder/heads", "a\0b"])
def test_a_path_that_cannot_be_written_is_a_sentence(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(aw.AttnWidgetError, match="Give"):
        plots.save(plots.head_grid(example()), path)
    assert list(tmp_path.iterdir()) == []


def test_an_embedded_figure_is_plain_json_and_bokehjs():
    figure = plots.head_grid(scores([[1, np.nan]]))
    found = plots.embed(figure, "dark")
    item, script = found
    assert (item, script) == (found.item, found.script)
    assert json.loads(json.dumps(item, allow_nan=False))["root_id"] == item["root_id"]
    assert found.version == bokeh.__version__ == item["version"]
    assert 1e6 < len(script) < 1.5e6
    assert "Bokeh" in script
    assert LIGHT.text not in json.dumps(item)
    assert DARK.text in json.dumps(item)
    assert DARK.ground not in [figure.background_fill_color, figure.border_fill_color]
    assert plots.embed(figure, "light").script is found.script


def test_a_pane_refuses_what_it_cannot_draw():
    with pytest.raises(aw.AttnWidgetError, match="widgets"):
        plots.embed(column(plots.head_grid(example()), Div(text="x")))
    with pytest.raises(aw.AttnWidgetError, match="Bokeh figure"):
        plots.embed(object())
