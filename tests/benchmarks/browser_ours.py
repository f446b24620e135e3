"""The explorer's page over the same maps, without Jupyter around it, and what it costs to look at things."""

import contextlib
from collections.abc import Iterator
from statistics import median
from typing import Any

import torch
from playwright.sync_api import Page
from transformers import GPT2Config, GPT2LMHeadModel

import attnwidget as aw
from tests.benchmarks.browser_page import Seen, chromium, held, middle, new_page
from tests.benchmarks.geometry import HEADS, LAYERS
from tests.browser.bridge import STATIC, Bridge
from tests.browser.conftest import BarePage
from tests.browser.explorer_page import ExplorerPage
from tests.model.small import WORDS, words

TIMES = 9
ORDINARY = WORDS[4:]
# The first frame on show: the chosen head's own numbers, the grid, the text.
SHOWN = """
(id) => new Promise((resolve) => {
  const look = () => {
    const root = document.querySelector(`${id ? `#${id} ` : ""}.attnwidget`);
    const done = root?.dataset.frameId && root.querySelector(".aw-matrix")?.weights;
    requestAnimationFrame(done ? () => setTimeout(() => resolve(performance.now())) : look);
  };
  look();
})
"""


def model() -> "aw.AttentionModel":
    """GPT-2 small's geometry over a handful of words, with queries large enough that heads look at something."""
    torch.manual_seed(0)
    sizes = {"n_layer": LAYERS, "n_head": HEADS, "n_embd": 768, "n_positions": 1024, "vocab_size": len(WORDS)}
    made = GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=1, eos_token_id=2)).eval()
    with torch.no_grad():
        for block in made.transformer.h:
            block.attn.c_attn.weight.mul_(6)
    return aw.load(made, words())


def text_of(size: int) -> str:
    drawn = torch.randint(len(ORDINARY), (size,), generator=torch.Generator().manual_seed(size))
    return " ".join(ORDINARY[number] for number in drawn.tolist())


def look_at(loaded: "aw.AttentionModel", text: str) -> Seen:
    """Open the page of an explorer whose text has been read, in a browser of its own."""
    with showing(loaded, text) as (page, shown, bare, sent):
        ready = page.evaluate(SHOWN, shown.root.get_attribute("id"))
        size = sum(sent) + (STATIC / "loader.js").stat().st_size  # the program is an answer like others
        page.wait_for_timeout(1500)
        switch = middle([another_head(page, shown, turn) for turn in range(TIMES)])
        page.mouse.move(2, 2)
        del bare
        return Seen(size, ready, switch, held(page))


@contextlib.contextmanager
def showing(
    loaded: "aw.AttentionModel", text: str, **options: Any
) -> Iterator[tuple[Page, ExplorerPage, BarePage, list[int]]]:
    bridge = Bridge()
    sent: list[int] = []
    with chromium() as browser:
        page = new_page(browser)
        bare = BarePage(page, bridge)
        explorer = bare.explore(loaded, text=text, **options)
        explorer.comm.listeners.append(lambda _data, buffers: sent.append(sum(map(len, buffers))))
        assert len(explorer.trace.text) == len(text.split()), "the forward pass is no part of what is measured"
        bare.load()
        yield page, bare.show(explorer), bare, sent
        page.goto("about:blank")  # the sockets close before the explorer does
        page.wait_for_timeout(200)
        explorer.close()
    bridge.close()


def taken(page: Page, event: str, changed: str, act: Any) -> float | None:
    """Milliseconds from the event that `act` makes to the end of the frame that answers it."""
    page.evaluate(f"() => stopwatch({event!r}, {changed})")
    act()
    return page.evaluate("() => window.taken")


def another_head(page: Page, shown: ExplorerPage, turn: int) -> float | None:
    place = shown._middle_of(turn % LAYERS, (5 * turn + 3) % HEADS)
    box = shown.grid.bounding_box()
    assert box is not None
    page.mouse.move(2, 2)
    page.wait_for_timeout(300)
    x, y = box["x"] + place["x"], box["y"] + place["y"]
    changed = "() => document.querySelector('.aw-matrix').weights"
    return taken(page, "pointermove", changed, lambda: page.mouse.move(x, y))


def looks(loaded: "aw.AttentionModel", text: str, *, edit: bool = True) -> dict[str, float | None]:
    """A second view of a frame at hand, and edits: medians in milliseconds. What a hover costs is measured in hover.py."""
    with showing(loaded, text, view="matrix") as (page, shown, bare, _):
        shown.root.locator(".aw-matrix canvas").first.wait_for()
        page.wait_for_timeout(2500)
        second = median(second_view(page, bare) for _ in range(5))
        return {"second view": second, "edit to paint": middle(edits(page, shown)) if edit else None}


def second_view(page: Page, bare: BarePage) -> float:
    """Another view of the explorer, whose frame is at hand: everything is made and painted, nothing is asked."""
    name = next(iter(bare.bridge.widgets))
    milliseconds, view = page.evaluate(
        f"""async (name) => {{
          const started = performance.now();
          const id = await bare.show(name);
          return [(await ({SHOWN})(id)) - started, id];
        }}""",
        name,
    )
    page.evaluate("(id) => bare.hide(id)", view)
    page.wait_for_timeout(300)
    return milliseconds


def edits(page: Page, shown: ExplorerPage) -> list[float | None]:
    shown.caret_to_end()
    page.wait_for_timeout(500)
    changed = "() => document.querySelector('.attnwidget').dataset.frameId"
    times = []
    for word in (ORDINARY * 2)[:TIMES]:
        times.append(taken(page, "input", changed, lambda word=word: page.keyboard.insert_text(f" {word}")))
        page.wait_for_timeout(400)
    return times
