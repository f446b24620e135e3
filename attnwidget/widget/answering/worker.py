"""One thread per model: the newest request of each kind and explorer is answered, older ones are dropped."""

import atexit
import logging
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from math import inf
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from attnwidget.engine import stopping_when
from attnwidget.errors import AttnWidgetError, Cancelled

log = logging.getLogger(__name__)

IDLE = 30.0
"""Seconds without work after which the thread ends."""

LONG = 1.0
"""Seconds that a newer text waits for a pass over an older one to end: what would take longer is stopped."""

LAST = 60.0
"""Seconds that an exiting interpreter waits for the layer being computed; usually it needs none."""


@dataclass(eq=False)
class Job:
    """Something to do for a model. `run` is done inside `stopping_when`; exactly one of the ends is called.

    `topic` is what the job is about (a text): a newer job of the same slot and topic does not stop it midway, one of
    another topic does, unless the job is nearly done: `rest` is how many seconds it is expected to take yet. A job that
    `yields` stops midway for any job that does not, and counts as superseded: the caller may ask again. By its `name` it
    can be cancelled. One that is `awaited` is run while the worker is held: the thread that holds it waits for it.
    """

    run: Callable[[], Any]
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    superseded: Callable[[], None]
    topic: Hashable = None
    rest: Callable[[], float] = lambda: inf
    yields: bool = False
    awaited: bool = False
    name: Hashable = None
    stop: threading.Event = field(default_factory=threading.Event)
    overtaken: threading.Event = field(default_factory=threading.Event)


