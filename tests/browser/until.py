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
