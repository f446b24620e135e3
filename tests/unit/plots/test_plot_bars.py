"""Bars of tokens: whose numbers they are, and which token they are about."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from bokeh.models import Span

import attnwidget as aw
from attnwidget import plots
from tests.unit.plots.charts import caption, tokens, translation
from tests.unit.traces import example, random_trace

MEASURES = [(plots.rollout_bars, aw.rollout), (plots.flow_bars, aw.flow)]


def drawn(figure):
    return list(figure.select_one("attnwidget.tokens").data["value"])


def test_bars_hold_the_row_and_tell_repeated_tokens_apart():
    figure = plots.token_bars(tokens([0.5, np.nan, 0.2], [" rose", " rose", "[SEP]"]))
    data = figure.select_one("attnwidget.tokens").data
    assert list(data["value"]) == pytest.approx([0.5, np.nan, 0.2], nan_ok=True)
    assert data["name"] == ["#0 “rose”", "#1 “rose”", "#2 “[SEP]”"]
    assert data["text"] == ["0.500", "no number", "0.200"]
    assert data["strength"] == [1.0, 1.0, 0.4]
    assert "Special tokens are dim." in caption(figure)
    # The numbers stand beside the bars, where no line runs through them.
    assert figure.yaxis[1].major_label_overrides == {0: "0.500", 1: "", 2: "0.200"}


def test_rollout_bars_are_the_rollout_and_a_ratio_has_a_line_at_one():
    plain = plots.rollout_bars(example(), query=1)
    assert list(plain.select_one("attnwidget.tokens").data["value"]) == pytest.approx(
        np.asarray(aw.rollout(example(), query=1)).tolist()
    )
    assert plain.select_one(Span) is None
    ratio = plots.rollout_bars(example(), null="uniform")
    assert ratio.select_one(Span).location == 1
    assert "#2 “c”" in ratio.title.text
    assert ratio.x_range.end > 1
    bars = plots.token_bars(aw.rollout(example(), query=-1, null="uniform"))
    assert bars.title.text == "Attention rollout ÷ null model"
    assert bars.xaxis[0].axis_label == "ratio: 1 is as in the null model"


def test_flow_bars_are_the_flow():
    data = plots.flow_bars(example(), query=2).select_one("attnwidget.tokens").data
    assert list(data["value"]) == pytest.approx(np.asarray(aw.flow(example(), query=2)).tolist())


def test_many_tokens_stand_upright_and_every_one_has_a_label():
    figure = plots.token_bars(tokens(np.ones(200), ["tok"] * 200))
    assert figure.height < 500
    assert figure.select_one("attnwidget.tokens").data["name"][199] == "#199 “tok”"
    assert len(figure.xaxis[0].major_label_overrides) == 200


def test_bars_of_cross_attention_name_a_target_token_and_show_the_source():
    trace = translation()
    figure = plots.rollout_bars(trace, query=-1, part="cross")
    assert figure.title.text == "Rollout of #2 “c”"
    data = figure.select_one("attnwidget.tokens").data
    assert data["name"] == ["#0 “v”", "#1 “w”", "#2 “x”", "#3 “y”", "#4 “z”"]
    assert list(data["value"]) == pytest.approx(np.asarray(aw.rollout(trace, query=2, part="cross")).tolist())
    assert plots.flow_bars(trace, query=-1, part="decoder").title.text == "Flow of #2 “c”"
    with pytest.raises(aw.AttnWidgetError, match="Choose part 'encoder' or 'decoder'"):
        plots.flow_bars(trace, query=1, part="cross")


@pytest.mark.parametrize("query", [3, -4, None, 1.5, "1", True, [0, 1], slice(2)])
@pytest.mark.parametrize("draw", [plots.rollout_bars, plots.flow_bars])
def test_bars_need_one_token_of_the_target(draw, query):
    with pytest.raises(aw.AttnWidgetError, match=r"query.*\.$"):
        draw(translation(), query, part="decoder")


@pytest.mark.parametrize(("draw", "measure"), MEASURES)
def test_bars_take_the_options_of_their_measure(draw, measure):
    trace = random_trace(causal=True)
    for options in ({"fusion": "max"}, {"residual": 0.1}):
        expected = np.asarray(measure(trace, query=-1, **options)).tolist()
        assert drawn(draw(trace, **options)) == pytest.approx(expected)
        assert drawn(draw(trace)) != pytest.approx(expected)
    with pytest.raises(aw.AttnWidgetError, match="fusion"):
        draw(trace, fusion="median")


def test_rollout_bars_may_discard():
    figure = plots.rollout_bars(random_trace(), discard=0.6)
    assert drawn(figure) == pytest.approx(np.asarray(aw.rollout(random_trace(), query=-1, discard=0.6)).tolist())
    assert "the lowest 0.6" in caption(figure)


@pytest.mark.parametrize(("draw", "measure"), MEASURES)
def test_of_a_query_that_is_padding_bars_say_what_the_measure_says(draw, measure):
    text = replace(example().text, padding=(False, False, True))
    trace = aw.Trace.from_weights([torch.eye(3)[None]], text)
    try:
        expected = np.asarray(measure(trace, query=2)).tolist()
    except aw.AttnWidgetError as error:
        with pytest.raises(aw.AttnWidgetError, match=re.escape(str(error))):
            draw(trace, query=2)
    else:
        assert drawn(draw(trace, query=2)) == expected


def test_influences_and_sinks_are_drawn_as_they_come():
    trace = random_trace()
    influence, sinks = aw.trace_influence(trace, -1), aw.attention_sinks(trace)
    assert drawn(plots.token_bars(influence)) == pytest.approx(np.asarray(influence).tolist())
    assert influence.recipe.split(",")[0] in caption(plots.token_bars(influence)).replace("W", "w")
    assert drawn(plots.token_bars(sinks)) == pytest.approx(np.asarray(sinks).tolist())
    assert plots.token_bars(sinks).title.text == "Attention received"
    with pytest.raises(aw.AttnWidgetError, match="not TokenMap"):
        plots.token_bars(aw.rollout(trace))
