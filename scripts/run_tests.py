"""All Python tests, in the order in which they disturb each other least.

    python scripts/run_tests.py -k rollout
    python scripts/run_tests.py --long          only the soaks and matrices that `make test` leaves out

First those without a browser, on every core; then those of the bare page, two at a time; then JupyterLab, alone.
Other arguments are pytest's.

To check the annotations of all that runs takes as long as the tests themselves. It is done for the examples in the docstrings, which
call everything that is public, for files that are named, and with --long for all tests that need no browser, which are then run once more.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
NOTHING_FOUND = 5  # pytest's exit code
CORES = os.cpu_count() or 1


class Group(NamedTuple):
    """Tests that run together: which, how, and in how many processes."""

    marked: str
    arguments: tuple[str, ...]
    processes: int


UNCHECKED = "--jaxtyping-packages="
"""pytest's option that leaves annotations alone."""

# A folder that is named has its conftest.py imported, models and all, before the first process for tests is started.
WITHOUT_BROWSER = (UNCHECKED, "tests", "--ignore=tests/browser")
WITH_BROWSER = (UNCHECKED, "tests", "--ignore=tests/unit", "--ignore=tests/model")

# Each process imports torch and transformers: half a gigabyte.
EXAMPLES = Group("not browser", ("attnwidget",), min(CORES, 8))
KERNEL = Group("not browser", WITHOUT_BROWSER, min(CORES, 8))
BROWSER = (
    # A page, a kernel's work and a test want more than one core between them.
    Group("browser and not jupyterlab", WITH_BROWSER, min(CORES, 2)),
    Group("jupyterlab", WITH_BROWSER, 1),
)
CHECKED = Group("not browser", (), min(CORES, 8))
"""All that needs no browser, annotations checked."""


def main(arguments: list[str]) -> int:
    rest = [given for given in arguments if given != "--long"]
    named = any((ROOT / given.split("::")[0]).exists() for given in rest)
    codes = [pytest([*chosen, *rest]) for chosen in selected(long="--long" in arguments, named=named)]
    failed = [code for code in codes if code not in {0, NOTHING_FOUND}]
    if failed:
        return failed[0]
    return NOTHING_FOUND if set(codes) == {NOTHING_FOUND} else 0


def selected(*, long: bool, named: bool) -> list[list[str]]:
    """Pytest's arguments for each of its runs; where files are named, for those only, and each in one process."""
    length = "long" if long else "not long"
    if named:
        return [["-m", f"{group.marked} and {length}"] for group in (CHECKED, *BROWSER)]
    if long:
        return [spread(CHECKED, CHECKED.marked), *(spread(group, f"{group.marked} and long") for group in BROWSER)]
    return [spread(group, f"{group.marked} and not long") for group in (EXAMPLES, KERNEL, *BROWSER)]


def spread(group: Group, marked: str) -> list[str]:
    # A file stays in one process: its models are built once.
    processes = ["-n", str(group.processes), "--dist", "loadfile"] if group.processes > 1 else []
    return ["-m", marked, *processes, *group.arguments]


def pytest(arguments: list[str]) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
