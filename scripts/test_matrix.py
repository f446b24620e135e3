"""Run the parity matrix on the lowest transformers that pyproject.toml allows, and on the newest, in .venv.

    python scripts/test_matrix.py [pytest arguments]

The lowest has an environment of its own, .venv-lowest, which is kept. Prints one line for each at the end.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import setup_environment

ROOT = setup_environment.ROOT
LOWEST = ROOT / ".venv-lowest"
NEEDED = ("beartype", "hypothesis", "pytest>=8.4", "pytest-timeout")
MATRIX = "tests/model/exact/test_matrix.py"
COUNT = """
import transformers
from tests.model.families import FAMILIES
print(transformers.__version__, sum(family.known() for family in FAMILIES.values()), len(FAMILIES))
"""


def python_of(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def lowest_constraints() -> str:
    """constraints.txt with the lowest transformers in place of the newest."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'"transformers>=([\d.]+)', project)
    if found is None:
        sys.exit("pyproject.toml does not say which transformers is the lowest.")
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    return re.sub(r"(?m)^transformers==.*$", f"transformers=={found[1]}", pinned)


def make_lowest() -> None:
    """.venv-lowest, made anew in full only when what it is made from has changed."""
    constraints = lowest_constraints()
    now = setup_environment.fingerprint() + "\n" + "\n".join(NEEDED) + "\n" + constraints
    stamp = LOWEST / ".installed-matrix"
    if setup_environment.is_current(stamp, now):
        return
    print("Making .venv-lowest ...", flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(LOWEST)], check=True)
    listed = LOWEST / "constraints.txt"
    listed.write_text(constraints, encoding="utf-8")
    environment = {**os.environ, "ATTNWIDGET_SKIP_JS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    install = [str(python_of(LOWEST)), "-m", "pip", "install", "--quiet", "--constraint", str(listed)]
    subprocess.run([*install, "--editable", ".", *NEEDED], cwd=ROOT, env=environment, check=True)
    stamp.write_text(now, encoding="utf-8")


def run(python: Path, arguments: list[str]) -> tuple[bool, str]:
    """(whether all passed, a line that says how it went) of the matrix in one environment."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    counted = subprocess.run(
        [str(python), "-c", COUNT], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    version, known, families = counted.stdout.split()[-3:]
    print(f"The matrix with transformers {version} ...", flush=True)
    command = [str(python), "-m", "pytest", MATRIX, "-q", *arguments]
    last = ""
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as tests:
        for line in tests.stdout or ():
            print(line, end="", flush=True)
            last = line.strip() or last
    lacking = int(families) - int(known)
    beyond = f", {lacking} need a newer one" if lacking else ""
    return tests.returncode == 0, f"transformers {version}: {known} of {families} families{beyond}: {last.strip('= ')}"


def main(arguments: list[str]) -> None:
    make_lowest()
    found = [run(python_of(environment), arguments) for environment in (LOWEST, setup_environment.VENV)]
    print()
    for _, line in found:
        print(line)
    sys.exit(0 if all(passed for passed, _ in found) else 1)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
