"""Numbers -> Bokeh figures: every chart that is not drawn on the explorer's own canvases.

Each call gives an ordinary Bokeh figure: show it, put it into a layout, `save` it as one file that works offline, or
`embed` it. Colours are the explorer's: one ramp, a diverging one for differences only.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attnwidget.plots.bars import flow_bars, rollout_bars, token_bars
    from attnwidget.plots.checkpoints import dynamics
    from attnwidget.plots.grid import head_grid
    from attnwidget.plots.layers import layer_profile
    from attnwidget.plots.likeness import head_map
    from attnwidget.plots.maps import comparison, token_map
    from attnwidget.plots.page import save
    from attnwidget.plots.pane import Embedded, embed
    from attnwidget.plots.pattern import pattern_grid
    from attnwidget.plots.plane import scatter
    from attnwidget.plots.spread import distributions
    from attnwidget.plots.theme import themed

__all__ = [
    "Embedded",
    "comparison",
    "distributions",
    "dynamics",
    "embed",
    "flow_bars",
    "head_grid",
    "head_map",
    "layer_profile",
    "pattern_grid",
    "rollout_bars",
    "save",
    "scatter",
    "themed",
    "token_bars",
    "token_map",
]

# No module is called as a function is: importing it would put it in the function's place.
_HOME = {
    "Embedded": "pane",
    "comparison": "maps",
    "distributions": "spread",
    "dynamics": "checkpoints",
    "embed": "pane",
    "flow_bars": "bars",
    "head_grid": "grid",
    "head_map": "likeness",
    "layer_profile": "layers",
    "pattern_grid": "pattern",
    "rollout_bars": "bars",
    "save": "page",
    "scatter": "plane",
    "themed": "theme",
    "token_bars": "bars",
    "token_map": "maps",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'attnwidget.plots' has no attribute {name!r}")
    value = getattr(import_module(f"attnwidget.plots.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
