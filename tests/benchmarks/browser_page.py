"""A page of Chromium with a stopwatch: when it was ready, what it holds, what it was given."""

import contextlib
from collections.abc import Iterator
from statistics import median
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Error, Page, sync_playwright

from scripts import find_chromium
from tests.browser.conftest import CHROMIUM_ARGUMENTS

PATIENCE = 60
"""Seconds after which a page is given up."""

# Ready: the end of the last long task, or of the frame in which the last element came, once frames have come steadily for a second and
# a half. While they do not, a long task may be on its way that nobody has been told of. Nothing is observed element by element: that
# would slow down pages of millions of them.
SETTLED = """
(() => {
  const all = document.getElementsByTagName("*");
  let seen = -1, last = 0, frame = 0, steady = 0;
  const note = () => {
    last = performance.now();
  };
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) last = Math.max(last, task.startTime + task.duration);
  }).observe({ type: "longtask", buffered: true });
  const look = () => {
    const now = performance.now();
    if (all.length !== seen) setTimeout(note);
    if (all.length !== seen || now - frame > 250) steady = now;
    seen = all.length;
    frame = now;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  window.settled = (least) => {
    const now = performance.now();
    return seen > least && now - frame < 250 && now - Math.max(steady, last) > 1500 ? last : null;
  };
})();
"""

# From an event to the end of the first frame in which `changed` says another thing than before: script, style, layout, paint.
# Null where nothing changes in three seconds.
STOPWATCH = """
window.stopwatch = (name, changed) => {
  window.taken = new Promise((resolve) => {
    setTimeout(resolve, 3000, null);
    addEventListener(name, () => {
      const started = performance.now();
      const before = changed();
      const look = () => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => (changed() === before ? look() : resolve(performance.now() - started));
        channel.port2.postMessage(0);
      });
      look();
    }, { once: true, capture: true });
  });
};
"""


class Held(NamedTuple):
    """What a page holds after everything that can be collected has been."""

    megabytes: float
    nodes: int


class Seen(NamedTuple):
    """What became of a page, or why nothing did."""

    bytes: int | None = None
    ready_ms: float | None = None
    switch_ms: float | None = None
    held: Held | None = None
    why: str = ""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=find_chromium.find(), args=CHROMIUM_ARGUMENTS)
        yield started
        with contextlib.suppress(Error):
            started.close()


def new_page(browser: Browser) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    page.set_default_timeout(PATIENCE * 1000)
    page.add_init_script(SETTLED)
    page.add_init_script(STOPWATCH)
    return page


def held(page: Page) -> Held:
    session = page.context.new_cdp_session(page)
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    used: Any = session.send("Runtime.getHeapUsage")
    nodes = session.send("Memory.getDOMCounters")["nodes"]
    bytes_ = used["usedSize"] + used.get("embedderHeapUsedSize", 0) + used.get("backingStorageSize", 0)
    return Held(bytes_ / 2**20, nodes)


def middle(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