class Worker:
    """Runs jobs one after the other, in the order their slots were first filled. Latest wins within a slot."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: dict[Hashable, Job] = {}
        self._running: tuple[Hashable, Job] | None = None
        self._overtaken: dict[Hashable, float] = {}  # since when newer jobs have come, and none of the slot has ended
        self._thread: threading.Thread | None = None
        self._ended = False
        self._held = False
        _made.add(self)

    def submit(self, slot: Hashable, job: Job) -> None:
        """Submit a job; a waiting or running one in the same slot gives way. Never blocks."""
        with self._changed:
            replaced = job if self._ended else self._waiting.get(slot)
            if not self._ended:
                self._queue(slot, job)
        if replaced is not None:
            _end(replaced.superseded)

    def _queue(self, slot: Hashable, job: Job) -> None:
        # In place: a refilled slot keeps its turn, so a fast typist neither starves others nor is starved.
        self._waiting[slot] = job
        if self._running is not None:
            running_slot, running = self._running
            if running_slot == slot and running.topic != job.topic:
                running.overtaken.set()
                self._overtaken.setdefault(slot, self._clock())
            if running.yields and not job.yields:
                running.stop.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="attnwidget", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def hold(self) -> None:
        """Leave the model alone until `release`, but for what a thread waits for: its owner is about to write to it.

        Waits until the running job has stopped, at its next layer; whoever asked may ask again. What another thread waits for
        is run to its end.
        """
        with self._changed:
            self._held = True
            if self._running is not None and not self._running[1].awaited:
                self._running[1].stop.set()
            self._changed.wait_for(lambda: self._running is None or self.here)

    def release(self) -> None:
        """Go on with what has waited. Never blocks."""
        with self._changed:
            self._held = False
            self._changed.notify_all()

    def rest(self, quiet: float, at_most: float) -> None:
        """Wait until nothing was to be done for so many seconds on end, or the longer time (seconds) has run out."""
        ends = self._clock() + at_most
        with self._changed:
            while (left := ends - self._clock()) > 0:
                if self._running is not None or self._waiting:
                    self._changed.wait(left)
                # What is asked may run already when this thread wakes up.
                elif not self._changed.wait_for(lambda: bool(self._waiting or self._running), min(quiet, left)):
                    return

    def end(self) -> None:
        """Stop the running job at its next layer, drop waiting jobs, and accept no more. Never blocks."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self.forget(lambda _slot: True)

    def join(self, timeout: float) -> None:
        """Wait until an ended worker has stopped, or the time (seconds) runs out."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def forget(self, is_mine: Callable[[Hashable], bool]) -> None:
        """Drop the jobs in some slots: waiting ones give way, a running one is stopped. Never blocks."""
        self._let_go(lambda slot, _job: is_mine(slot))

    def cancel(self, name: Hashable) -> None:
        """Let go of the job of that name, as `forget` does; nothing where it has ended, or never was. Never blocks."""
        self._let_go(lambda _slot, job: job.name is not None and job.name == name)

    def _let_go(self, is_meant: Callable[[Hashable, Job], bool]) -> None:
        with self._changed:
            gone = [slot for slot, job in self._waiting.items() if is_meant(slot, job)]
            dropped = [self._waiting.pop(slot) for slot in gone]
            for slot in gone:
                self._overtaken.pop(slot, None)
            if self._running is not None and is_meant(*self._running):
                self._running[1].stop.set()
        for job in dropped:
            _end(job.superseded)

    def result(self, run: Callable[[], Any], topic: Hashable, timeout: float | None, owner: object = None) -> Any:
        """Run something and wait for it. Raises what it raises, and TimeoutError when the time (seconds) runs out.

        Its slot is (owner, ...), for `forget`; AttnWidgetError is raised when it is forgotten, and when Python exits.
        """
        if self.here:
            return run()
        ended = threading.Event()
        outcome: list[Any] = []

        def end(result: Any) -> None:
            outcome.append(result)
            ended.set()

        # In its own slot: several cells may wait at the same time, and none may supersede another.
        slot = (owner, object())
        self.submit(slot, Job(run, end, end, ended.set, topic, awaited=True))
        try:
            if not ended.wait(timeout):
                raise TimeoutError
        except KeyboardInterrupt:
            # Nobody waits for it any more, and who goes on may write to the model.
            self.forget(lambda one: one == slot)
            raise
        if not outcome:
            raise AttnWidgetError(
                "This was stopped before it finished, because its explorer was closed or Python is exiting."
            )
        if isinstance(outcome[0], Exception):
            raise outcome[0]
        return outcome[0]

    @property
    def here(self) -> bool:
        """Whether the caller runs on this worker's own thread."""
        return threading.current_thread() is self._thread

    def _work(self) -> None:
        while True:
            with self._changed:
                self._running = None
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._next() is not None or self._ended, IDLE)
                slot = self._next()
                if slot is None:
                    if self._waiting and not self._ended:
                        continue  # held
                    # The next job starts a new thread; until then nothing keeps the model alive.
                    self._thread = None
                    return
                job = self._waiting.pop(slot)
                self._running = (slot, job)
            self._do(slot, job)
            # Nothing may keep the last job's tensors alive while the thread waits.
            del job

    def _next(self) -> Hashable:
        """The slot of the job that is next; None if there is none to be done now."""
        could = [slot for slot, job in self._waiting.items() if job.awaited or not self._held]
        return next((slot for slot in could if not self._waiting[slot].yields), next(iter(could), None))

    def _do(self, slot: Hashable, job: Job) -> None:
        outdated = False
        try:
            with stopping_when(lambda: job.stop.is_set() or self._is_outdated(slot, job)):
                result = job.run()
        except Cancelled:
            outdated = not job.stop.is_set()
            _end(job.superseded)
        except Exception as error:  # noqa: BLE001  models may raise anything; the thread continues and the page is told
            _end(job.failed, error)
        except BaseException as error:  # noqa: BLE001  SystemExit would end the thread, and whoever waits would wait for ever
            _end(job.failed, AttnWidgetError(f"The model's own code raised {type(error).__name__}."))
        else:
            _end(job.done, result)
        if not outdated:
            with self._changed:
                self._overtaken.pop(slot, None)

    def _is_outdated(self, slot: Hashable, job: Job) -> bool:
        """Whether a job stops for a newer one, because that one would wait too long. It waits longer the longer all jobs
        of the slot have been stopped: whoever types on and on sees something after all.
        """
        if not job.overtaken.is_set():
            return False
        now = self._clock()
        return job.rest() > max(LONG, now - self._overtaken.get(slot, now))


def _end(call: Callable[..., None], *given: Any) -> None:
    # An answer that cannot be delivered (the page is gone) must not end the thread.
    try:
        call(*given)
    except Exception:
        log.exception("attnwidget could not deliver an answer")


_made: "WeakSet[Worker]" = WeakSet()


@atexit.register
def _end_all() -> None:
    """Stop cleanly before the interpreter exits: torch aborts the process if one of its threads is cut off."""
    ending = list(_made)
    for worker in ending:
        worker.end()
    for worker in ending:
        worker.join(LAST)


_workers: "WeakKeyDictionary[Any, Worker]" = WeakKeyDictionary()
_making = threading.Lock()


def worker_of(module: Any) -> Worker:
    """The one worker of a torch module, shared by all explorers over it."""
    with _making:
        return _workers.setdefault(module, Worker())
