"""What a page needs to draw a figure: one JSON value, and BokehJS itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import bokeh
from bokeh.embed import json_item
from bokeh.embed.bundle import bundle_for_objs_and_resources
from bokeh.models import LayoutDOM
from bokeh.resources import INLINE, Resources

from attnwidget.errors import AttnWidgetError
from attnwidget.plots.theme import painted, plots_in


@dataclass(frozen=True, repr=False)
class Embedded:
    """A figure for a page: `item` for `Bokeh.embed.embed_item`, the `script` that is BokehJS, and its version.

    Unpacks as a pair too: `item, script = embed(figure)`. The script is the same for all figures of one version, so a
    page loads it once.
    """

    item: dict[str, Any]
    script: str
    version: str

    def __iter__(self) -> Iterator[Any]:
        return iter((self.item, self.script))

    def __repr__(self) -> str:
        return f"Embedded(BokehJS {self.version})"


def embed(figure: Any, theme: str | None = None) -> Embedded:
    """A figure as a JSON value, BokehJS and its version, for a page that draws it on its own ground.

    `theme` "light" or "dark" is that of the page; None keeps the figure's own. The figure stays as it is. Figures of
    others keep their colours. Raises AttnWidgetError for what is no Bokeh figure or layout, and for one with widgets,
    tables, WebGL or TeX: these need more of Bokeh than a pane loads.

    >>> import attnwidget as aw
    >>> found = aw.plots.embed(aw.plots.head_grid(aw.load().trace("The cat sat.")), "dark")
    >>> "doc" in found.item, found.script.count("<script")
    (True, 0)
    """
    plots_in(figure)
    with painted(figure, theme, transparent=True):
        if bundled(figure) != bundled():
            raise AttnWidgetError(
                "This figure needs more than BokehJS itself: it has widgets, tables, WebGL or TeX. Save it with "
                "aw.plots.save(figure, path), or show plain figures."
            )
        return Embedded(item_of(figure), bundled()[0], bokeh.__version__)


def item_of(figure: LayoutDOM) -> dict[str, Any]:
    """The JSON value of a figure."""
    return dict(json_item(figure))


def bundled(figure: LayoutDOM | None = None) -> tuple[str, ...]:
    """The scripts that draw a figure; without one, those of any plain figure. Read from the installed Bokeh."""
    if figure is None:
        return _plain()
    return tuple(bundle_for_objs_and_resources([figure], INLINE).js_raw)


@cache
def _plain() -> tuple[str, ...]:
    return tuple(Resources(mode="inline", components=["bokeh"]).js_raw)
