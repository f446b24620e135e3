"""The worker: latest wins within a slot, nobody starves, nothing ends the thread."""

import threading
import time
from math import inf

import numpy as np
import pytest

from attnwidget.engine import go_on
from attnwidget.errors import AttnWidgetError, Cancelled
from attnwidget.widget.answering import worker as worker_module
from attnwidget.widget.answering.progress import Pace
from attnwidget.widget.answering.worker import LONG, Job, Worker


class Bench:
    """Jobs whose ends are written down, with a gate that holds the worker busy."""

    def __init__(self, clock=time.monotonic):
        self.worker = Worker(clock)
        self.ended = []
        self.gate = threading.Event()

    def job(self, name, run=None, topic=None, *, yields=False, rest=lambda: inf):
        return Job(
            run=run or (lambda: name),
            done=lambda result: self.ended.append(("done", result)),
            failed=lambda error: self.ended.append(("failed", name, type(error).__name__)),
            superseded=lambda: self.ended.append(("superseded", name)),
            topic=topic if topic is not None else name,
            rest=rest,
            yields=yields,
        )

    def busy(self):
        started = threading.Event()

        def hold():
            started.set()
            self.gate.wait(60)
            return "held"

        self.worker.submit("busy", self.job("held", hold))
        assert started.wait(60)

    def finish(self, count):
        self.gate.set()
        deadline = time.monotonic() + 60
        while len(self.ended) < count and time.monotonic() < deadline:
            time.sleep(0.002)
        return self.ended


@pytest.fixture
def bench():
    return Bench(lambda: 0.0)  # a clock that stands: what ends first is never a question of how busy the machine is


def test_thirty_quick_requests_give_the_last_and_every_one_is_answered(bench):
    bench.busy()
    for number in range(30):
        bench.worker.submit("frame", bench.job(number))
    ended = bench.finish(31)
    assert ended[:29] == [("superseded", number) for number in range(29)]
    assert ended[29:] == [("done", "held"), ("done", 29)]


def test_slots_do_not_supersede_each_other_and_keep_their_turn(bench):
    bench.busy()
    bench.worker.submit("a", bench.job("a1"))
    bench.worker.submit("b", bench.job("b1"))
    bench.worker.submit("a", bench.job("a2"))
    assert bench.finish(4) == [("superseded", "a1"), ("done", "held"), ("done", "a2"), ("done", "b1")]


def _until_stopped(started):
    def run():
        started.set()
        for _ in range(1000):
            go_on()
            time.sleep(0.005)
        return "never stopped"

    return run


def test_a_newer_text_stops_the_running_one(bench):
    started = threading.Event()
    bench.worker.submit("frame", bench.job("old", _until_stopped(started)))
    assert started.wait(60)
    bench.worker.submit("frame", bench.job("new"))
    assert bench.finish(2) == [("superseded", "old"), ("done", "new")]


@pytest.mark.parametrize(("rest", "ends"), [(LONG, "done"), (LONG + 0.1, "superseded")])
def test_a_pass_that_is_soon_done_is_finished_before_a_newer_text_is_read(bench, rest, ends):
    started, typed = threading.Event(), threading.Event()

    def run():
        started.set()
        assert typed.wait(60)
        go_on()
        return "old"

    bench.worker.submit("frame", bench.job("old", run, rest=lambda: rest))
    assert started.wait(60)
    bench.worker.submit("frame", bench.job("skipped"))
    bench.worker.submit("frame", bench.job("new"))
    typed.set()
    assert bench.finish(3) == [("superseded", "skipped"), (ends, "old"), ("done", "new")]


def test_a_pass_that_turns_out_long_is_stopped_though_it_seemed_short(bench):
    """The layers tell, one by one: what was expected when the newer text came does not count any more."""
    expected = iter([0.2, 0.4, 5.0])

    def run():
        bench.worker.submit("frame", bench.job("new"))
        for _ in range(3):
            go_on()

    bench.worker.submit("frame", bench.job("old", run, rest=lambda: next(expected)))
    assert bench.finish(2) == [("superseded", "old"), ("done", "new")]


LAYERS = 12


