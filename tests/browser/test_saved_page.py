"""A saved page, opened as a file without a network: it shows what the explorer showed, and goes on answering."""

import re
from html import escape

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

import attnwidget as aw
from tests.browser.explorer_page import ExplorerPage
from tests.browser.until import SECONDS, until
from tests.model.pictures import Halves, vision

TEXT = "The capital of France is Paris. The capital of France is"
HOSTILE = "</script> <!-- ]]> \u2028 \ud800 <img src=x onerror=alert(1)>"
STEP = 0.026
# Of a canvas, beyond its middle. Read from a copy: one that is read often is another kind of canvas.
PIXEL = """(canvas) => {
  const copy = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, canvas.width * 0.6, canvas.height * 0.6, 1, 1, 0, 0, 1, 1);
  return [...copy.getImageData(0, 0, 1, 1).data];
}"""
WATCH = """window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));"""


class Opened:
    """A context without a network, and what its page said and asked for."""

    def __init__(self, browser):
        self.context = browser.new_context(viewport={"width": 1280, "height": 1000}, offline=True)
        self.context.set_default_timeout(SECONDS * 1000)
        self.context.add_init_script(WATCH)
        self.page = self.context.new_page()
        self.said, self.requests = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def file(self, path):
        self.page.goto(path.as_uri())
        shown = ExplorerPage(self.page.locator(".attnwidget"))
        expect(shown.root).to_have_attribute("data-frame-id", re.compile(".+"))
        return shown


@pytest.fixture
def opened(browser):
    found = Opened(browser)
    yield found
    violations = [each for frame in found.page.frames for each in frame.evaluate("() => window.violations")]
    found.context.close()
    assert found.said == []
    assert violations == []


@pytest.fixture
def explorer():
    made = aw.explore(text=TEXT, layer=1, head=2, query=4)
    yield made
    made.close()


def ranked(shown, tint):
    """Token -> weight, as the readout lists them."""
    buttons = shown.root.locator(f".aw-ranking[data-tint={tint}] ol button")
    listed = buttons.evaluate_all(
        "all => all.map((one) => [one.dataset.token, one.querySelector('.aw-number').textContent])"
    )
    return {int(token): 0.0005 if number == "<0.001" else float(number) for token, number in listed}


def expect_ranked(shown, tint, weights, tolerance=0.0):
    """The readout lists these weights."""

    def agree():
        found = ranked(shown, tint)
        apart = (
            abs(number - float(weights[token])) - float(weights[token]) * tolerance for token, number in found.items()
        )
        return len(found) > 0 and all(one <= 0.00051 for one in apart)

    until(shown.page, agree, lambda: (ranked(shown, tint), weights))


def test_a_file_opens_without_a_network_and_answers(opened, explorer, tmp_path):
    shown = opened.file(explorer.save(tmp_path / "page"))
    trace = explorer.trace
    assert opened.requests == [(tmp_path / "page.html").as_uri()]
    shown.expect_weights(trace.weights(1, 2))
    expect_ranked(shown, "reads", trace.weights(1, 2)[4])
    expect_ranked(shown, "read_by", trace.weights(1, 2)[:, 4])

    shown.click_head(3, 1)
    expect(shown.root.locator(".aw-title")).to_have_text("Layer 3 · Head 1")
    expect(shown.root.locator(".aw-recipe")).to_contain_text("saved in steps of 5 %")
    expect_ranked(shown, "reads", trace.weights(3, 1)[4])

    shown.caret_to_end()
    expect(shown.root.locator(".aw-query b")).to_have_text("is")
    expect(shown.root.locator(".aw-query .aw-number")).to_have_text(f"#{len(trace.text) - 1}")
    expect_ranked(shown, "reads", trace.weights(3, 1)[-1], STEP)
    first = shown.root.locator(".aw-ranking[data-tint=expected] li").first
    expect(first).to_contain_text(explorer.model.predict(trace, -1).top[0].piece.strip())

    opened.page.keyboard.press("Shift+ControlOrMeta+ArrowLeft")
    expect(shown.root.locator(".aw-query b")).to_have_text("is")
    opened.page.keyboard.type("xyz")
    opened.page.keyboard.press("Backspace")
    assert shown.editor.input_value() == TEXT
    expect(shown.status).to_have_text("Saved page: the text cannot be changed.")

    shown.choose("layer")
    expect(shown.root.locator(".aw-title")).to_have_text("Layer 3 · mean of 4 heads")
    expect_ranked(shown, "reads", trace.weights(3).mean(0)[-1], STEP)
    shown.choose("rollout")
    expect(shown.root.locator(".aw-title")).to_contain_text("Rollout")
    expect_ranked(shown, "reads", np.asarray(aw.rollout(trace, query=-1)), STEP)
    shown.grid.focus()
    shown.grid.press("r")
    expect(shown.root.locator(".aw-frame")).to_have_attribute("data-direction", "read_by")


def test_the_other_views_and_the_pointer(opened, explorer, tmp_path):
    explorer.view = "layers"
    shown = opened.file(explorer.save(tmp_path / "page"))
    view = shown.root.locator(".aw-layers")
    expect(view).to_have_attribute("data-exact", "true")
    expect(view).to_have_attribute("data-layers", "4")
    for name, state in (("Model", ".aw-stage[data-view=model] canvas"), ("Neuron", ".aw-neuron"), ("Flow", ".aw-flow")):
        shown.root.get_by_role("tab", name=name).click()
        expect(shown.root.locator(state)).to_be_visible()
    shown.root.get_by_role("tab", name="Lines").click()
    expect(shown.root.locator(".aw-lines canvas").first).to_be_visible()
    until(shown.page, lambda: any(label["number"] for label in shown.labels("key")))
    shown.root.get_by_role("tab", name="Matrix").click()
    shown.hover_head(0, 0)
    expect(shown.matrix).to_have_attribute("data-exact", "true")
    expect(shown.root.locator(".aw-title")).to_have_text("Layer 0 · Head 0")
    shown.matrix.focus()
    shown.matrix.press("ArrowRight")
    expect(shown.root.locator(".aw-tooltip")).to_have_attribute("data-kind", re.compile("exact|about"))


