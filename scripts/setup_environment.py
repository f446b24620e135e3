"""Make .venv and install attnwidget into it, editable, with one dependency group of pyproject.toml.

    python scripts/setup_environment.py test

Does nothing, quickly, when nothing that matters has changed since the last time. Started by a Python that is too old, it looks for
a newer one on PATH and goes on with that.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST_PYTHON = (3, 11)
INPUTS = ("pyproject.toml", "constraints.txt", "hatch_build.py", "attnwidget/version.py")


def newer_python() -> str:
    """A Python on PATH that is new enough."""
    for minor in (13, 12, 11, 14):
        found = shutil.which(f"python3.{minor}")
        if found and subprocess.run([found, "-c", ""], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return found
    here = ".".join(str(part) for part in sys.version_info[:3])
    sys.exit(
        f"attnwidget needs Python 3.11 or newer; this is {here}. Name another one: make PYTHON=/path/to/python3.12"
    )


def make_venv() -> None:
    if PYTHON.exists():
        return
    print("Making .venv ...", flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False)
    if made.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit("Python could not make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv")


def pip(*arguments: str) -> None:
    # make builds the bundle itself, and says so, where the build hook would do it unseen.
    environment = {**os.environ, "ATTNWIDGET_SKIP_JS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run([str(PYTHON), "-m", "pip", *arguments], cwd=ROOT, env=environment, check=True)


def fingerprint() -> str:
    digest = hashlib.sha256()
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def install(group: str) -> None:
    print(f"Installing attnwidget and its `{group}` group into .venv ...", flush=True)
    stamp, package_stamp = VENV / f".installed-{group}", VENV / ".installed-package"
    now = fingerprint()
    package = [] if is_current(package_stamp, now) else ["--editable", "."]
    pip("install", "--quiet", "--upgrade", "pip>=25.1")  # --group is new; Python 3.11 brings pip 23
    pip("install", "--quiet", "--constraint", "constraints.txt", *package, "--group", group)
    install_node_if_missing()
    for path in (stamp, package_stamp):
        path.write_text(now, encoding="utf-8")


def install_node_if_missing() -> None:
    import javascript

    if javascript.npm_on_path() is None:
        pip("install", "--quiet", javascript.NODE_PACKAGE)


def is_current(stamp: Path, now: str) -> bool:
    return stamp.exists() and stamp.read_text(encoding="utf-8") == now


def main(group: str) -> None:
    make_venv()
    if not is_current(VENV / f".installed-{group}", fingerprint()):
        install(group)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if sys.version_info < OLDEST_PYTHON:
        newer = newer_python()
        os.execv(newer, [newer, *sys.argv])
    try:
        main(sys.argv[1])
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
