"""What is left of the answers as heads are taken out."""

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, FixedTicker, NoOverlap, Range1d

from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.pruning.pruned_heads import AT_RANDOM, PrunedHeads
from attnwidget.plots.chart import empty, finished, hover, legend_above
from attnwidget.plots.colours import look_of
from attnwidget.plots.labels import number, without_tex


def pruned_heads(found: Any, *, theme: str | None = None, title: str | None = None) -> Any:
    """A Bokeh figure of right answers over heads removed: a line for each measure of importance, random orders grey.

    `found` is what `aw.pruning_curve` gives. Raises AttnWidgetError for anything else.

    >>> import numpy as np
    >>> from attnwidget.experiments.pruning.pruned_heads import PrunedHeads
    >>> right = {"entropy": np.array([1.0, 0.2]), "random": np.array([1.0, 0.4])}
    >>> interval = {name: np.stack([own, own], 1) for name, own in right.items()}
    >>> chart = pruned_heads(PrunedHeads((0, 4), 4, {}, right, interval, right, np.ones((1, 2)), "an example"))
    >>> [item.label.value for item in chart.legend[0].items]
    ['entropy', 'random']
    """
    look = look_of(theme)
    if not isinstance(found, PrunedHeads):
        raise AttnWidgetError(f"This needs the result of aw.pruning_curve, not {type(found).__name__}.")
    figure = empty(
        title or "Answers left as heads are silenced",
        f"heads silenced, of {found.heads}",
        "share of answers right",
        height=340 + 24 * ((len(found.right) + 1) // 2),
        tools="xpan,xwheel_zoom,reset,save",
        y_range=Range1d(0, 1.04),
    )
    figure.xgrid.visible = False
    figure.xaxis[0].ticker = FixedTicker(ticks=list(found.removed))
    figure.xaxis[0].major_label_policy = NoOverlap(min_distance=4)
    for at, (name, right) in enumerate(found.right.items()):
        chance = name == AT_RANDOM
        colour = look.muted if chance else look.categories[at % len(look.categories)]
        low, high = found.interval[name].T
        data = {
            "x": np.array(found.removed),
            "value": right,
            "low": low,
            "high": high,
            "text": [f"{number(one)} ({number(a)} to {number(b)})" for one, a, b in zip(right, low, high, strict=True)],
        }
        source = ColumnDataSource(data=data)
        label = without_tex(name)
        options = {"source": source, "legend_label": label}
        if chance:
            figure.varea(x="x", y1="low", y2="high", fill_color=colour, fill_alpha=0.18, **options)
        figure.line(x="x", y="value", line_color=colour, line_width=2, line_dash=[4, 3] if chance else [], **options)
        dots = figure.scatter(x="x", y="value", size=6, color=colour, **options)
        hover(figure, look, [dots], f"<b>{label}</b> · @x heads · @text")
    legend_above(figure, figure.legend[0], 2)
    return finished(figure, look, found.recipe, "grey: the range of the random orders")
