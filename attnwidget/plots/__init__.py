"""Numbers -> Bokeh figures: every chart that is not drawn on the explorer's own canvases.

Each call gives an ordinary Bokeh figure: show it, put it into a layout, `save` it as one file that works offline, or
`embed` it. Colours are the explorer's: one ramp, a diverging one for differences only.
"""

from attnwidget.lazy import public

__getattr__, __dir__, __all__ = public(__name__, __file__)
