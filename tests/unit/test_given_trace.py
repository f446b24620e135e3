"""What is given to a measure is a trace, or the sentence says so; a recipe names the part where there are several."""

import json
import subprocess
import sys

import pytest
import torch

import attnwidget as aw

from .traces import random_trace

MEASURES = sorted(name for name, home in aw._HOME.items() if home.startswith("measures.") and name != "drift")
MORE = {
    "effective": (0,),
    "norm_weighted": (0,),
    "share": ("self",),
    "similar_heads": ("L0H0",),
    "trace_influence": (0,),
    "value_norms": (0,),
}


# In a process of its own: here the annotations are checked, and would refuse what users may well give.
PROBE = f"""
import json
import attnwidget as aw
model = aw.load()
trace = model.trace("The cat sat.")
more = {MORE!r}

def said(name, *given):
    try:
        getattr(aw, name)(*given, *more.get(name, ()))
    except Exception as error:
        return f"{{type(error).__name__}}: {{error}}"

found = {{}}
for name in {MEASURES!r}:
    sides = ((lambda x: (x, trace)), (lambda x: (trace, x))) if name == "compare" else ((lambda x: (x,)),)
    found[name] = [said(name, *side(x)) for side in sides for x in (model, "The cat sat.", None)]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def said():
    answer = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    return json.loads(answer.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", MEASURES)
def test_a_model_or_a_text_in_place_of_a_trace(name, said):
    sentences = [
        f"AttnWidgetError: A Trace is needed, and {kind} was given. Say model.trace(text)."
        for kind in ("AttentionModel", "str", "NoneType")
    ]
    assert said[name] == sentences * (2 if name == "compare" else 1)


def both(part):
    own = random_trace(2, 2, 6, causal=True)
    maps = [own.weights(layer) for layer in (0, 1)]
    crossed = [torch.full((2, 6, 4), 0.25)] * 2
    trace = aw.Trace.from_weights({"decoder": maps, "cross": crossed}, own.text, [f"s{i}" for i in range(4)])
    return trace, aw.Trace.from_weights(maps, own.text) if part == "decoder" else None


RECIPES = {
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
