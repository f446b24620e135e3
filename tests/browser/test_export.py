"""Pictures, numbers and code that are taken out of the explorer."""

import csv
import io
import json
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

import attnwidget as aw
from tests.browser.bridge import bridged_widgets
from tests.browser.until import until

TEXT = "The capital of France is Paris. The capital of France is"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def explorer(bare):
    return bare.open(text=TEXT, layer=1, head=2, query=4)


def open_export(shown):
    shown.root.get_by_role("button", name="Export").click()
    return shown.root.locator(".aw-export-panel")


def saved(shown, name):
    """The name and bytes of what a button saves."""
    with shown.page.expect_download() as waiting:
        shown.root.locator(".aw-export-panel").get_by_role("button", name=name).click()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


def picture_of(data):
    return Image.open(io.BytesIO(data)).convert("RGB")


def test_a_picture_has_the_wished_scale_and_the_colours_of_the_map(explorer):
    panel = open_export(explorer.shown)
    sizes = {}
    for scale in (1, 2):
        panel.get_by_label("scale").fill(str(scale))
        name, data = saved(explorer.shown, "Save PNG")
        assert name == "tiny-causal-layer-1-head-2-is-reads-matrix.png"
        sizes[scale] = picture_of(data)
    assert sizes[2].size == tuple(2 * side for side in sizes[1].size)
    expect(panel.get_by_role("status")).to_contain_text(f"{sizes[2].size[0]:,} × {sizes[2].size[1]:,} pixels")
    # The first column is a hatched sink, from the top to the bottom; above the diagonal there is the ground.
    pixels = np.asarray(sizes[2]).astype(int)
    coloured = pixels[..., 0] - pixels[..., 2] > 40
    left = int(np.flatnonzero(coloured.sum(axis=0) > 150)[0])
    top, bottom = np.flatnonzero(coloured[:, left + 4])[[0, -1]]
    right = int(np.flatnonzero(coloured[coloured.sum(axis=1).argmax()])[-1])  # along the outline of the query's row
    across, down = (right - left + 1) / 12, (bottom - top + 1) / 12
    weights = explorer.trace.weights(1, 2).numpy()

    def corner(query, key):
        return pixels[int(top + (query + 0.12) * down), int(left + (key + 0.12) * across)]

    assert list(corner(4, 8)) == [255, 255, 255]
    shades = [corner(4, key).sum() for key in np.argsort(weights[4, :5]) if key > 0]
    assert shades == sorted(shades, reverse=True)
    assert shades[0] > shades[-1]


@pytest.mark.parametrize(
    "view", ["Matrix", "Lines", *(pytest.param(view, marks=pytest.mark.long) for view in ("Layers", "Neuron"))]
)
def test_svg_is_text_and_shapes_and_looks_as_the_png(explorer, browser, view):
    explorer.shown.root.get_by_role("tab", name=view).click()
    shown = explorer.shown.root.locator(f".aw-{view.lower()}")
    expect(shown.locator("canvas").first).to_be_visible()
    if view == "Layers":
        expect(shown).to_have_attribute("data-exact", "true")
    panel = open_export(explorer.shown)
    panel.get_by_label("scale").fill("1")
    drawn = picture_of(saved(explorer.shown, "Save PNG")[1])
    name, data = saved(explorer.shown, "Save SVG")
    explorer.shown.page.keyboard.press("Escape")
    expect(explorer.shown.root.get_by_role("button", name="Export")).to_be_focused()
    assert name.endswith(f"-{view.lower()}.svg")
    root = ET.fromstring(data)  # noqa: S314  of our own making
    written = [element.text for element in root.iter(f"{SVG}text")]
    assert {"capital", "France"} <= set(written)
    assert not list(root.iter(f"{SVG}image"))
    page = browser.new_page(viewport={"width": drawn.width, "height": drawn.height})
    page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{data.decode()}")
    rendered = picture_of(page.screenshot())
    page.close()
    apart = np.abs(np.asarray(rendered).astype(int) - np.asarray(drawn).astype(int)).max(axis=2)
    # Edges of letters and curves may differ by a fraction of a pixel; nothing else may.
    assert (apart > 40).mean() < 0.012
    assert (apart > 110).mean() < 0.004


