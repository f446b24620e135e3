"""The wheel holds everything that a user without a checkout needs, and works away from the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

USE = """
import attnwidget as aw
from attnwidget.tiny.causal import FOLDER
assert FOLDER.is_relative_to({folder!r}), FOLDER
explorer = aw.explore(text="The river")
print(len(explorer.trace.text), len(str(explorer._esm)) > 1000)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel of the checkout, with the bundle that is there."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "ATTNWIDGET_SKIP_JS": "1"}, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_is_complete_and_clean(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    needed = {
        "static/loader.js",
        "static/explorer.js",
        "static/explorer.css",
        "static/page.js",
        "tiny/causal/model/model.safetensors",
        "tiny/classifier/model/model.safetensors",
        "tiny/vision/model/model.safetensors",
        "tiny/vision/model/preprocessor_config.json",
        "py.typed",
    }
    assert {f"attnwidget/{name}" for name in needed} <= names
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"attnwidget"}
    assert not [name for name in names if "node_modules" in name or "__pycache__" in name]


@pytest.mark.long
def test_the_wheel_works_on_its_own(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path)
    program = USE.format(folder=str(tmp_path))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    tokens, bundled = ran.stdout.split()
    assert int(tokens) > 1
    assert bundled == "True"