def test_a_sandboxed_frame_and_hostile_text(opened, tmp_path):
    explorer = aw.explore(text=HOSTILE)
    path = explorer.save(tmp_path / "hostile.html", title=HOSTILE, lead=HOSTILE)
    (tmp_path / "outer.html").write_text(
        f'<iframe sandbox="allow-scripts" style="width:1000px;height:900px" srcdoc="{escape(path.read_text("utf-8"))}"></iframe>',
        "utf-8",
    )
    opened.page.goto((tmp_path / "outer.html").as_uri())
    inside = opened.page.frame_locator("iframe")
    expect(inside.locator(".attnwidget[data-frame-id]")).to_be_visible()
    text = HOSTILE.replace("\ud800", "\ufffd")
    expect(inside.locator("h1")).to_have_text(text)
    assert inside.locator(".aw-editor textarea").input_value() == text
    assert inside.locator("img").count() == 0
    assert opened.requests == [(tmp_path / "outer.html").as_uri()]
    explorer.close()


def test_the_steps_of_the_pinned_head_are_worked_out_in_the_page(explorer, opened, tmp_path):
    explorer.view = "neuron"
    shown = opened.file(explorer.save(tmp_path / "page.html"))
    weights = explorer.trace.weights(1, 2)[4]
    key = int(weights.argmax())
    block = explorer.trace.block(1)
    dot = float(block.q[0, 2, 4] @ block.k[0, 2, key])
    expect(shown.root.locator(".aw-pair")).to_have_attribute("data-key", str(key))
    expect(shown.root.locator('.aw-steps [data-step="dot"] b')).to_have_text(f"{dot:.3f}".replace("-", "−"))
    expect(shown.root.locator('.aw-steps [data-step="softmax"] b')).to_have_text(f"{float(weights[key]):.3f}")
    shown.click_head(0, 1)
    expect(shown.root.locator(".aw-view-state")).to_have_text("This saved page holds q and k of L1H2 only.")


def test_a_page_is_taken_from_the_menu(bare, opened, tmp_path):
    explorer = bare.open(text=TEXT, layer=1, head=2, query=4)
    shown = explorer.shown
    shown.root.get_by_role("button", name="Export").click()
    with bare.page.expect_download() as waiting:
        shown.root.get_by_role("button", name="Save page (HTML)").click()
    assert waiting.value.suggested_filename == "tiny-causal-attention.html"
    expect(shown.root.locator(".aw-export-outcome [role=status]")).to_contain_text("Saved tiny-causal-attention.html")
    waiting.value.save_as(tmp_path / "page.html")
    saved = opened.file(tmp_path / "page.html")
    saved.expect_weights(explorer.trace.weights(1, 2))
    saved.root.get_by_role("button", name="Export").click()
    expect(saved.root.get_by_role("button", name="Save PNG")).to_be_visible()
    expect(saved.root.get_by_role("button", name="Save page (HTML)")).to_have_count(0)


def test_a_graph_is_read_along_its_edges_without_a_kernel(opened, tmp_path):
    trace = aw.Trace.from_edges(
        [[0, 1, 2], [2, 2, 0]], [0.25, 0.75, 1.0], ["Ann", "Bob", "Cleo"], positions=[(0, 0), (1, 0), (2, 0)]
    )
    explorer = aw.view(trace)
    shown = opened.file(explorer.save(tmp_path / "graph.html"))
    explorer.close()
    net = shown.root.locator(".aw-graph")
    expect(shown.root.get_by_text("3 nodes, 3 edges")).to_be_visible()
    box = net.bounding_box()
    opened.page.mouse.click(box["x"] + box["width"] - 26, box["y"] + box["height"] / 2)
    expect(shown.root.get_by_role("heading", name=re.compile("Cleo.*reads"))).to_be_visible()
    assert ranked(shown, "reads") == {0: 0.25, 1: 0.75}


def test_a_picture_its_heat_and_how_that_is_told_are_kept(opened, tmp_path):
    with_picture = aw.explore(vision(), image=Image.new("RGB", (48, 48), "#c03020"), processor=Halves(), over="light")
    shown = opened.file(with_picture.save(tmp_path / "page"))
    with_picture.close()
    picture = shown.root.locator(".aw-picture")

    def colour(canvas):
        return picture.locator(f".aw-picture-{canvas}").evaluate(PIXEL)

    until(opened.page, lambda: colour("ground") == [192, 48, 32, 255])
    light = shown.root.get_by_role("button", name="light", exact=True)
    expect(light).to_have_attribute("aria-pressed", "true")
    expect(shown.status).to_have_text("Saved page: the picture cannot be changed.")
    expect(shown.root.get_by_role("button", name="other picture…")).to_have_count(0)
    box = picture.bounding_box()
    beyond = {"x": box["width"] / 2 + 9, "y": box["height"] / 2 + 9}
    picture.hover(position=beyond)
    expect(shown.root.get_by_text("“3,3” reads")).to_be_visible()
    until(opened.page, lambda: max(colour("heat")[:3]) == 0 and colour("heat")[3] > 0)
    shown.root.get_by_role("button", name="colour", exact=True).click()
    picture.hover(position=beyond)
    until(opened.page, lambda: colour("heat")[0] > colour("heat")[2] or colour("heat")[3] == 0)
