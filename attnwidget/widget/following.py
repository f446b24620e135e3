"""Following a model that is trained in a cell: a picture when the loop asks for it, and no look at the weights in between."""

from threading import current_thread, main_thread
from weakref import WeakSet

from IPython import get_ipython

from attnwidget.widget.answering.worker import Worker

STILL_FOR = 0.15
"""Seconds after which a page that has asked for nothing more is taken to have all it wants."""

LOOP_WAITS = 1.0
"""Seconds that a training loop waits at most for what pages ask beyond their picture."""


_held: "WeakSet[Worker]" = WeakSet()
"""Those that wait for the end of the running cell."""


def hold_until_the_cell_ends(worker: Worker) -> None:
    """Keep pages away from the model until the running cell is over, or asks again: its loop writes to the weights.

    Nothing where no kernel runs a cell, or where the loop runs on a thread of its own, whose end nobody tells.
    """
    shell = get_ipython()
    if getattr(shell, "kernel", None) is None or current_thread() is not main_thread():
        return

    def cell_ended(*_told: object) -> None:
        shell.events.unregister("post_run_cell", cell_ended)
        for held in list(_held):
            held.release()
        _held.clear()

    if not _held:
        shell.events.register("post_run_cell", cell_ended)
    _held.add(worker)
    worker.hold()
