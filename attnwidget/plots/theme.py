"""How a figure looks in the light and in the dark."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from bokeh.core.property.vectorization import Value
from bokeh.models import (
    Axis,
    ColorBar,
    ColumnarDataSource,
    Grid,
    HoverTool,
    LayoutDOM,
    Legend,
    Model,
    Plot,
    Title,
)

from attnwidget.errors import AttnWidgetError
from attnwidget.plots.colours import LIGHT, LOOKS, Look, look_of

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
CAPTION = "attnwidget.caption"
"""The name of the title under a figure."""

_TAG = "attnwidget.theme:"


def themed(figure: Any, theme: str | None = None) -> Any:
    """The same figure in the colours of a theme: "light", "dark", or None, which is light.

    Changes the figure, and every figure in a layout, and returns it. Colours of attnwidget's own charts become
    the other theme's, all others stay. Raises AttnWidgetError for another theme, and for anything but a Bokeh figure.

    >>> import attnwidget as aw
    >>> chart = aw.plots.head_grid(aw.load().trace("The cat sat."))
    >>> aw.plots.themed(chart, "dark").background_fill_color
    '#14181d'
    """
    look = look_of(theme)
    for plot in plots_in(figure):
        before, models = theme_of(plot), plot.references()  # traversed once: it is most of what this costs
        if before is not None:
            _exchange(models, LOOKS[before], look)
        _dress(models, look)
        plot.tags = [tag for tag in plot.tags if not str(tag).startswith(_TAG)] + [f"{_TAG}{look.name}"]
    return figure


def theme_of(plot: Plot) -> str | None:
    """The theme of a chart of ours; None for anyone else's."""
    for tag in plot.tags:
        if isinstance(tag, str) and tag.startswith(_TAG) and (name := tag.removeprefix(_TAG)) in LOOKS:
            return name
    return None


def plots_in(figure: Any) -> list[Plot]:
    """The plots of a figure or a layout. Raises AttnWidgetError for anything else."""
    if not isinstance(figure, LayoutDOM):
        raise AttnWidgetError(
            f"This needs a Bokeh figure, not {type(figure).__name__}. Make one, for example with "
            "aw.plots.head_grid(trace), or give a Bokeh figure or layout of your own."
        )
    return sorted(figure.select({"type": Plot}), key=lambda plot: str(plot.id))


@contextmanager
def painted(figure: Any, theme: str | None, *, transparent: bool = False) -> Iterator[None]:
    """Our charts in a figure in another theme for a while, or without a background of their own; restored afterwards."""
    own = {plot: before for plot in plots_in(figure) if (before := theme_of(plot)) is not None}
    look = None if theme is None else look_of(theme)
    try:
        for plot, before in own.items():
            themed(plot, before if look is None else look.name)
            if transparent:
                plot.background_fill_color = plot.border_fill_color = None
        yield
    finally:
        for plot, before in own.items():
            themed(plot, before)


def tip_style(look: Look) -> str:
    """The box of a hover text. It covers Bokeh's own, which knows no dark."""
    return (
        f"margin:-5px;padding:4px 8px;background:{look.ground};color:{look.text};font:12px/18px {FONT};"
        "font-variant-numeric:tabular-nums;white-space:pre"
    ).replace('"', "'")


def _dress(models: Iterable[Model], look: Look) -> None:
    for model in models:
        if isinstance(model, Plot):
            model.background_fill_color = model.border_fill_color = look.ground
            model.outline_line_color = None
        elif isinstance(model, Axis):
            model.axis_line_color = model.major_tick_line_color = look.edge
            model.minor_tick_line_color = None
            model.major_label_text_color = model.axis_label_text_color = look.muted
            model.major_label_text_font = model.axis_label_text_font = FONT
            model.major_label_text_font_size = model.axis_label_text_font_size = "11px"
            model.axis_label_text_font_style = "normal"
        elif isinstance(model, Grid):
            model.grid_line_color = look.hairline
        elif isinstance(model, Title):
            model.text_font = FONT
            model.text_color = look.muted if model.name == CAPTION else look.text
        elif isinstance(model, ColorBar):
            model.background_fill_color = None
            model.bar_line_color = model.major_tick_line_color = None
            model.major_label_text_color = model.title_text_color = look.muted
            model.major_label_text_font = model.title_text_font = FONT
            model.major_label_text_font_size = model.title_text_font_size = "11px"
            model.title_text_font_style = "normal"
        elif isinstance(model, Legend):
            model.background_fill_color = model.border_line_color = None
            model.label_text_color, model.label_text_font, model.label_text_font_size = look.text, FONT, "11px"


def _exchange(models: Iterable[Model], before: Look, after: Look) -> None:
    """One look's colours for the other's, wherever the figure has them; never in its data."""
    table = _table(before, after)
    for model in models:
        if isinstance(model, ColumnarDataSource):
            continue
        for name, value in model.properties_with_values(include_defaults=False).items():
            _swap(model, name, value, table)
        if isinstance(model, HoverTool) and isinstance(model.tooltips, str):
            model.tooltips = model.tooltips.replace(tip_style(before), tip_style(after))


def _swap(model: Model, name: str, value: Any, table: dict[Any, Any]) -> None:
    colour = value.value if isinstance(value, Value) else value
    if isinstance(colour, list | tuple) and name == "palette":
        whole = tuple(colour)
        setattr(model, name, list(table.get(whole) or [table.get(one, one) for one in whole]))
    elif isinstance(colour, str) and re.fullmatch(r"#[0-9a-f]{6}", colour) and name.endswith("color"):
        setattr(model, name, table.get(colour, colour))


def _table(before: Look, after: Look) -> dict[Any, Any]:
    table: dict[Any, Any] = dict(zip(before.categories, after.categories, strict=True))
    table |= {before.patterns[kind]: after.patterns[kind] for kind in before.patterns}
    table |= {before.ramps[name]: after.ramps[name] for name in before.ramps}
    roles = [role for role, value in vars(LIGHT).items() if isinstance(value, str) and value.startswith("#")]
    return table | {getattr(before, role): getattr(after, role) for role in roles}
