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


RESULTS = {"Survey"}
OF_SOMETHING_ELSE = {"AttentionLog": "a path", "claim": "heads"}
WITHOUT_PART = {
    *("drift", "effect", "lens", "direct_effects", "variants"),  # an edit says its part, a head has one
    *(
        "judge_methods",
        "fact_use",
        "judge_alignments",
        "probe",
        "smoothing",
        "survey",
        "AttentionLog",
    ),  # hidden states, or many measures
}


def test_the_overview_names_exactly_the_public_measures():
    rows = [line.split("|")[1] for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_each_documents_itself(name):
    measure = getattr(aw, name)
    told = inspect.getdoc(measure)
    if name in RESULTS:
        return  # what a measure gives is told by the measure
    assert "Raises" in told
    assert "Source" in told
    assert ">>> " in told
    takes = inspect.signature(measure).parameters
    assert next(iter(takes)) in {"trace", "model", "a", "reference", "checkpoints"} or name in OF_SOMETHING_ELSE
    assert "part" in takes or name in WITHOUT_PART
