"""The still: what a notebook keeps of an explorer for when there is no kernel, in outputs of their own.

They come after the cell, once the text has been read and a page has drawn it, and are renewed when the page is at rest.
The page hides them while the explorer is there (js/src/style/frame.css). A JupyterLab that was reloaded hears of no
change to the outputs of a cell that it did not run: there the page puts them in place (js/src/explorer/stored.ts).
"""

import os
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from IPython import get_ipython

from attnwidget.export.card import MUTED
from attnwidget.widget.snapshot import Snapshot

UNATTENDED = 60.0
"""Seconds that a cell may wait for its still where a program runs the notebook: nobody waits, and there is no later."""


class Stills:
    """The outputs of one explorer: its words and its picture, each for those who refuse the other."""

    def __init__(self) -> None:
        self._names = {"text/html": uuid4().hex, "image/png": uuid4().hex}
        self._cells: list[Any] = []  # without a still so far
        self._somewhere = False
        self._shown: int | None = None
        self._lock = Lock()

    def expect(self, make: Callable[[float], Snapshot]) -> bool:
        """The running cell shows the explorer. Returns whether its notebook can be given a still after the cell."""
        shell, kernel = get_ipython(), getattr(get_ipython(), "kernel", None)
        if kernel is None or os.environ.get("SERVER_SOFTWARE", "").startswith("voila"):  # which keeps nothing
            return False
        if kernel.get_parent("shell")["content"].get("allow_stdin") is False:
            if not self._wait(shell.display_pub.parent_header):
                return True

            def put() -> None:
                shell.events.unregister("post_execute", put)
                with suppress(Exception):
                    self.put(make(UNATTENDED))

            shell.events.register("post_execute", put)
            return True
        if "JPY_SESSION_NAME" in os.environ:  # a notebook of a Jupyter server, whose page will ask
            self._wait(shell.display_pub.parent_header)
            return True
        return False

    def _wait(self, cell: Any) -> bool:
        """Note a cell that is to have the still; False if it waits for it already, since it shows the explorer again."""
        with self._lock:
            if cell in self._cells:
                return False
            self._cells.append(cell)
            return True

    def put(self, still: Snapshot) -> dict[str, Any]:
        """Put the still where none is yet, and in the place of an older one. Returns its outputs, and their name."""
        outputs = self._outputs(still)
        with self._lock:
            cells, self._cells = self._cells, []
            shown, self._shown = self._shown, hash((still.words, still.png, still.alt))
            if self._somewhere and shown != self._shown:
                self._send("update_display_data", outputs, {})
            for cell in cells:
                self._send("display_data", outputs, cell)
                self._somewhere = True
        return {"name": self._names["text/html"], "outputs": list(outputs.values())}

    def _outputs(self, still: Snapshot) -> dict[str, dict[str, Any]]:
        picture, size = still.picture
        return {
            mime: {"data": {mime: data, "text/plain": repr(still)}, "metadata": {mime: told} if told else {}}
            for mime, data, told in (
                ("text/html", _page(still, self._names["text/html"]), {}),
                ("image/png", picture, size),
            )
        }

    def _send(self, kind: str, outputs: dict[str, dict[str, Any]], cell: Any) -> None:
        publisher = get_ipython().display_pub
        for mime, output in outputs.items():
            content = {**output, "transient": {"display_id": self._names[mime]}}
            # Not publish(): the cell may be over, and what comes later belongs to it all the same.
            publisher.session.send(publisher.pub_socket, kind, content, parent=cell, ident=publisher.topic)


_DEAD = ".jp-OutputArea-child:has(~.jp-OutputArea-child .aw-still)>.jp-OutputArea-output:not(:has(*)){display:none}"
"""JupyterLab's line in the place of a widget that has no kernel: a bare sentence, which the still says better.

By a link, since Markdown on the web shows the content of style elements to its readers.
"""


def _page(still: Snapshot, name: str) -> str:
    return (
        f'<div class="aw-still" data-name="{name}"><link rel="stylesheet" href="data:text/css,{quote(_DEAD)}">'
        f'<p style="{MUTED};margin:0 0 4px">A picture of the explorer as it was last seen. Run the cell to use it.</p>'
        f"{still.words}</div>"
    )
