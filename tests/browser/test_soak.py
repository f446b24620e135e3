"""What only time shows: memory, listeners and kept answers after hundreds of edits, views and figures."""

import pytest
from playwright.sync_api import expect

from tests.browser.explorer_page import FRAMES
from tests.browser.memory import held

pytestmark = [pytest.mark.long, pytest.mark.own_page, pytest.mark.timeout(900)]

TEXT = "The capital of France is Paris. The river of Veldt is Miro. The capital of France is"
WARM_UP, EDITS = 60, 500
MEGABYTE = 2**20


@pytest.fixture
def explorer(bare):
    return bare.open(text=TEXT)


def edit(explorer, number):
    """One edit of another text each, looked at until it is drawn."""
    text = f"{TEXT} {'Paris Miro Veldt France'.split()[number % 4]} {number}"
    explorer.shown.replace_text(text)
    explorer.shown.page.wait_for_function(
        "(length) => document.querySelector('.attnwidget').dataset.paintedTextLength === String(length)", arg=len(text)
    )


def test_five_hundred_edits_leave_memory_flat(explorer):
    for number in range(WARM_UP):
        edit(explorer, number)
    before = held(explorer.shown.page)
    for number in range(WARM_UP, WARM_UP + EDITS):
        edit(explorer, number)
    after = held(explorer.shown.page)
    assert after.bytes - before.bytes < 2 * MEGABYTE, (before, after)
    # The browser's own undo keeps a text node of each edit; a plain textarea does the same.
    assert after.nodes <= before.nodes + EDITS + 50, (before, after)
    assert after.listeners <= before.listeners + 10, (before, after)


def test_a_hundred_views_come_and_go(bare, explorer):
    def come_and_go(times):
        for _ in range(times):
            view = bare.show(explorer)
            view.wait_until_drawn()
            bare.hide(view)

    come_and_go(10)
    before = held(bare.page)
    come_and_go(100)
    after = held(bare.page)
    assert after.bytes - before.bytes < MEGABYTE, (before, after)
    assert after.nodes <= before.nodes + 100, (before, after)
    assert after.listeners <= before.listeners + 10, (before, after)


def test_walking_through_all_heads_and_views_ends_where_it_began(bare, explorer):
    shown = explorer.shown

    def walk():
        for view in ("lines", "layers", "matrix"):
            explorer.view = view
            for layer in range(4):
                for head in range(4):
                    explorer.layer, explorer.head = layer, head
                    shown.page.evaluate(FRAMES)
        expect(shown.grid).to_have_attribute("data-layer", "3")
        expect(shown.grid).to_have_attribute("data-head", "3")
        bare.settle(explorer)

    for _ in range(2):
        walk()
    before, checksum = held(shown.page), shown.checksum()
    for _ in range(10):
        walk()
    after = held(shown.page)
    assert shown.checksum() == checksum
    assert after.bytes - before.bytes < MEGABYTE, (before, after)
    assert after.listeners <= before.listeners + 10, (before, after)