def copied(shown, name, said):
    shown.page.evaluate("() => navigator.clipboard.writeText('')")  # the last copy may have been said in the same words
    shown.root.locator(".aw-export-panel").get_by_role("button", name=name).click()
    expect(shown.root.locator(".aw-export-outcome").get_by_role("status")).to_have_text(f"Copied: {said}.")
    return until(shown.page, lambda: shown.page.evaluate("() => navigator.clipboard.readText()"))


def test_copied_code_makes_the_same_explorer_and_its_numbers(explorer, bare):
    bare.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    texts = ("a \"quoted\" 'one'\n\\n 👩‍👩‍👧 </script> %s {x} \u202e", TEXT)
    places = (
        {"layer": 2, "head": 0, "query": (1, 3), "direction": "read_by", "view": "lines", "filter": "top 5"},
        {"layer": 1, "head": 3, "query": 2, "heads": ("L0H1", "L1H3"), "words": True, "sinks": "hide"},
        {"layer": 3, "head": 1, "query": 0, "view": "layers", "source": "layer", "layers": "max"},
    )
    open_export(explorer.shown)
    for text, place in zip((*texts, texts[1]), places, strict=True):
        explorer.text = text
        for name, value in place.items():
            setattr(explorer, name, value)
        explorer.shown.wait_for_tokens(len(explorer.trace.text))
        bare.settle(explorer)
        code = copied(explorer.shown, "As Python", "Python code for this explorer")
        names = {}
        with bridged_widgets():
            exec(code, names)  # noqa: S102  that is what it is for
        made = names["ex"]
        bare.made.append(made)
        for name in ("text", "layer", "head", "query", "direction", "part", "view", "heads", "filter", "look"):
            assert getattr(made, name) == getattr(explorer, name), f"{name}\n{code}"
        weights = names["weights"]
        if isinstance(weights, list):
            assert len(weights) == 4
            assert weights[3].shape == (len(explorer.trace.text),)
        else:
            assert weights.shape == (len(explorer.trace.text),)


def test_a_finding_is_kept_with_a_sentence_of_ones_own(explorer):
    open_export(explorer.shown)
    explorer.shown.root.get_by_label("What you found, in a sentence").fill("It read the fact.")
    name, data = saved(explorer.shown, "Keep finding (JSON)")
    assert name == "tiny-causal-finding.json"
    kept = aw.KeptFinding.of(json.loads(data))
    assert kept.said == "It read the fact."
    assert kept.json == explorer.findings[-1].json
    expect(explorer.shown.root.locator(".aw-export-outcome")).to_contain_text("ex.findings[-1]")


def test_copied_numbers_are_exact_also_where_the_page_has_rounded_ones(explorer, bare):
    bare.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_export(explorer.shown)
    head, *lines = csv.reader(io.StringIO(copied(explorer.shown, "Row as CSV", "12 weights as CSV"), newline=""))
    assert head == ["key", "token", "weight"]
    assert [line[1] for line in lines] == list(explorer.trace.text.pieces)
    np.testing.assert_array_equal(np.float32([line[2] for line in lines]), explorer.trace.weights(1, 2)[4].numpy())
    assert "0.6918" in copied(explorer.shown, "Row as text", "12 weights")
    explorer.text = "The capital of France is Paris. " * 60
    count = len(explorer.trace.text)
    assert count > 300
    explorer.shown.wait_for_tokens(count)
    _, keys, *lines = csv.reader(
        io.StringIO(copied(explorer.shown, "Matrix as CSV", f"{count} × {count} weights as CSV"), newline="")
    )
    assert keys[2:] == list(explorer.trace.text.pieces)
    found = np.float32([line[2:] for line in lines])
    np.testing.assert_array_equal(found, explorer.trace.weights(1, 2).numpy())
