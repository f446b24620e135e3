"""What a page holds on to, once everything that can be collected has been."""

from typing import NamedTuple

from playwright.sync_api import Page

from tests.browser.explorer_page import FRAMES


class Held(NamedTuple):
    bytes: int
    nodes: int
    listeners: int


def held(page: Page) -> Held:
    session = page.context.new_cdp_session(page)
    for _ in range(3):  # what a finaliser lets go of is collected next time
        session.send("HeapProfiler.collectGarbage")
        page.evaluate(FRAMES)
    counted = session.send("Memory.getDOMCounters")
    used = session.send("Runtime.getHeapUsage")
    session.detach()
    return Held(
        int(used["usedSize"] + used.get("backingStorageSize", 0)), counted["nodes"], counted["jsEventListeners"]
    )
