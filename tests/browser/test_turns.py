"""A conversation on a page: every turn in a text of its own, the heat under all of them, and the model that writes on."""

import copy

from playwright.sync_api import expect

import attnwidget as aw
from tests.browser.bridge import bridged_widgets
from tests.browser.until import until
from tests.unit.engine.built_tokenizers import chatting

ASKED = [{"role": "user", "content": "the cat sat on the"}]


def chat_model():
    tokenizer, tiny = chatting(), copy.deepcopy(aw.load().model)
    tiny.resize_token_embeddings(len(tokenizer))
    return aw.load(tiny.eval(), tokenizer)


def test_a_turn_is_edited_and_the_model_writes_on(bare):
    with bridged_widgets():
        explorer = aw.explore(chat_model(), ASKED, layer=1, head=0, query=8)
    bare.made.append(explorer)
    bare.bridge.widgets[explorer.model_id] = explorer
    shown = bare.show(explorer)
    shown.wait_until_drawn()
    asked, answer = (shown.root.locator(f"textarea[data-turn='{turn}']") for turn in (0, 1))
    expect(asked).to_have_value("the cat sat on the")
    expect(answer).to_have_value("")

    asked.click()
    shown.page.keyboard.press("End")
    shown.page.keyboard.type(" bank")
    shown.page.keyboard.press("ArrowRight")
    expect(answer).to_be_focused()
    until(shown.page, lambda: explorer.messages == [{"role": "user", "content": "the cat sat on the bank"}])
    pieces = explorer.trace.text.pieces

    def told():
        """The tokens of the field, each once; and whether those that are said stand in the text that says them."""
        marks, box = shown.marks(0), asked.bounding_box()
        said = [mark for mark in marks if not mark["special"]]
        inside = all(
            box["x"] - 2 <= rect["x"] and rect["y"] + rect["height"] <= box["y"] + box["height"] + 6
            for mark in said
            for rect in mark["rects"]
        )
        return sorted(token for mark in marks for token in mark["tokens"]) == [*range(len(pieces))] and inside

    until(shown.page, told)

    shown.root.get_by_role("button", name="continue").click()
    until(shown.page, lambda: explorer.messages[-1]["role"] == "assistant")
    expect(shown.root.get_by_role("button", name="stop")).to_have_count(0)
    written = explorer.messages[-1]["content"]
    expect(answer).to_have_value(written)
    until(shown.page, lambda: any(mark["produced"] == "fresh" for mark in shown.marks(0)))

    first = next(mark for mark in shown.marks(0) if mark["produced"] == "fresh")
    rect = first["rects"][0]
    shown.page.mouse.click(rect["x"] + rect["width"] / 2, rect["y"] + rect["height"] / 2)
    before = first["token"] - 1
    until(shown.page, lambda: explorer.query == (before, before + 1), lambda: explorer.query)
    # Another one that it expected there: the question is seen where it is answered.
    shown.root.locator("button[title^='Ask what speaks']").first.click()
    until(shown.page, lambda: (explorer.view, explorer.question["at"]) == ("test", before))
    assert explorer.question["rather"] not in (None, explorer.question["answer"])
    answer.focus()
    shown.page.keyboard.press("Control+z")
    expect(answer).to_have_value("")
