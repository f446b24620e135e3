"""How far a long experiment is: told to a function, or shown as a bar."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from tqdm.auto import tqdm

from attnwidget.errors import AttnWidgetError

ToldStep: TypeAlias = Callable[[int, int], None]
"""Hears how many runs are done, and of how many."""

QUIET = 1.0
"""Seconds after which a bar is shown: most experiments are done before."""


@contextmanager
def shown_progress(progress: Any, what: str) -> Iterator[ToldStep]:
    """What to tell about the progress of an experiment.

    `progress` None shows a bar that is named `what` if it takes long, False shows nothing, a function hears (done, of how
    many). Raises AttnWidgetError for anything else.
    """
    if callable(progress):
        yield progress
    elif progress is False:
        yield lambda _done, _total: None
    elif progress is None or progress is True:
        with tqdm(desc=what, delay=QUIET, leave=False) as bar:

            def step(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            yield step
    else:
        raise AttnWidgetError(
            f"progress={progress!r:.60} is not valid: give None (a bar if it takes long), False (nothing), or a function "
            "of (runs done, of how many)."
        )
