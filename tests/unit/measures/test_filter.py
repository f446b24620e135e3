"""What is kept of a row: every way of writing it comes to one, and nonsense is refused with what is possible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import attnwidget as aw
from attnwidget.frames.filter import Filter, read_filter


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("70 %", "mass 0.7"),
        ("70%", "mass 0.7"),
        ("mass 0.7", "mass 0.7"),
        ("Mass 70 %", "mass 0.7"),
        (("mass", 0.7), "mass 0.7"),
        ("top 5", "top 5"),
        ("top5", "top 5"),
        (("top", 5), "top 5"),
        (5, "top 5"),
        ("least 0.01", "least 0.01"),
        (">= 0.01", "least 0.01"),
        ("0.01", "least 0.01"),
        (0.01, "least 0.01"),
        ("all", "all"),
        (" AUTO ", "auto"),
        (Filter("mass", 0.5), "mass 0.5"),
    ],
)
def test_every_way_of_writing_it(written, canonical):
    assert str(read_filter(written)) == canonical
    assert str(read_filter(canonical)) == canonical


WORDS = ["", "few", "mass", "mass 0", "170 %", "top 0", "top 2.5", "least 2", "top 5 %", "mass " + "9" * 99]


@pytest.mark.parametrize(
    "wrong",
    [
        *WORDS,
        True,
        None,
        0,
        -1,
        1.5,
        10**400,
        ("top", 10**400),
        ("mass",),
        ("mass", "much"),
        ("mass", float("nan")),
        {},
        [],
        float("nan"),
    ],
)
def test_what_is_no_filter_is_refused(wrong):
    with pytest.raises(aw.AttnWidgetError, match="top 5"):
        read_filter(wrong)


@given(st.one_of(st.text(), st.floats(), st.integers(), st.lists(st.one_of(st.text(), st.floats(), st.none()))))
def test_any_value_is_a_filter_or_a_sentence(value):
    try:
        found = str(read_filter(value))
    except aw.AttnWidgetError as error:
        assert str(error).endswith(".")  # noqa: PT017
    else:
        assert str(read_filter(found)) == found
