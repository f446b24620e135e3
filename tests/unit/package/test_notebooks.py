"""Every lesson runs from top to bottom, and is stored without what it put out."""

import json
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[3] / "notebooks").glob("*.ipynb"))

lessons = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


# Each takes a kernel and some ten seconds. The first one make test runs too, in JupyterLab.
@pytest.mark.long
@lessons
def test_a_lesson_runs(path):
    import nbformat  # takes seconds, also where the tests of this file are only counted
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    NotebookClient(notebook, timeout=100, kernel_name="python3").execute()


@lessons
def test_a_lesson_is_stored_clean(path):
    stored = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in stored["cells"] if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in code] == [[]] * len(code)
    assert {cell["execution_count"] for cell in code} == {None}
    assert stored["metadata"]["kernelspec"]["name"] == "python3"
    assert "widgets" not in stored["metadata"]
