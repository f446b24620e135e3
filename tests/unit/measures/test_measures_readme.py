"""The overview of measures names every public one, and each of them documents itself."""

import inspect
import re
from pathlib import Path

import pytest

import attnwidget as aw
from attnwidget.lazy import homes

README = Path(aw.__file__).parent / "measures" / "README.md"
PUBLIC = sorted(
    name
    for name, home in homes(aw.__file__).items()
    if home.startswith(("attnwidget.measures.", "attnwidget.experiments."))
)


def test_the_overview_names_exactly_the_public_measures():
    rows = [line.split("|")[1] for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_each_documents_itself(name):
    measure = getattr(aw, name)
    told = inspect.getdoc(measure)
    assert "Raises" in told
    assert "Source" in told
    assert ">>> " in told
    takes = inspect.signature(measure).parameters
    assert next(iter(takes)) in {"trace", "model", "a", "reference", "checkpoints"}
    assert "part" in takes or name in {
        "drift",
        "effect",
        "lens",
        "direct_effects",
        "variants",
    }  # an edit says its part, a head has one
