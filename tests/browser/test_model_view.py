"""The Model view: all heads at once, and finding some of them by what they do."""

import re

import pytest
from playwright.sync_api import expect

import attnwidget as aw
from tests.browser.until import until

TEXT = "The capital of France is Paris. The river of Veldt is Miro. The capital of France is"


@pytest.fixture
def explorer(bare):
    made = bare.open(text=TEXT, layer=0, head=0)
    made.shown.root.get_by_role("tab", name="Model").click()
    expect(made.shown.root.locator(".aw-found")).to_be_visible()
    return made


def look_for(shown, name, top=None):
    shown.root.get_by_role("combobox", name="Find heads by").select_option(name)
    expect(shown.root.locator(".aw-all-heads")).to_have_attribute("aria-busy", "false")
    if top is not None:
        shown.root.locator(".aw-limits input").fill(str(top))


def expect_found(shown, heads):
    """The list has these heads, in this order."""
    expect(shown.root.locator(".aw-found-name")).to_have_text([f"L{head.layer}H{head.head}" for head in heads])


def pixel_of(shown, layer, head):
    """The colour in the middle of a cell of the large grid."""
    return shown.grid.locator("canvas").evaluate(
        """(canvas, [layer, head, layers, heads]) => {
            const [left, top] = [18, 20];
            const { width, height } = canvas.getBoundingClientRect();
            const pitch = Math.min(166, Math.floor((width - left - 3) / heads));
            const scale = canvas.width / width;
            const at = [left + head * pitch + pitch / 4, top + layer * pitch + pitch / 4].map((v) => Math.round(v * scale));
            return [...canvas.getContext("2d").getImageData(at[0], at[1], 1, 1).data];
        }""",
        [layer, head, 4, 4],
    )


def test_heads_are_found_by_what_they_do(explorer):
    shown, trace = explorer.shown, explorer.trace
    look_for(shown, "induction", top=3)
    expect_found(shown, aw.patterns(trace).score("induction").top(3))
    expect(shown.grid).to_have_attribute("data-kept", "3")
    expect(shown.root.locator(".aw-caption")).to_contain_text("3 of 16 heads")
    expect(shown.root.locator(".aw-caption")).to_contain_text("induction: weight beyond uniform attention")

    shown.root.locator(".aw-shades [data-value=induction]").click()
    expect(shown.grid).to_have_attribute("data-shade", "induction")
    best, worst = aw.patterns(trace).scores["induction"].top(16)[0], aw.patterns(trace).scores["induction"].top(16)[-1]

    def stands_out():
        strong, faint = pixel_of(shown, best.layer, best.head), pixel_of(shown, worst.layer, worst.head)
        return sum(strong[:3]) < sum(faint[:3]) or faint[3] < 255

    until(shown.page, stands_out, "the best head is not darker than the worst")

    # What was chosen here stands out in the small grid of other views too, and can be let go there.
    shown.root.get_by_role("tab", name="Matrix").click()
    expect(shown.grid).to_have_attribute("data-kept", "3")
    shown.root.get_by_role("button", name="show all").click()
    expect(shown.grid).not_to_have_attribute("data-kept", re.compile("."))


def test_pattern_names_are_counted_and_keep_their_heads(explorer):
    shown = explorer.shown
    label, count = next((name, len(aw.patterns(explorer.trace).of(name))) for name in ("previous token", "first token"))
    button = shown.root.locator(f".aw-census [data-value='{label}']")
    expect(button).to_contain_text(str(count))
    button.click()
    expect(shown.root.locator(".aw-found-name")).to_have_count(count)
    expect(shown.root.locator(".aw-found-label").first).to_have_text(label)
    button.click()
    expect(shown.grid).not_to_have_attribute("data-kept", re.compile("."))

    # Where there is little room, two rows of them and the way to the others: the list comes first.
    shown.root.evaluate("root => { root.style.width = '848px'; }")
    more, last = shown.root.locator(".aw-more"), shown.root.locator(".aw-census").first.locator("button").last
    expect(more).to_have_text(re.compile(r"… \d"))
    expect(last).to_be_hidden()
    more.click()
    expect(last).to_be_visible()
    more.click()
    expect(last).to_be_hidden()

    expect(shown.root.locator(".aw-nameless")).to_have_count(0)
    shown.root.locator(".aw-census [data-value='no single pattern']").click()
    expect(shown.root.locator(".aw-nameless")).to_contain_text("fit no single pattern")


def test_a_head_is_pinned_by_pointer_and_by_key_and_opened_alone(explorer):
    shown = explorer.shown
    look_for(shown, "entropy")
    order = aw.entropy(explorer.trace).top(16)
    expect_found(shown, order)
    row = shown.root.locator(".aw-found [role=option]")
    row.nth(2).click()
    expect(shown.grid).to_have_attribute("data-head", str(order[2].head))
    until(shown.page, lambda: (explorer.layer, explorer.head) == order[2][:2])

    found = shown.root.locator(".aw-found")
    found.focus()
    for key in ("Home", "ArrowDown", "Enter"):
        found.press(key)
    until(shown.page, lambda: (explorer.layer, explorer.head) == order[1][:2])
    expect(row.nth(1)).to_have_attribute("aria-selected", "true")

    row.nth(3).click(modifiers=["Shift"])
    until(shown.page, lambda: explorer.heads == (order[1][:2], order[3][:2]))
    row.nth(0).dblclick()
    expect(shown.root.locator(".aw-stage")).to_have_attribute("data-view", "matrix")
    until(shown.page, lambda: (explorer.layer, explorer.head, explorer.view) == (*order[0][:2], "matrix"))
    similar = shown.root.locator(".aw-alike button")
    expect(similar).to_have_count(5)
    nearest = aw.similar_heads(explorer.trace, order[0][:2]).nearest[0]
    expect(similar.first).to_contain_text(f"L{nearest.layer}H{nearest.head}")
    expect(shown.root.locator(".aw-pattern")).not_to_be_empty()
    similar.first.click()
    until(shown.page, lambda: (explorer.layer, explorer.head) == nearest[:2])
