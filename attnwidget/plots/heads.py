"""Heads as rows of a Bokeh data source: what all charts of heads draw, and what the explorer follows."""

from typing import Any

import numpy as np
from bokeh.models import BooleanFilter, CDSView, ColumnDataSource

from attnwidget.plots.labels import head_name, number

NAME = "attnwidget.heads"
"""The name of a source of heads. Its columns `layer`, `head` and `value` tell the explorer what was clicked, and
`part`, where there is one, in which part of the model."""


def heads_source(values: np.ndarray, unit: str = "", *, part: str = "", **columns: Any) -> ColumnDataSource:
    """One row per head of a (layer head) table, layer by layer; `name` and `text` are for hovers.

    `part` says whose heads they are in a model with several kinds of attention: the explorer then follows its own only.
    """
    layers, heads = (axis.ravel() for axis in np.indices(values.shape))
    flat = np.asarray(values, np.float64).ravel()
    empty = np.isnan(values).all(-1)
    texts = [
        (number(value) + (f" {unit}" if unit else "")) if not np.isnan(value) else _missing(bool(empty[layer]))
        for value, layer in zip(flat, layers, strict=True)
    ]
    data = {
        "layer": layers.astype(np.int32),
        "head": heads.astype(np.int32),
        "value": flat,
        "name": [head_name(int(layer), int(head)) for layer, head in zip(layers, heads, strict=True)],
        "text": texts,
    }
    if part:
        data["part"] = [part] * len(flat)
    return ColumnDataSource(name=NAME, data=data | columns)


def without_number(values: np.ndarray) -> CDSView:
    """The rows of the heads that have no number."""
    return CDSView(filter=BooleanFilter(np.isnan(np.asarray(values, np.float64)).ravel().tolist()))


def missing_note(values: np.ndarray) -> str:
    """What hatched cells mean, where there are any."""
    lacking = np.isnan(np.asarray(values, np.float64))
    if not lacking.any():
        return ""
    whole = lacking.all(-1)
    if whole.any() and not lacking[~whole].any():
        return "hatched: layers without attention"
    return "hatched: no attention" if whole.any() else "hatched: no such head, or no number for it"


def _missing(whole: bool) -> str:
    return "no attention" if whole else "no such head, or no number"
