"""Items -> answers, some at a time: what was kept before is read, the others are computed, and kept in their turn."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from attnwidget.experiments.surveys.records import Answered, Item, Unanswered, Unread
from attnwidget.experiments.surveys.store import AnswerStore

ItemBatch: TypeAlias = Sequence[Item]
BatchAnswers: TypeAlias = Sequence[Answered | Unanswered]

BatchRunner: TypeAlias = Callable[[Iterator[ItemBatch]], Iterator[tuple[ItemBatch, BatchAnswers]]]
"""Batches -> each with its answers, in any order, and read no further ahead than there is work for.

An empty batch comes back at once: it says that something else is ready."""


def run_here(answer: Callable[[ItemBatch], BatchAnswers]) -> BatchRunner:
    """Batches one after the other, in this process."""

    def run(batches: Iterator[ItemBatch]) -> Iterator[tuple[ItemBatch, BatchAnswers]]:
        for batch in batches:
            yield batch, answer(batch) if batch else ()

    return run


def answered_items(
    items: Iterable[Item | Unread], batch: int, run: BatchRunner, store: AnswerStore | None = None
) -> Iterator[list[Answered | Unanswered | Unread]]:
    """The answers to all items, some at a time, each item once; in what order is for `run` to say.

    What is yielded is kept already: whoever ends this loses nothing. Raises what reading, `run` and the store raise.

    >>> from attnwidget.experiments.surveys.records import Unanswered
    >>> run = run_here(lambda batch: [Unanswered(item.number, item.text, "No.") for item in batch])
    >>> [len(some) for some in answered_items([Item(0, "a"), Unread(1, "?"), Item(2, "b"), Item(3, "c")], 2, run)]
    [3, 1]
    """
    ready: list[Answered | Unanswered | Unread] = []
    for asked, answers in run(_unknown(items, batch, store, ready)):
        if store is not None:
            store.keep(asked, answers)
        some, ready[:] = [*ready, *answers], []
        if some:
            yield some


def _unknown(
    items: Iterable[Item | Unread],
    batch: int,
    store: AnswerStore | None,
    ready: list[Answered | Unanswered | Unread],
) -> Iterator[ItemBatch]:
    """Batches of what must be computed; all else is put to what is `ready`."""
    waiting: list[Item] = []
    for item in items:
        if isinstance(item, Unread):
            ready.append(item)
        elif store is not None and (known := store.find(item)) is not None:
            ready.append(known)
        else:
            waiting.append(item)
        if len(waiting) == batch:
            yield waiting
            waiting = []
        elif len(ready) >= batch:
            yield ()
    if waiting or ready:
        yield waiting