class Typist:
    """Types the next texts while the model is between two layers, as chance has it; the clock is the test's own."""

    def __init__(self, seed, texts, layer_seconds):
        self.chance, self.left, self.layer_seconds = np.random.default_rng(seed), texts, layer_seconds
        self.bench = Bench(lambda: self.now)
        self.now, self.typed, self.stopped, self.painted = 0.0, 0, [], [0.0]

    def type(self, least=0):
        for _ in range(max(least, self.chance.choice([0, 0, 0, 1, 2]))):
            if self.typed < self.left:
                self.type_one()

    def type_one(self):
        self.typed += 1
        text, pace = self.typed, Pace(lambda: LAYERS, lambda: self.now)
        self.bench.worker.submit("frame", self.bench.job(text, lambda: self.read(text, pace), rest=pace.rest))

    def read(self, text, pace):
        for layer in range(LAYERS):
            self.now += self.layer_seconds
            pace(layer + 1)
            self.type(least=int(layer == LAYERS - 1 and text == self.typed))
            try:
                go_on()
            except Cancelled:
                self.stopped.append((layer + 1, pace.rest(), self.now - self.painted[-1]))
                raise
        self.painted.append(self.now)
        return text


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("layer_seconds", [0.01, 0.05, 0.2, 1.0])
def test_however_somebody_types_the_last_text_is_last_and_there_are_pictures_on_the_way(seed, layer_seconds):
    typist = Typist(seed, 200, layer_seconds)
    typist.type_one()
    ended = typist.bench.finish(200)
    assert sorted(text for _, text in ended) == list(range(1, 201))  # each is answered once
    painted = [text for end, text in ended if end == "done"]
    assert painted == sorted(painted)
    assert painted[-1] == 200
    one_pass = layer_seconds * LAYERS
    if one_pass <= LONG:
        assert typist.stopped == []  # what began was painted
    for layer, rest, _waited in typist.stopped:
        assert layer < LAYERS  # what was read is shown
        assert rest > LONG
    assert max(np.diff(typist.painted)) <= 3 * one_pass + layer_seconds  # however long a pass takes


def test_a_typist_who_pauses_gets_the_newest_text_at_once(bench):
    """Two keys, and then nothing: the long pass over the first one is stopped, however often that happens."""
    for text in range(0, 6, 2):
        newer = bench.job(text + 1)

        def run(newer=newer):
            bench.worker.submit("frame", newer)
            go_on()

        bench.worker.submit("frame", bench.job(text, run, rest=lambda: 2 * LONG))
        bench.finish(text + 2)
    assert [end for end, _ in bench.ended] == ["superseded", "done"] * 3


def test_a_new_question_about_the_same_text_lets_the_pass_finish(bench):
    started, asked_again = threading.Event(), threading.Event()

    def run():
        started.set()
        assert asked_again.wait(60)
        go_on()
        return "read"

    bench.worker.submit("frame", bench.job("first", run, topic="text"))
    assert started.wait(60)
    bench.worker.submit("frame", bench.job("second", topic="text"))
    asked_again.set()
    assert bench.finish(2) == [("done", "read"), ("done", "second")]


def test_the_thread_survives_failures_of_work_and_of_answers(bench):
    def fail():
        raise ZeroDivisionError

    def undeliverable(_result):
        raise BrokenPipeError

    broken = bench.job("x")
    broken.done = undeliverable
    bench.worker.submit("a", bench.job("a", fail))
    bench.worker.submit("b", broken)
    bench.worker.submit("c", bench.job("c"))
    assert bench.finish(2) == [("failed", "a", "ZeroDivisionError"), ("done", "c")]


def test_an_idle_thread_ends_and_work_starts_another(bench, monkeypatch):
    monkeypatch.setattr(worker_module, "IDLE", 0.02)
    bench.worker.submit("a", bench.job("first"))
    bench.finish(1)
    deadline = time.monotonic() + 60
    while bench.worker._thread is not None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert bench.worker._thread is None
    bench.worker.submit("a", bench.job("second"))
    assert bench.finish(2)[-1] == ("done", "second")


def test_what_nobody_waits_for_gives_way(bench):
    """A measure of all heads stops midway for a frame, and of those that wait the frame is first."""
    started = threading.Event()

    def long():
        started.set()
        for _ in range(1000):
            go_on()
            time.sleep(0.01)

    bench.worker.submit("metric", bench.job("metric", long, yields=True))
    assert started.wait(60)
    bench.worker.submit("similar", bench.job("similar", yields=True))
    bench.worker.submit("frame", bench.job("frame"))
    assert bench.finish(3) == [("superseded", "metric"), ("done", "frame"), ("done", "similar")]


def test_a_running_job_is_cancelled_by_its_name_and_no_other(bench):
    started = threading.Event()
    long, other = bench.job("long", _until_stopped(started)), bench.job("other")
    long.name, other.name = ("one", "7"), ("two", "7")
    bench.worker.submit("flow", long)
    assert started.wait(60)
    bench.worker.submit("strip", other)
    bench.worker.cancel(("one", "7"))
    assert bench.finish(2) == [("superseded", "long"), ("done", "other")]


def test_a_waiting_job_is_dropped_at_once_and_its_slot_taken_again(bench):
    bench.busy()
    waiting, next_one = bench.job("waiting"), bench.job("next")
    waiting.name, next_one.name = "1", "2"
    bench.worker.submit("flow", waiting)
    bench.worker.cancel("1")
    assert bench.ended == [("superseded", "waiting")]
    bench.worker.submit("flow", next_one)
    assert bench.finish(3) == [("superseded", "waiting"), ("done", "held"), ("done", "next")]


def test_to_cancel_what_has_ended_or_never_was_is_nothing(bench):
    done = bench.job("done")
    done.name = "1"
    bench.worker.submit("flow", done)
    bench.finish(1)
    bench.worker.submit("flow", bench.job("nameless"))
    for name in ("1", "nobody", None):
        bench.worker.cancel(name)
    assert bench.finish(2) == [("done", "done"), ("done", "nameless")]


