"""All Python tests, in the order in which they disturb each other least.

    python scripts/run_tests.py -k rollout
    python scripts/run_tests.py --long          only the soaks and matrices that `make test` leaves out

First those without a browser, on every core; then those of the bare page, two at a time; then JupyterLab, alone.
Other arguments are pytest's.
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


# The annotations of what runs are checked in the tests without a browser; here that would only cost time.
BROWSER = ("--jaxtyping-packages=", "tests/browser")
GROUPS = (
    # Each process imports torch and transformers: half a gigabyte.
    Group("not browser", (), min(CORES, 8)),
    # A page, a kernel's work and a test want more than one core between them.
    Group("browser and not jupyterlab", BROWSER, min(CORES, 2)),
    Group("jupyterlab", BROWSER, 1),
)


def main(arguments: list[str]) -> int:
    length = "long" if "--long" in arguments else "not long"
    rest = [given for given in arguments if given != "--long"]
    named = any((ROOT / given.split("::")[0]).exists() for given in rest)
    codes = [pytest([*selected(group, length, named=named), *rest]) for group in GROUPS]
    failed = [code for code in codes if code not in {0, NOTHING_FOUND}]
    if failed:
        return failed[0]
    return NOTHING_FOUND if set(codes) == {NOTHING_FOUND} else 0


def selected(group: Group, length: str, *, named: bool) -> list[str]:
    """Pytest's arguments for a group; where files are named, those only, and in one process."""
    marks = ["-m", f"{group.marked} and {length}"]
    if named:
        return marks
    # A file stays in one process: its models are built once.
    spread = ["-n", str(group.processes), "--dist", "loadfile"] if group.processes > 1 else []
    return [*marks, *spread, *group.arguments]


def pytest(arguments: list[str]) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
