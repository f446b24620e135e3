"""All Python tests: first those without a browser, on every core; then those in a browser, which want the machine to themselves.

    python scripts/run_tests.py -k rollout

Arguments are pytest's.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTHING_FOUND = 5  # pytest's exit code
MOST_PROCESSES = 8
"""Each one imports torch and transformers: half a gigabyte."""


def main(arguments: list[str]) -> int:
    paths = [given for given in arguments if (ROOT / given.split("::")[0]).exists()]
    cores = min(os.cpu_count() or 1, MOST_PROCESSES)
    # A file stays in one process: its models are built once.
    spread = ["-n", str(cores), "--dist", "loadfile"] if cores > 1 and not paths else []
    codes = [
        pytest(["-m", "not browser", *spread, *arguments]),
        pytest(["-m", "browser", *([] if paths else ["tests/browser"]), *arguments]),
    ]
    failed = [code for code in codes if code not in {0, NOTHING_FOUND}]
    if failed:
        return failed[0]
    return NOTHING_FOUND if set(codes) == {NOTHING_FOUND} else 0


def pytest(arguments: list[str]) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
