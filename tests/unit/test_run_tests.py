"""How `make test` divides the tests: each one is run once, by `make test` or by `make test-long`."""

from itertools import product

import pytest

from scripts.run_tests import GROUPS, selected

KINDS = ({}, {"browser": True}, {"browser": True, "jupyterlab": True})


@pytest.mark.parametrize(("kind", "long"), [*product(KINDS, (True, False))])
def test_every_test_belongs_to_one_group_and_one_command(kind, long):
    marks = {"browser": False, "jupyterlab": False, **kind, "long": long}
    chosen = [
        length
        for group in GROUPS
        for length in ("long", "not long")
        if eval(selected(group, length, named=True)[1], {}, marks)  # noqa: S307  an expression of ours
    ]
    assert chosen == ["long" if long else "not long"]


def test_a_file_that_is_named_runs_in_one_process():
    for group in GROUPS:
        assert selected(group, "not long", named=True) == ["-m", f"{group.marked} and not long"]


def test_without_a_browser_annotations_are_checked():
    kernel, *browsers = (selected(group, "not long", named=False) for group in GROUPS)
    assert "--jaxtyping-packages=" not in kernel
    assert all("--jaxtyping-packages=" in each for each in browsers)
