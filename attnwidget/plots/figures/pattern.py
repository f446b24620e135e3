"""The pattern of every head by name as a grid."""

from importlib import import_module
from typing import Any

import numpy as np
from bokeh.models import BooleanFilter, CDSView, Legend, LegendItem

from attnwidget.engine import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.patterns.patterns import family, present_name
from attnwidget.plots.chart import finished, hover, tap
from attnwidget.plots.colours import KINDS, Look, look_of
from attnwidget.plots.figures.grid import blank_grid
from attnwidget.plots.heads import heads_source
from attnwidget.plots.labels import number, without_tex
from attnwidget.plots.metrics import part_of

NOTHING = "too short to tell, or no attention"


def pattern_grid(
    patterns_or_trace: Any, *, part: str | None = None, theme: str | None = None, title: str | None = None
) -> Any:
    """A Bokeh figure of the pattern of every head, layers down and heads across, with a legend.

    Takes what `aw.patterns(trace)` gives, or the trace. Kin share a colour, the same as on the page, and hatching tells
    them apart; the faintest is a head without a single pattern, blank one that cannot be judged. A click selects a head: the source is called
    "attnwidget.heads", its `value` is the score of the pattern. Raises AttnWidgetError for anything else, and as
    `aw.patterns` does.

    >>> import attnwidget as aw
    >>> chart = aw.plots.pattern_grid(aw.load().trace("The cat sat on the mat."))
    >>> len(chart.select_one("attnwidget.heads").data["label"])
    16
    """
    look = look_of(theme)
    found = _patterns(patterns_or_trace, part)
    labels = np.asarray(found.labels, object)
    figure = blank_grid(labels.shape, title or "Pattern of every head", tools="save")
    flat = [str(label) for label in labels.ravel()]
    source = heads_source(
        np.asarray(found.best, np.float64),
        part=part_of(patterns_or_trace, part),
        label=[present_name(label) or NOTHING for label in flat],
    )
    source.data["text"] = [
        "" if np.isnan(value) else f" · score {number(value)}" for value in np.asarray(found.best, np.float64).ravel()
    ]
    families = [family(label) for label in flat]
    order = [*KINDS, *sorted(set(families) - set(KINDS))]
    cells = {
        name: _cells(figure, look, source, families, name, at) for at, name in enumerate(order) if name in families
    }
    hover(figure, look, list(cells.values()), "<b>@name</b> · @label@text")
    tap(figure, list(cells.values()))
    items = [LegendItem(label=without_tex(name), renderers=[drawn]) for name, drawn in cells.items() if name]
    columns = 3 if all(len(name) <= 16 for name in cells) else 2
    legend = Legend(items=items, orientation="horizontal", ncols=columns, padding=0, margin=8, glyph_width=14)
    legend.glyph_height = legend.label_height = 14
    legend.spacing = 4
    legend.location = "top_left"
    figure.height += 20 * -(-len(items) // columns)
    figure.add_layout(legend, "above")
    note = f"blank: {NOTHING}" if "" in cells else ""
    return finished(figure, look, str(getattr(found, "recipe", "")), note)


def _patterns(given: Any, part: str | None) -> Any:
    if isinstance(given, Trace):
        return import_module("attnwidget").patterns(given, part=part)
    labels, best = (np.asarray(getattr(given, name, None)) for name in ("labels", "best"))
    if labels.ndim != 2 or not labels.size or best.shape != labels.shape:
        raise AttnWidgetError(
            f"This needs Patterns or a Trace, not {type(given).__name__}. Give aw.patterns(trace), or "
            "model.trace(text)."
        )
    if part is not None:
        raise AttnWidgetError("These patterns belong to one part already. Leave part= out, or give the trace.")
    return given


def _cells(figure: Any, look: Look, source: Any, families: list[str], name: str, at: int) -> Any:
    """The cells of one pattern: views of one source, so that they share one selection."""
    fill, hatch = _fill(look, name, at)
    return figure.rect(
        x="head",
        y="layer",
        width=1,
        height=1,
        source=source,
        view=CDSView(filter=BooleanFilter([own == name for own in families])),
        fill_color=fill,
        line_color=look.ground,
        line_width=2,
        hatch_pattern=hatch or None,
        hatch_color=look.text,
        hatch_alpha=0.4,
        hatch_scale=8,
        hatch_weight=2,
        nonselection_fill_alpha=1,
        nonselection_hatch_alpha=0.4,
        nonselection_line_color=look.ground,
        nonselection_line_alpha=1,
        selection_line_color=look.text,
    )


def _fill(look: Look, name: str, at: int) -> tuple[str | None, str]:
    if name in KINDS:
        kind, hatch = KINDS[name]
        return look.patterns[kind], hatch
    return (look.categories[at % len(look.categories)], "x") if name else (None, "")
