"""The table of families in the engine's README is that of today's parity matrix."""

from pathlib import Path

import attnwidget as aw
from tests.model.families import FAMILIES

ROWS = [
    [cell.strip() for cell in line.strip("|\n").split("|")]
    for line in (Path(aw.__file__).parent / "engine" / "README.md")
    .read_text(encoding="utf-8")
    .partition("<!-- families -->")[2]
    .partition("<!-- /families -->")[0]
    .splitlines()
    if line.startswith("|")
][2:]
"""Cells of each family: name, model class, path, parts, largest error, remark."""

AGAIN = "write it again: python -m tests.model.families"


def test_every_family_is_there_with_its_path():
    order = ["interface", "eager", "refused"]
    expected = [[family.name, family.model, family.path] for family in FAMILIES.values()]
    assert [row[:3] for row in ROWS] == sorted(expected, key=lambda row: order.index(row[2])), AGAIN


def test_every_error_is_within_the_tolerance_of_the_matrix():
    for name, _, path, parts, error, remark in ROWS:
        family = FAMILIES[name]
        assert set(filter(None, parts.split(", "))) == set(family.parts), AGAIN
        if path == "refused":
            assert (error, bool(remark)) == ("", True), AGAIN
        else:
            assert float(error) <= family.tolerance * 1.05, AGAIN  # one digit is shown
