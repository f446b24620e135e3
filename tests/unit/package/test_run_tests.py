"""How `make test` and `make test-long` divide the tests between them."""

from itertools import product

import pytest

from scripts.run_tests import UNCHECKED, selected

KINDS = ({}, {"browser": True}, {"browser": True, "jupyterlab": True})


def runs_with(marks, **how):
    """The runs that a test with such marks is part of."""
    return [run for run in selected(**how) if eval(run[run.index("-m") + 1], {}, marks)]  # noqa: S307  ours


@pytest.mark.parametrize(("kind", "is_long"), [*product(KINDS, (True, False))])
@pytest.mark.parametrize("named", [False, True])
def test_every_test_is_run_by_its_command(kind, is_long, named):
    marks = {"browser": False, "jupyterlab": False, **kind, "long": is_long}
    short, long = (runs_with(marks, long=length, named=named) for length in (False, True))
    assert bool(short) == (not is_long)
    assert bool(long) == (is_long or (not kind and not named))
    # Of the examples and of the tests without a browser each has a run, by its folder.
    assert len(short) <= (1 if kind or named else 2)
    assert len(long) <= 1


def test_every_folder_of_tests_is_run():
    _, kernel, *browsers = selected(long=False, named=False)
    for run, left in (kernel, {"browser"}), *((run, {"unit", "model"}) for run in browsers):
        assert "tests" in run
        assert {argument for argument in run if argument.startswith("--ignore")} == {
            f"--ignore=tests/{name}" for name in left
        }


def test_annotations_are_checked_in_examples_and_by_the_long_run():
    examples, kernel, *browsers = selected(long=False, named=False)
    assert examples[-1] == "attnwidget"
    assert UNCHECKED not in examples
    assert all(UNCHECKED in each for each in (kernel, *browsers))
    assert UNCHECKED not in selected(long=True, named=False)[0]


def test_a_file_that_is_named_runs_in_one_process():
    for run in selected(long=False, named=True):
        assert "-n" not in run
        assert UNCHECKED not in run
