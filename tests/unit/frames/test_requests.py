"""Messages from the page: good ones become requests, garbage becomes one sentence."""

import contextlib
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnwidget.errors import BadRequest
from attnwidget.widget.answering.requests import REQUEST_KINDS, Request, parse_request


def test_a_full_request():
    request = parse_request(
        {
            "id": "7",
            "kind": "frame",
            "text": "a b",
            "layer": 1,
            "head": 2,
            "direction": "read_by",
            "source": "rollout",
            "caret": [1, 2],
        }
    )
    assert (request.id, request.layer, request.direction, request.caret) == ("7", 1, "read_by", (1, 2))
    assert request.query is None


def test_lone_surrogates_are_replaced():
    assert parse_request({"id": "1", "kind": "frame", "text": "a\ud83d"}).text == "a\ufffd"


def test_a_request_names_its_part_or_leaves_it_to_the_model():
    assert parse_request({"id": "1", "kind": "frame"}).part == "self"
    assert parse_request({"id": "1", "kind": "frame", "part": "encoder"}).part == "encoder"


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "frame",
        {},
        {"id": 3, "kind": "frame"},
        {"id": "1"},
        {"id": "1", "kind": "shutdown"},
        {"id": "1", "kind": "frame", "text": 3},
        {"id": "1", "kind": "frame", "layer": "0"},
        {"id": "1", "kind": "frame", "layer": True},
        {"id": "1", "kind": "frame", "caret": [1]},
        {"id": "1", "kind": "frame", "caret": [1, "2"]},
        {"id": "1", "kind": "frame", "query": [0.5, 1]},
        {"id": "1", "kind": "frame", "direction": "sideways"},
        {"id": "1", "kind": "frame", "source": None},
        {"id": "1", "kind": "frame", "first": 1},
        {"id": "1", "kind": "frame", "part": None},
        {"id": "1", "kind": "metric", "name": 3},
        {"id": "1", "kind": "similar", "count": 2.5},
        {"id": "1", "kind": "similar", "count": True},
        {"id": 1, "kind": "cancel"},
        {"id": "1", "kind": "metric", "partial": 1},
    ],
)
def test_garbage(content):
    with pytest.raises(BadRequest):
        parse_request(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=8,
)
FIELDS = [field.name for field in fields(Request)]
ODD = [
    None,
    True,
    -1,
    10**400,
    0.5,
    float("nan"),
    "",
    "frame",
    "\ud800",
    [],
    [1],
    [1, "2"],
    [[1, 2, 3]],
    [[True, 1]],
    {},
]


@given(
    JSON
    | st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from(["1", *REQUEST_KINDS]))
    | st.fixed_dictionaries(
        {"id": st.just("1"), "kind": st.sampled_from(REQUEST_KINDS)},
        optional={name: JSON for name in FIELDS if name not in {"id", "kind"}},
    )
)
def test_nothing_else_is_ever_raised(content):
    with contextlib.suppress(BadRequest):
        parse_request(content)


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_checked(name):
    """Whatever stands in a field, it comes in as its own type, or not at all."""
    kind = type(getattr(parse_request({"id": "1", "kind": "frame"}), name))
    for value in ODD:
        with contextlib.suppress(BadRequest):
            read = getattr(parse_request({"id": "1", "kind": "frame", name: value}), name)
            assert type(read) in {kind, tuple if kind is type(None) else kind}
