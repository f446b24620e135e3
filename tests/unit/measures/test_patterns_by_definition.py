"""Patterns again, as their docstring defines them: whole maps in double precision, one row at a time."""

import math

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.measures.patterns.shapes import ground_of

SIZE = 30
NEVER = torch.finfo(torch.float32).min
EVERY = torch.ones(SIZE, SIZE, dtype=torch.bool)
HIDDEN = {
    "nothing": EVERY,
    "the future": EVERY.tril(),
    "all but a window": EVERY.tril().triu(-6),
    "itself": ~torch.eye(SIZE, dtype=torch.bool),
    "all but what is far back": EVERY.tril(-5),
    "here and there": torch.rand(SIZE, SIZE, generator=torch.Generator().manual_seed(5)) < 0.4,
}


def pieces():
    """Words that come again, in sentences."""
    return [f"w{i * i % 11}{'.' if i % 7 == 6 else ''}" for i in range(SIZE)]


def beyond(rows):
    """(mass, chance) of the rows that count -> the score."""
    if len(rows) < 3:
        return math.nan
    mass, chance = np.sum(rows, axis=0)
    return min(1.0, max(0.0, (mass - chance) / (len(rows) - chance)))


def spread(row):
    """Entropy of what is there, its length left as it is."""
    return float(torch.special.entr(row).sum() - torch.special.entr(row.sum()))


def on(keys_of, map_, seen, queries):
    """The mass on the keys that each query has of a pattern."""
    rows = []
    for i in queries:
        keys = keys_of(i) & seen[i]
        if 0 < keys.sum() < seen[i].sum():
            rows.append((float(map_[i][keys].sum()), int(keys.sum()) / int(seen[i].sum())))
    return beyond(rows)


def evenly(blocks, map_, seen, queries):
    rows = []
    for i in queries:
        keys = (blocks == blocks[i]) & (blocks[i] >= 0) & seen[i]
        if 1 < keys.sum() < seen[i].sum():
            mass = spread(map_[i] * keys) / math.log(int(keys.sum()))
            rows.append((mass, int(keys.sum()) / int(seen[i].sum())))
    return beyond(rows)


def column(keys, map_, seen, queries):
    rows = []
    for i in queries:
        others = torch.tensor([key for key in keys if key != i and seen[i, key]], dtype=torch.long)
        if len(others):
            rows.append((float(map_[i][others].sum()), len(others) / int(seen[i].sum())))
    return beyond(rows) if len(rows) >= 0.25 * len(queries) else math.nan


def vertical(first, *head):
    alone = {key: column([key], *head) for key in range(SIZE) if key != first}
    best = sorted((key for key in alone if not math.isnan(alone[key])), key=lambda key: -alone[key])[:3]
    return max((column(best[:count], *head) for count in range(1, len(best) + 1)), default=math.nan)


def peaked(map_, seen, queries):
    peaks = torch.zeros(SIZE, dtype=torch.float64)
    for i in queries:
        chance = 1 / int(seen[i].sum())
        peaks[map_[i].argmax()] += (map_[i].max() - chance) / (1 - chance)
    return float((peaks.sum() - peaks.max()) / (len(queries) - 1))


def by_definition(map_, seen, ground):
    """Scores of one head; `seen` is what its queries may read."""
    queries = [i for i in range(SIZE) if seen[i].sum() > 1 and map_[i].sum() > 0]
    head, key, kinds = (map_, seen, queries), torch.arange(SIZE), ground.kinds
    earlier = {i: (kinds == kinds[i]) & (kinds[i] >= 0) & (key < i) for i in queries}
    return {
        "previous token": on(lambda i: key == i - 1, *head),
        "diagonal": on(lambda i: key == i, *head),
        "next token": on(lambda i: key == i + 1, *head),
        "first token": on(lambda i: (key == ground.first) & (key != i), *head),
        "separator": on(lambda _i: ground.separators, *head),
        "duplicate token": on(lambda i: earlier[i], *head),
        "induction": on(lambda i: earlier[i].roll(1) & (key > 0) & (key < i), *head),
        "block diagonal": evenly(ground.blocks, *head),
        "vertical": vertical(ground.first, *head),
        "peaked": peaked(*head),
        "uniform": beyond([(spread(map_[i]) / math.log(int(seen[i].sum())), 0.0) for i in queries]),
    }


@pytest.mark.parametrize(("height", "tile"), [(128, 2**20), (7, 500)])
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("additive", [False, True])
def test_every_score_is_what_its_definition_says(monkeypatch, hidden, height, tile, additive):
    monkeypatch.setattr("attnwidget.measures.patterns.scores.HEIGHT", height)
    monkeypatch.setattr("attnwidget.engine.trace.recompute.TILE", tile)
    seen, draws = HIDDEN[hidden], torch.Generator().manual_seed(len(hidden))
    q, k = (torch.randn(1, heads, SIZE, 8, generator=draws) * 2 for heads in (4, 2))
    mask = torch.zeros(SIZE, SIZE).masked_fill(~seen, NEVER) if additive else seen
    told = {"causal": True} if hidden == "the future" and not additive else {"mask": mask[None, None]}
    given = aw.Trace.from_weights([torch.eye(SIZE)[None]], pieces())
    layers = [aw.Block("self", layer, "", 4, 2, q=q * (1 + layer), k=k, v=k, scale=8**-0.5, **told) for layer in (0, 1)]
    trace = aw.Trace(tuple(layers), given.text, "interface", given.model)
    found, ground = aw.patterns(trace), ground_of(given.text)
    for layer in (0, 1):
        for head, map_ in enumerate(trace.weights(layer).double()):
            for name, score in by_definition(map_, seen, ground).items():
                assert found.scores[name][layer, head] == pytest.approx(score, abs=2e-5, nan_ok=True), name
