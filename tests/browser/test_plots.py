"""Saved figures in a real browser: opened from a file, without a network, in the light and in the dark."""

import numpy as np
import pytest

from attnwidget import plots
from attnwidget.measures.results import HeadScores, TokenMap, TokenScores
from tests.browser.until import at_rest

HOSTILE = ("<img src=x onerror=alert(1)>", "{{x}}", "@value", "$$x$$", "\n")

READY = "() => globalThis.Bokeh?.documents.length > 0 && Bokeh.documents.every((one) => one.is_idle)"

PAINTED = """() => {
  const canvases = [];
  const walk = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.localName === "canvas") canvases.push(element);
      if (element.shadowRoot) walk(element.shadowRoot);
    }
  };
  walk(document);
  const colours = new Set();
  for (const canvas of canvases) {
    if (!canvas.width || !canvas.height) continue;
    const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] === 255) colours.add(data[at] * 65536 + data[at + 1] * 256 + data[at + 2]);
    }
  }
  return [...colours];
}"""

# Where a point of the figure is on the page, once it stays there.
CENTRE = at_rest("""([x, y]) => {
  const view = Object.values(Bokeh.index.roots ?? Bokeh.index)[0];
  const box = view.el.getBoundingClientRect();
  return [box.left + view.frame.x_scale.compute(x), box.top + view.frame.y_scale.compute(y)];
}""")

FITS = "() => document.documentElement.scrollWidth <= innerWidth"


@pytest.fixture
def shown(page, tmp_path):
    """Opens a saved figure with every request but those for files refused, and says where it stands."""

    def show(figure, scheme="light", width=480):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 700})
        page.context.set_offline(True)
        page.goto(plots.save(figure, tmp_path / "figure").as_uri())
        page.wait_for_function(READY)
        asked = [url for url in page.log.requests if not url.startswith(("file:", "data:", "blob:"))]
        assert asked == []
        page.log.requests.clear()  # the file itself is no request to anyone
        return page

    return show


def hover_over(page, x, y):
    page.mouse.move(*page.evaluate(CENTRE, [x, y]))
    return page.locator(".bk-Tooltip")


def scores():
    return HeadScores(np.arange(12.0).reshape(3, 4), "an example in nats")


def test_a_saved_figure_opens_offline_and_names_the_head_under_the_pointer(shown):
    page = shown(plots.head_grid(scores()))
    page.wait_for_function(f"() => ({PAINTED})().length > 12")
    tip = hover_over(page, 3, 1)
    tip.get_by_text("L1H3", exact=True).wait_for()
    tip.get_by_text("7.000 nats").wait_for()
    page.wait_for_function(FITS)


def test_a_click_selects_a_head(shown):
    page = shown(plots.head_grid(scores()))
    page.mouse.click(*page.evaluate(CENTRE, [2, 1]))
    chosen = "() => Bokeh.documents[0].get_model_by_name('attnwidget.heads').selected.indices"
    page.wait_for_function(f"() => ({chosen})().length")
    assert page.evaluate(chosen) == [6]


def test_a_figure_follows_the_viewer_into_the_dark(shown):
    page = shown(plots.head_grid(scores()), "dark")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(20, 24, 29)"
    page.wait_for_function(f"() => ({PAINTED})().includes(0x14181d)")
    assert 0xFFFFFF not in page.evaluate(PAINTED)
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"() => ({PAINTED})().includes(0xffffff)")
    page.wait_for_function(f"() => ({ground})() === 'rgb(255, 255, 255)'")


@pytest.mark.parametrize("kind", ["bars", "map"])
def test_tokens_that_are_html_or_templates_are_shown_as_they_are(shown, kind):
    size = len(HOSTILE)
    figure = (
        plots.token_bars(TokenScores(np.ones(size), "an example", HOSTILE))
        if kind == "bars"
        else plots.token_map(TokenMap(np.eye(size), "an example", HOSTILE, HOSTILE))
    )
    page = shown(figure)
    for at, piece in enumerate(HOSTILE):
        tip = hover_over(page, 0.5 if kind == "bars" else at, at)
        tip.get_by_text(f"#{at} “{'⏎' if piece == chr(10) else piece}”").first.wait_for()
        assert tip.locator("img, script").count() == 0


def test_a_large_map_numbers_its_tokens_and_nothing_may_be_evaluated(shown):
    size = 65
    page = shown(plots.token_map(TokenMap(np.eye(size), "an example", ("a",) * size, ("b",) * size)))
    tip = hover_over(page, 0.3, 64)
    tip.get_by_text("#64", exact=True).wait_for()
    tip.get_by_text("#0", exact=True).wait_for()
    # In a task of the page's own: those of the test may evaluate.
    tried = """() => new Promise((told) => setTimeout(() => {
      try { told(eval("1")); } catch (error) { told(error.name); }
    }))"""
    assert page.evaluate(tried) == "EvalError"


@pytest.mark.parametrize(
    ("width", "size"),
    [
        (480, 24),
        *(
            pytest.param(*each, marks=pytest.mark.long)
            for each in ((480, 9), (480, 60), (980, 9), (980, 24), (980, 60))
        ),
    ],
)
def test_the_cells_of_a_map_are_nearly_square(shown, width, size):
    pieces = tuple(f"token {at}" for at in range(size))
    page = shown(plots.token_map(TokenMap(np.eye(size), "an example", pieces, pieces)), width=width)
    page.wait_for_function("""() => {
      const { width, height } = Object.values(Bokeh.index.roots ?? Bokeh.index)[0].frame.bbox;
      return 0.8 < width / height && width / height < 1.25;
    }""")
    page.wait_for_function(FITS)
