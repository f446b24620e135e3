"""The figure beside the stage: kept here, sent to any page that asks, never stored in a notebook."""

import json
import threading
from typing import Any

from attnwidget.errors import AttnWidgetError, BadRequest, reason_of
from attnwidget.widget.answering.answers import problem
from attnwidget.widget.answering.requests import Request

_drawing = threading.Lock()
"""Bokeh collects a figure's models in a document while it serialises them: one thread at a time."""


class Figures:
    """Holds one figure at a time. `revision` counts them, so that a page notices a new one."""

    def __init__(self) -> None:
        self.revision = 0
        self._figure: Any = None

    def put(self, figure: Any) -> int:
        """Keep a figure and return the revision to show; None gives 0, for nothing.

        Raises AttnWidgetError for anything but a Bokeh figure or layout that can be drawn: in the cell, not on the
        page.
        """
        if figure is None:
            self._figure = None
            return 0
        _embedded(figure, "light")
        self._figure = figure
        self.revision += 1
        return self.revision

    def fit(self, revision: Any) -> int:
        """A valid revision: the newest one, or 0 for none. Raises AttnWidgetError for any other."""
        newest = self.revision if self._figure is not None else 0
        if type(revision) is not int or revision not in (0, newest):
            raise AttnWidgetError(
                f"chart={revision!r} is not valid: it counts the figures shown by ex.beside(figure). Give {newest}, or "
                "0 for none."
            )
        return revision

    def message(self, request: Request) -> tuple[dict[str, Any], list[bytes]]:
        """What to send to the page: the figure in the requested colours, or the script that draws it.

        Both as UTF-8 in a buffer: the script is 1.3 MB, and labels may contain text that Jupyter's own JSON cannot
        carry.
        """
        try:
            if self._figure is None:
                raise BadRequest("This figure is no longer available. Show one with ex.beside(figure).")
            embedded = _embedded(self._figure, request.theme)
        except AttnWidgetError as error:
            return {"id": request.id, "status": "error", **problem(error)}, []
        told = {"id": request.id, "status": "ok", "version": embedded.version}
        return told, [(embedded.script if request.kind == "bokeh" else json.dumps(embedded.item)).encode()]


def _embedded(figure: Any, theme: str) -> Any:
    from attnwidget.plots import embed  # only now: Bokeh is slow to import

    try:
        with _drawing:
            return embed(figure, theme)
    except AttnWidgetError:
        raise
    except Exception as error:
        reason = reason_of(error)
        raise AttnWidgetError(f"Bokeh cannot draw this figure: {reason}") from error
