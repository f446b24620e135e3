"""A graph where a text would stand: hovered, chosen from, gone through by keys."""

import re

import pytest
import torch
from playwright.sync_api import expect

import attnwidget as aw
from tests.browser.until import until

NAMES = ["Ann", "Bob", "Cleo", "Dan"]
EDGES = [[0, 1, 2, 3, 0], [1, 2, 3, 0, 2]]
WEIGHTS = torch.tensor([[1.0, 0.5], [0.25, 0.5], [1.0, 1.0], [1.0, 1.0], [0.75, 0.5]])
CLEO = re.compile("Cleo.*reads")
AT = [(0, 0), (2, 0), (2, 1), (0, 1)]
"""The corners of a box, so that one knows where to point."""


@pytest.fixture
def graph():
    return aw.Trace.from_edges(EDGES, [WEIGHTS, WEIGHTS.flip(1)], NAMES, positions=AT)


def corner(net, node):
    """Where a node stands: 26 pixels from the sides or 16 from top and bottom, in the middle of the other."""
    box = net.bounding_box()
    scale = min((box["width"] - 52) / 2, box["height"] - 32)
    x, y = AT[node]
    return box["x"] + box["width"] / 2 + (x - 1) * scale, box["y"] + box["height"] / 2 + (0.5 - y) * scale


def painted(net, x, y):
    """The colour of the upper canvas at a place of the page: nothing, or what is read."""
    return (
        net.locator("canvas")
        .nth(1)
        .evaluate(
            """(canvas, [x, y]) => {
          const { left, top, width } = canvas.getBoundingClientRect();
          const ratio = canvas.width / width;
          return [...canvas.getContext("2d").getImageData((x - left) * ratio, (y - top) * ratio, 1, 1).data];
        }""",
            [x, y],
        )
    )


def test_a_node_is_looked_at_chosen_and_left_by_keys(bare, page, graph):
    explorer = bare.view(graph)
    root = explorer.shown.root
    net = root.locator(".aw-graph")
    expect(root.get_by_text("4 nodes, 5 edges")).to_be_visible()
    page.mouse.move(*corner(net, 2))
    expect(root.get_by_role("heading", name=CLEO)).to_be_visible()
    until(page, lambda: painted(net, *corner(net, 0))[0] > painted(net, *corner(net, 0))[2] + 40)
    assert painted(net, *corner(net, 3))[:1] == painted(net, *corner(net, 3))[2:3]  # nobody there is read
    page.mouse.down()
    page.mouse.up()
    until(page, lambda: explorer.query == (2, 3))
    net.press("ArrowLeft")
    until(page, lambda: explorer.query == (3, 4))
    net.press("ArrowDown")
    until(page, lambda: explorer.query == (0, 1))
