"""Two texts on a page: a cross map and its editors, a sentence pair, and weights that were given."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

import attnwidget as aw
from tests.browser.bridge import bridged_widgets
from tests.browser.explorer_page import ExplorerPage, resting
from tests.browser.until import until
from tests.model.small import TEXT, small, words

TARGET = "so she walked"


@pytest.fixture
def opened(bare):
    def open_with(make):
        with bridged_widgets():
            explorer = make()
        bare.made.append(explorer)
        bare.bridge.widgets[explorer.model_id] = explorer
        shown: ExplorerPage = bare.show(explorer)
        shown.wait_until_drawn()
        return explorer, shown

    return open_with


def fields(shown):
    return shown.root.locator(".aw-field[data-field='0'] textarea"), shown.root.locator(
        ".aw-field[data-field='1'] textarea"
    )


def expect_heated(shown, number, wanted):
    """This is the strongest word of a text field."""
    until(shown.page, lambda: heated(shown, number) == wanted, lambda: (heated(shown, number), wanted))


def heated(shown, number):
    marks = shown.marks(number)
    strongest = max(marks, key=lambda mark: mark["tone"], default=None)
    return strongest["text"] if strongest is not None and strongest["tone"] > 0 else None


def test_a_cross_map_is_looked_at_from_either_text(opened):
    explorer, shown = opened(
        lambda: aw.explore(small("t5"), TEXT, tokenizer=words(), target=TARGET, layer=1, head=2, scale="stretch")
    )
    trace = explorer.trace
    exact = trace.weights(1, 2, "cross")
    queries, keys = trace.tokens("cross")
    expect(shown.matrix).to_have_attribute("data-rows", str(len(queries)))
    expect(shown.matrix).to_have_attribute("data-columns", str(len(keys)))
    box = resting(shown.matrix.locator("canvas"))
    # A row's label pins its query, and the source shows what it reads.
    shown.matrix.click(position={"x": 12, "y": box["height"] - 30})
    expect(shown.root.locator(".aw-query b")).to_have_text(queries.pieces[-1])
    until(shown.page, lambda: explorer.query == (len(queries) - 1, len(queries)))
    expect_heated(shown, 0, keys.pieces[int(exact[-1].argmax())])
    expect_heated(shown, 1, None)
    shown.matrix.hover(position={"x": box["width"] * 0.6, "y": box["height"] - 30})
    tip = shown.root.locator(".aw-tooltip")
    expect(tip).to_have_attribute("data-kind", "exact")
    said, number = tip.evaluate("(tip) => [tip.innerText, tip.querySelector('b').innerText]")
    key = keys.find(re.search(r"→\s*(\S+)", said)[1])
    assert float(number.replace("<", "")) == pytest.approx(float(exact[-1, key]), abs=1e-3)
    # The caret in the source means: is read by.
    source, _ = fields(shown)
    source.click()
    source.press("ControlOrMeta+Home")
    for _ in range(len("the riv")):
        source.press("ArrowRight")
    expect(shown.root.locator(".aw-frame")).to_have_attribute("data-direction", "read_by")
    expect(shown.root.locator(".aw-query b")).to_have_text("river")
    river = keys.find("river")
    until(shown.page, lambda: (explorer.direction, explorer.query) == ("read_by", (river, river + 1)))
    expect_heated(shown, 1, queries.pieces[int(exact[:, river].argmax())])


def test_a_target_is_opened_typed_and_taken_away(opened):
    explorer, shown = opened(lambda: aw.explore(small("t5"), TEXT, tokenizer=words()))
    shown.root.get_by_role("button", name="+ target").click()
    source, target = fields(shown)
    expect(target).to_be_focused()
    shown.page.keyboard.type("she walked to", delay=15)
    expect(shown.matrix).to_have_attribute("data-rows", "4")
    assert (target.input_value(), source.input_value()) == ("she walked to", TEXT)
    until(shown.page, lambda: (explorer.part, explorer.target) == ("cross", "she walked to"))
    # In the middle of a text: the caret stays, nothing is lost, undo is the browser's own.
    for _ in range(3):
        target.press("ArrowLeft")
    shown.page.keyboard.type(" quiet", delay=15)
    expect(shown.matrix).to_have_attribute("data-rows", "5")
    assert target.input_value() == "she walked quiet to"
    assert target.evaluate("area => area.selectionStart") == len("she walked quiet")
    target.press("ControlOrMeta+Z")
    expect(target).not_to_have_value("she walked quiet to")
    source.click()
    source.press("ControlOrMeta+End")
    shown.page.keyboard.type(" she", delay=15)
    expect(shown.matrix).to_have_attribute("data-columns", "7")
    assert source.input_value() == f"{TEXT} she"
    until(shown.page, lambda: explorer.trace.tokens("cross")[1].text == f"{TEXT} she")
    shown.root.locator(".aw-remove").click()
    expect(shown.root.locator(".aw-field")).to_have_count(1)
    expect(shown.matrix).to_have_attribute("data-rows", "7")
    until(shown.page, lambda: (explorer.part, explorer.pair, explorer.text) == ("encoder", "", f"{TEXT} she"))


def test_a_pair_shows_one_map_in_two_texts(opened):
    explorer, shown = opened(
        lambda: aw.explore(small("class"), TEXT, tokenizer=words(special=True), pair="who walked ?")
    )
    first, second = fields(shown)
    second.click()
    second.press("ControlOrMeta+Home")
    second.press("ArrowRight")
    expect(shown.root.locator(".aw-query b")).to_have_text("who")
    text = explorer.trace.text
    who = text.find("who")
    until(shown.page, lambda: explorer.query == (who, who + 1))
    expect(shown.root.locator(".aw-field[data-field='0'] .aw-special")).to_have_text(["[CLS]", "[SEP]"])
    exact = explorer.trace.weights(explorer.layer, explorer.head)[who]
    expect_heated(shown, 0, text.pieces[int(exact[: text.segment.index(1)].argmax())])
    first.click()
    first.press("ControlOrMeta+A")
    shown.page.keyboard.insert_text("the money was quiet")
    shown.wait_for_tokens(len(explorer._model.tokens("the money was quiet", "who walked ?")))
    until(shown.page, lambda: (explorer.text, explorer.pair) == ("the money was quiet", "who walked ?"))


def test_given_weights_of_patches_are_shown_and_fixed(opened):
    weights = np.random.default_rng(0).dirichlet(np.ones(10) * 0.2, (2, 3, 4)).astype("float32")
    explorer, shown = opened(
        lambda: aw.view(
            tuple(weights), ["a", "dog", "runs", "."], aw.Tokens.patches(3, 3, before=["[CLS]"]), part="cross"
        )
    )
    keys, queries = fields(shown)
    assert (keys.input_value(), queries.input_value()) == ("0,0 0,1 0,2 1,0 1,1 1,2 2,0 2,1 2,2", "a dog runs .")
    queries.click()
    queries.press("ControlOrMeta+Home")
    queries.press("ArrowRight")
    expect(shown.root.locator(".aw-query b")).to_have_text("a")
    shown.page.keyboard.type("x")
    assert queries.input_value() == "a dog runs ."
    until(shown.page, lambda: explorer.query == (0, 1))
    expect(shown.status).to_contain_text("cannot be changed")
    for name in ("Lines", "Layers"):
        shown.root.get_by_role("tab", name=name).click()
        expect(shown.root.locator(f".aw-{name.lower()} canvas").first).to_be_visible()
    expect(shown.root.locator(".aw-layers")).to_have_attribute("data-tokens", "10")
