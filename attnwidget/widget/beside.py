"""The figure beside the stage: kept here, sent to whichever page asks, never stored in a notebook."""

import json
import threading
from typing import Any

from attnwidget.errors import AttnWidgetError, BadRequest
from attnwidget.widget.answering.answers import problem
from attnwidget.widget.answering.requests import Request

_drawing = threading.Lock()
"""Bokeh gathers a figure's models in a document for as long as it writes them down: one thread at a time."""


class Figures:
    """One figure at a time. `revision` counts them, so that a page notices a new one."""

    def __init__(self) -> None:
        self.revision = 0
        self._figure: Any = None

    def put(self, figure: Any) -> int:
        """Keep a figure and give the revision to show; None and 0 for nothing.

        Raises AttnWidgetError for what is no Bokeh figure or layout, or cannot be drawn: in the cell, not on the page.
        """
        if figure is None:
            self._figure = None
            return 0
        _embedded(figure, "light")
        self._figure = figure
        self.revision += 1
        return self.revision

    def fit(self, revision: Any) -> int:
        """A revision that can be shown: the newest one, or 0 for none. Raises AttnWidgetError for any other."""
        newest = self.revision if self._figure is not None else 0
        if type(revision) is not int or revision not in (0, newest):
            raise AttnWidgetError(
                f"chart counts the figures that ex.beside(figure) has shown; it can be {newest} or 0, not {revision!r}."
            )
        return revision

    def message(self, request: Request) -> tuple[dict[str, Any], list[bytes]]:
        """What to send to the page: the figure in the colours it asks for, or the script that draws it.

        Both as UTF-8 in a buffer: the script is 1.3 MB, and labels may hold what Jupyter's own JSON cannot carry.
        """
        try:
            if self._figure is None:
                raise BadRequest("There is no figure here any more; ex.beside(figure) shows one.")
            embedded = _embedded(self._figure, request.theme)
        except AttnWidgetError as error:
            return {"id": request.id, "status": "error", **problem(error)}, []
        told = {"id": request.id, "status": "ok", "version": embedded.version}
        return told, [(embedded.script if request.kind == "bokeh" else json.dumps(embedded.item)).encode()]


def _embedded(figure: Any, theme: str) -> Any:
    from attnwidget.plots import embed  # only now: Bokeh takes long to import

    try:
        with _drawing:
            return embed(figure, theme)
    except AttnWidgetError:
        raise
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise AttnWidgetError(f"Bokeh cannot draw this figure: {reason}") from error
