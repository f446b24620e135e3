"""What is given to a measure is a trace, or the sentence says so; a recipe names the part where there are several."""

import jaxtyping
import pytest
import torch

import attnwidget as aw
from attnwidget.lazy import homes
from tests.unit.traces import random_trace

MEASURES = sorted(
    name
    for name, home in homes(aw.__file__).items()
    if home.startswith("attnwidget.measures.")
    and name not in {"AttentionLog", "drift", "position_reliance", "smoothing"}
)
MORE = {
    "effective": (0,),
    "norm_weighted": (0,),
    "share": ("self",),
    "similar_heads": ("L0H0",),
    "trace_influence": (0,),
    "value_norms": (0,),
}


@pytest.fixture
def unchecked():
    """Annotations are not checked here: users have no hook that would refuse what they may well give."""
    checks = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", checks)


@pytest.fixture(scope="module")
def model():
    return aw.load()


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.usefixtures("unchecked")
def test_a_model_or_a_text_in_place_of_a_trace(name, model):
    trace = random_trace(2, 2, 6, causal=True)
    sides = (
        [lambda given: (given, trace), lambda given: (trace, given)] if name == "compare" else [lambda given: (given,)]
    )
    for side in sides:
        for kind, given in {"AttentionModel": model, "str": "The cat sat.", "NoneType": None}.items():
            with pytest.raises(aw.AttnWidgetError) as raised:
                getattr(aw, name)(*side(given), *MORE.get(name, ()))
            said = f"This needs a Trace, not {kind}. Make one with model.trace(text)."
            assert (type(raised.value), str(raised.value)) == (aw.AttnWidgetError, said)


def both(part):
    own = random_trace(2, 2, 6, causal=True)
    maps = [own.weights(layer) for layer in (0, 1)]
    crossed = [torch.full((2, 6, 4), 0.25)] * 2
    trace = aw.Trace.from_weights({"decoder": maps, "cross": crossed}, own.text, [f"s{i}" for i in range(4)])
    return trace, aw.Trace.from_weights(maps, own.text) if part == "decoder" else None


RECIPES = {
    "allocation": {},
    "attention_sinks": {},
    "concentration": {},
    "confidence": {},
    "dead_heads": {},
    "distance": {},
    "entropy": {},
    "flow": {},
    "head_distances": {},
    "patterns": {},
    "redundancy": {},
    "rollout": {},
    "share": {"of": "first"},
    "similar_heads": {"head": "L0H0"},
    "sink_rate": {},
    "sink_score": {},
    "trace_influence": {"query": 1},
}


@pytest.mark.parametrize("name", RECIPES)
def test_the_recipe_names_the_part_where_there_are_several(name):
    trace, alone = both("decoder")
    measure = getattr(aw, name)
    assert "part 'decoder'" in measure(trace, part="decoder", **RECIPES[name]).recipe
    assert "part '" not in measure(alone, **RECIPES[name]).recipe
    if name not in {"distance", "flow"}:
        assert "part 'cross'" in measure(trace, part="cross", **RECIPES[name]).recipe


def test_the_recipe_of_a_comparison_names_the_part_as_well():
    trace, alone = both("decoder")
    assert "part 'cross'" in aw.compare(trace, trace, part="cross").mean_map.recipe
    assert "part '" not in aw.compare(alone, alone).recipe
