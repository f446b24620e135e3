"""Whoever starts long work says when it ends, on its own thread, however deep it is."""

import threading

import pytest

import attnwidget as aw
from attnwidget.engine.stopping import go_on, stopping_when, to_the_end
from attnwidget.errors import Cancelled


def test_either_of_two_may_ask_for_the_end():
    for outer, inner in ((True, False), (False, True)):
        with (
            stopping_when(lambda outer=outer: outer),
            stopping_when(lambda inner=inner: inner),
            pytest.raises(Cancelled),
        ):
            go_on()
    with stopping_when(lambda: True):
        with to_the_end() as enough:
            go_on()
            assert enough()
        with pytest.raises(Cancelled):
            go_on()
    go_on()


def test_another_thread_is_not_asked():
    went = []

    def beside():
        go_on()
        went.append(True)

    with stopping_when(lambda: True):
        thread = threading.Thread(target=beside)
        thread.start()
        thread.join(10)
    assert went


@pytest.mark.parametrize("measure", [aw.entropy, aw.patterns, aw.head_distances, aw.rollout])
def test_any_measure_can_be_stopped(measure):
    trace = aw.load().trace("The cat sat on the mat.")
    with stopping_when(lambda: True), pytest.raises(Cancelled):
        measure(trace)
    assert measure(trace)
