"""The worker: latest wins within a slot, nobody starves, nothing ends the thread."""

import threading
import time

import pytest

from attnwidget.engine import go_on
from attnwidget.widget.answering import worker as worker_module
from attnwidget.widget.answering.worker import Job, Worker


class Bench:
    """Jobs whose ends are written down, with a gate that holds the worker busy."""

    def __init__(self):
        self.worker = Worker()
        self.ended = []
        self.gate = threading.Event()

    def job(self, name, run=None, topic=None, *, yields=False):
        return Job(
            run=run or (lambda: name),
            done=lambda result: self.ended.append(("done", result)),
            failed=lambda error: self.ended.append(("failed", name, type(error).__name__)),
            superseded=lambda: self.ended.append(("superseded", name)),
            topic=topic if topic is not None else name,
            yields=yields,
        )

    def busy(self):
        started = threading.Event()

        def hold():
            started.set()
            self.gate.wait(10)
            return "held"

        self.worker.submit("busy", self.job("held", hold))
        assert started.wait(10)

    def finish(self, count):
        self.gate.set()
        deadline = time.monotonic() + 10
        while len(self.ended) < count and time.monotonic() < deadline:
            time.sleep(0.002)
        return self.ended


@pytest.fixture
def bench():
    return Bench()


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
    assert started.wait(10)
    bench.worker.submit("frame", bench.job("new"))
    assert bench.finish(2) == [("superseded", "old"), ("done", "new")]


def test_a_new_question_about_the_same_text_lets_the_pass_finish(bench):
    started, asked_again = threading.Event(), threading.Event()

    def run():
        started.set()
        assert asked_again.wait(10)
        go_on()
        return "read"

    bench.worker.submit("frame", bench.job("first", run, topic="text"))
    assert started.wait(10)
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
    deadline = time.monotonic() + 10
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
    assert started.wait(10)
    bench.worker.submit("similar", bench.job("similar", yields=True))
    bench.worker.submit("frame", bench.job("frame"))
    assert bench.finish(3) == [("superseded", "metric"), ("done", "frame"), ("done", "similar")]


def test_a_running_job_is_cancelled_by_its_name_and_no_other(bench):
    started = threading.Event()
    long, other = bench.job("long", _until_stopped(started)), bench.job("other")
    long.name, other.name = ("one", "7"), ("two", "7")
    bench.worker.submit("flow", long)
    assert started.wait(10)
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
