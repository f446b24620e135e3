"""ex.save: the explorer as a file."""

import base64
import gzip
import re

import pytest

import attnwidget as aw
from attnwidget.errors import AttnWidgetError
from tests.unit.frames.frames_read import decode


@pytest.fixture
def explorer():
    made = aw.explore(text="The cat sat on the mat.", layer=1, head=2)
    yield made
    made.close()


def test_a_page_says_what_it_is(explorer, tmp_path):
    path = explorer.save(tmp_path / "lesson.v2", lead="Look at <the> second “the”.")
    assert path == tmp_path / "lesson.v2.html"
    page = path.read_text("utf-8")
    assert '<h1 dir="auto">The cat sat on the mat. · attention of tiny-causal</h1>' in page
    assert "Look at &lt;the&gt; second" in page
    assert re.search(r"tiny-causal · \d+ \w+ \d{4} · attnwidget [\d.]+", page)
    assert "Softmax weights of one head, fp32, no renormalisation · rows sum to 1.000. Head L1H2 and what" in page
    assert [each.name for each in tmp_path.iterdir()] == ["lesson.v2.html"]
    assert "Mine" in explorer.save(tmp_path / "other.htm", title="Mine").read_text("utf-8")


def saved(explorer, path):
    """The header of the data in a page."""
    packed = re.search(r'<script type="application/gzip" id="data">([^<]+)<', explorer.save(path).read_text("utf-8"))
    return decode(gzip.decompress(base64.b64decode(packed[1])))[0]


def test_a_page_has_what_is_shown_of_a_text_with_edits(explorer, tmp_path):
    explorer.edits = ["hide 1", "(silence L1H1)"]
    for shows in ("after", "difference"):  # a page holds one reading
        explorer.shows = shows
        header = saved(explorer, tmp_path / "page.html")
        assert header["frame"]["edits"] == ["hide 1"]
        assert header["traits"]["edits"] == ["hide 1", "(silence L1H1)"]
        assert header["traits"]["look"]["shows"] == "after"
        assert "with hide 1" in header["facts"]["1 2"]["recipe"]
    explorer.shows = "before"
    header = saved(explorer, tmp_path / "page.html")
    assert "edits" not in header["frame"]
    assert header["traits"]["edits"] == ["(hide 1)", "(silence L1H1)"]


@pytest.mark.parametrize("path", ["missing/page.html", "folder.html", 5, "a\0b"])
def test_what_cannot_be_written_is_said_and_leaves_nothing(explorer, tmp_path, path):
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(AttnWidgetError, match=r"could not be written|not a path|does not name a file"):
        explorer.save(tmp_path / path if isinstance(path, str) else path)
    assert [each.name for each in tmp_path.iterdir()] == ["folder.html"]


def test_a_text_that_cannot_be_read_leaves_the_old_page(explorer, tmp_path):
    path = explorer.save(tmp_path / "page.html")
    before = path.read_text("utf-8")
    explorer.text = ""
    with pytest.raises(AttnWidgetError):
        explorer.save(path)
    assert path.read_text("utf-8") == before