def test_a_held_worker_does_only_what_somebody_waits_for_and_goes_on_when_it_is_released(bench):
    bench.worker.hold()
    bench.worker.submit("frame", bench.job("asked"))
    assert bench.worker.result(lambda: "awaited", topic=None, timeout=60) == "awaited"
    assert bench.ended == []
    bench.worker.release()
    assert bench.finish(1) == [("done", "asked")]


def test_holding_stops_what_runs_and_returns_when_it_has_stopped(bench):
    started, stopped = threading.Event(), threading.Event()
    stop = _until_stopped(started)

    def run():
        try:
            return stop()
        finally:
            stopped.set()

    bench.worker.submit("frame", bench.job("long", run))
    assert started.wait(60)
    bench.worker.hold()
    assert stopped.is_set()
    bench.worker.release()
    assert bench.finish(1) == [("superseded", "long")]


def test_a_rest_lasts_until_all_is_done(bench):
    worker = Worker()
    slow = threading.Event()
    worker.submit("frame", bench.job("asked", lambda: slow.wait(60)))
    threading.Timer(0.05, slow.set).start()
    worker.rest(quiet=0.01, at_most=60)
    assert slow.is_set()
    assert bench.finish(1) == [("done", True)]


def test_a_rest_ends_although_there_is_always_more_to_do(bench):
    worker = Worker()
    worker.submit("busy", bench.job("held", lambda: bench.gate.wait(60)))
    worker.rest(quiet=0.01, at_most=0.05)
    assert bench.finish(1) == [("done", True)]


def test_a_rest_waits_for_what_is_asked_in_its_quiet_and_runs_at_once(bench):
    worker = Worker()
    assert worker.result(lambda: "the thread is there", topic=None, timeout=60)
    started, slow, rested = threading.Event(), threading.Event(), threading.Event()

    def rest():
        worker.rest(quiet=0.5, at_most=60)
        rested.set()

    threading.Thread(target=rest, daemon=True).start()
    time.sleep(0.1)
    worker.submit("frame", bench.job("asked", lambda: (started.set(), slow.wait(60))))
    assert started.wait(60)
    assert not rested.wait(1.0)
    slow.set()
    assert rested.wait(60)


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_what_ends_other_threads_does_not_end_this_one(bench, error):
    def run():
        raise error

    with pytest.raises(AttnWidgetError, match=error.__name__):
        bench.worker.result(run, topic=None, timeout=60)
    bench.worker.hold()
    assert bench.worker.result(lambda: "goes on", topic=None, timeout=60) == "goes on"


def test_a_held_worker_whose_thread_has_ended_takes_up_what_comes(bench, monkeypatch):
    monkeypatch.setattr(worker_module, "IDLE", 0.01)
    bench.worker.submit("frame", bench.job("before"))
    bench.finish(1)
    bench.worker.hold()
    bench.worker.join(60)
    assert bench.worker._thread is None
    bench.worker.submit("frame", bench.job("asked"))
    time.sleep(0.1)  # longer than it waits for work
    assert bench.ended == [("done", "before")]
    bench.worker.release()
    assert bench.finish(2)[1] == ("done", "asked")


def test_two_that_hold_and_release_again_and_again_leave_nothing_undone(bench):
    """As two explorers of one model do in a loop, while pages ask."""
    stop = threading.Event()

    def asks(who):
        number = 0
        while not stop.is_set():
            bench.worker.submit((who, number), bench.job((who, number)))
            number += 1
            time.sleep(0.001)

    asking = [threading.Thread(target=asks, args=(who,), daemon=True) for who in "ab"]
    for thread in asking:
        thread.start()
    for _ in range(50):
        bench.worker.release()
        assert bench.worker.result(lambda: "read", topic=None, timeout=60) == "read"
        bench.worker.rest(quiet=0.0, at_most=0.002)
        bench.worker.hold()
    stop.set()
    for thread in asking:
        thread.join(60)
    bench.worker.release()
    assert bench.worker.result(lambda: "last", topic=None, timeout=60) == "last"
    bench.worker.rest(quiet=0.05, at_most=60)
    assert bench.worker._waiting == {}


def test_holding_lets_what_another_thread_waits_for_come_to_its_end(bench):
    started, found = threading.Event(), []

    def run():
        started.set()
        assert bench.gate.wait(60)
        go_on()
        return "whole"

    other = threading.Thread(target=lambda: found.append(bench.worker.result(run, topic=None, timeout=60)), daemon=True)
    other.start()
    assert started.wait(60)
    threading.Timer(0.1, bench.gate.set).start()
    bench.worker.hold()
    other.join(60)
    assert found == ["whole"]


def test_what_an_interrupted_cell_waited_for_is_let_go(bench, monkeypatch):
    bench.busy()

    class Interrupted(threading.Event):
        def wait(self, _timeout=None):
            raise KeyboardInterrupt

    ran = []
    with monkeypatch.context() as patched:
        patched.setattr(worker_module.threading, "Event", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            bench.worker.result(lambda: ran.append("read"), topic=None, timeout=60)
    bench.finish(1)
    assert bench.worker.result(lambda: "next", topic=None, timeout=60) == "next"
    assert ran == []
