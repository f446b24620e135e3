"""Waiting for what becomes so, on the page or in Python."""

from collections.abc import Callable
from time import monotonic
from typing import Any

from playwright.sync_api import Page

SECONDS = 30
"""Far more than anything takes: to wait for long costs nothing but where a test fails."""


def until(page: Page, holds: Callable[[], Any], otherwise: str | Callable[[], Any] = "it does not become so") -> Any:
    """Wait until something is so, and return it; the page goes on meanwhile. `otherwise` says what it was instead."""
    end = monotonic() + SECONDS
    while not (found := holds()):
        if monotonic() > end:
            raise AssertionError(otherwise() if callable(otherwise) else otherwise)
        page.wait_for_timeout(20)
    return found


def at_rest(look: str) -> str:
    """A function of the page: what `look` says, once it says the same for three frames, as a layout follows by a frame or more."""
    return f"""async (...given) => {{
      const began = performance.now();
      for (let same = 0, last = ""; ; ) {{
        const found = await ({look})(...given), now = JSON.stringify(found);
        same = now === last ? same + 1 : 0;
        last = now;
        if (same === 3) return found;
        if (performance.now() - began > 15000) throw new Error(`it does not come to rest: ${{last}}`);
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }}
    }}"""
