"""A survey that was saved and read again is the same survey."""

import numpy as np
import pytest

import attnwidget as aw
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.surveys.answers_file import write_answers
from attnwidget.experiments.surveys.result import Survey


@pytest.mark.parametrize("suffix", [".parquet", ".json"])
def test_it_says_the_same_after_reading(suffix, tmp_path):
    texts = [{"text": f"The {animal} sat on the mat.", "animal": animal} for animal in ("cat", "dog", "bird")]
    found = aw.survey(aw.load(), [*texts, "", "the " * 2_000], aw.claim("L0H2", reads="previous token"), progress=False)
    file = found.save(tmp_path / f"found{suffix}")
    again = Survey.load(file)
    assert (again.said, dict(again.recipe), again.notes) == (found.said, dict(found.recipe), found.notes)
    assert (again.unread, again.unanswered, len(again)) == (found.unread, found.unanswered, 3)
    assert np.array_equal(again.values, found.values, equal_nan=True)
    assert all(np.array_equal(again.controls[name], found.controls[name], equal_nan=True) for name in found.controls)
    assert repr(again) == repr(found)
    assert again.example(1) == found.example(1)
    assert [one.columns for one in again.texts()] == [one.columns for one in found.texts()]


def test_names_without_a_suffix_and_files_that_hold_no_survey(tmp_path):
    found = aw.survey(aw.load(), ["The cat sat."], aw.entropy, controls=[], progress=False)
    assert found.save(tmp_path / "found").name == "found.parquet"
    assert len(Survey.load(tmp_path / "found")) == 1
    with pytest.raises(AttnWidgetError, match="holds answers, but no survey"):
        Survey.load(write_answers(tmp_path / "answers.json", found.answers, {}))
