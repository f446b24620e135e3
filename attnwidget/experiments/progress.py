"""How far a long experiment is: told to a function, or shown as a bar."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

from tqdm.auto import tqdm

from attnwidget.errors import AttnWidgetError

ToldStep: TypeAlias = Callable[[int, int], None]
"""Hears how many runs are done, and of how many."""

QUIET = 1.0
"""Seconds after which a bar is shown: most experiments are done before."""

_within: ContextVar[bool] = ContextVar("within", default=False)
"""Whether what is done is a step of something that tells how far it is."""


@contextmanager
def _around() -> Iterator[None]:
    before = _within.set(True)
    try:
        yield
    finally:
        _within.reset(before)


def gone_when_done(bars: type) -> type:
    """A kind of tqdm's bars, of which nothing stays behind in a notebook.

    A bar there is a widget. Its output would be kept with the notebook, and be an error in every one that is opened again.
    """

    class Bar(bars):
        shown: Any = None
        displayed: bool = False

        def display(self, *given: Any, check_delay: bool = True, **named: Any) -> Any:
            if not hasattr(self, "container"):
                return super().display(*given, **named)
            if check_delay and not self.displayed:
                from IPython.display import display

                self.shown, self.displayed = display(self.container, display_id=True), True
            return super().display(*given, check_delay=check_delay, **named)

        def close(self) -> None:
            super().close()
            if self.shown is not None and self.n >= (self.total or 0):
                self.shown.update({"text/html": ""}, raw=True)

    return Bar


@contextmanager
def shown_progress(progress: Any, what: str) -> Iterator[ToldStep]:
    """What to tell about the progress of an experiment.

    `progress` None shows a bar that is named `what` if it takes long, False shows nothing, a function hears (done, of how
    many). None shows nothing within another experiment. Raises AttnWidgetError for anything else.
    """
    if callable(progress):
        with _around():
            yield progress
    elif progress is False or (progress is None and _within.get()):
        with _around():
            yield lambda _done, _total: None
    elif progress is None or progress is True:
        with _around(), gone_when_done(tqdm)(desc=what, delay=QUIET, leave=False) as bar:

            def step(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            yield step
    else:
        raise AttnWidgetError(
            f"progress={progress!r:.60} is not valid: give None (a bar if it takes long), False (nothing), or a function "
            "of (runs done, of how many)."
        )
