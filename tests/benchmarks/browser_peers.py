"""Pages of BertViz and CircuitsVis, with what they would fetch from a CDN served from this machine."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import bertviz
import circuitsvis
import torch
from playwright.sync_api import Error, Page, Route

from scripts import javascript
from tests.benchmarks.browser_page import PATIENCE, Held, Seen, chromium, held, new_page

PACKAGES = Path(__file__).parent / "peers"
LIBRARIES = {
    "**/require.js/2.3.6/require.min.js": "requirejs/require.js",
    "**/d3/5.7.0/d3.min.js": "d3/dist/d3.min.js",
    "**/jquery/2.0.0/jquery.min.js": "jquery/dist/jquery.min.js",
}
LARGEST_PAGE = 450e6
"""Bytes: beyond, a page is not even written. JSON takes 21 bytes or so for a weight."""

LONGEST = 2 * PATIENCE
"""Seconds for a page with all that belongs to it: writing it, a browser's start, its end."""

Builder = Callable[[torch.Tensor, list[str]], str]


def head_view(maps: torch.Tensor, words: list[str]) -> str:
    return bertviz.head_view(tuple(layer[None] for layer in maps), words, html_action="return").data


def model_view(maps: torch.Tensor, words: list[str]) -> str:
    return bertviz.model_view(tuple(layer[None] for layer in maps), words, html_action="return").data


def attention_heads(maps: torch.Tensor, words: list[str]) -> str:
    names = [f"L{layer}H{head}" for layer in range(maps.shape[0]) for head in range(maps.shape[1])]
    return circuitsvis.attention.attention_heads(maps.flatten(0, 1), words, names).local_src


def one_layer(maps: torch.Tensor, words: list[str]) -> str:
    return attention_heads(maps[:1], words)


# BertViz's other layer: drawn at once, in the event.
SWITCH = """
() => new Promise((resolve) => {
  const started = performance.now();
  const select = document.querySelector("#layer");
  select.value = "1";
  select.dispatchEvent(new Event("change", { bubbles: true }));
  requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - started)));
})
"""
PEERS: dict[str, Builder] = {
    "BertViz head view": head_view,
    "BertViz model view": model_view,
    "CircuitsVis, one layer": one_layer,
    "CircuitsVis, all heads": attention_heads,
}


def install() -> None:
    """What the lock file names, once."""
    if not (PACKAGES / "node_modules").exists():
        npm = javascript.find_npm()
        subprocess.run([*npm.command, "ci"], cwd=PACKAGES, env=npm.environment(), check=True)


def look_at(name: str, maps: torch.Tensor, words: list[str]) -> Seen:
    """What becomes of the peer's page of these maps, in a process that can be ended whatever its browser does."""
    numbers = maps[0].numel() if PEERS[name] is one_layer else maps.numel()
    if numbers * 21 > LARGEST_PAGE:
        return Seen(why=f"a page of about {numbers * 21 / 1e6:,.0f} MB, not tried")
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "given.pt", Path(folder) / "found.pt"
        torch.save((name, maps, words), given)
        command = [sys.executable, "-m", "tests.benchmarks.browser_peers", str(given), str(found)]
        with subprocess.Popen(command, start_new_session=True) as process:
            try:
                process.wait(LONGEST)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        if not found.exists():
            return Seen(why=f"not ready after {LONGEST} s, with the time to write it")
        *values, kept = torch.load(found)
        return Seen(*values[:3], Held(*kept) if kept else None, values[3])


def here(name: str, maps: torch.Tensor, words: list[str]) -> Seen:
    """Write the page, open it in a browser of its own and wait until it is ready."""
    html = f"<!doctype html><meta charset='utf-8'><body>{PEERS[name](maps, words)}</body>"
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        path = Path(folder) / "page.html"
        path.write_text(html, encoding="utf-8")
        size = path.stat().st_size + libraries_size(html)
        del html
        page = new_page(browser)
        for pattern, file in LIBRARIES.items():
            page.route(pattern, partial(serve, file))
        try:
            return opened(page, path, size, name)
        except Error as error:
            crashed = "crash" in str(error).lower() or "closed" in str(error).lower()
            return Seen(size, why="the page crashed" if crashed else f"given up after {PATIENCE} s")


def serve(file: str, route: Route) -> None:
    # `crossorigin` scripts want the header.
    headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
    route.fulfill(path=PACKAGES / "node_modules" / file, headers=headers)


def libraries_size(html: str) -> int:
    if "require.min.js" not in html:
        return 0  # CircuitsVis writes its program into the page
    return sum((PACKAGES / "node_modules" / file).stat().st_size for file in LIBRARIES.values())


def opened(page: Page, path: Path, size: int, name: str) -> Seen:
    page.goto(path.as_uri(), wait_until="commit")
    ready: Any = page.wait_for_function("() => window.settled?.(100)", polling=250).json_value()
    switch = page.evaluate(SWITCH) if name == "BertViz head view" else None
    return Seen(size, ready, switch, held(page))


if __name__ == "__main__":
    seen = here(*torch.load(sys.argv[1]))
    # Plain data: the classes of a program that is run have another name elsewhere.
    torch.save((*seen[:3], seen.why, seen.held and tuple(seen.held)), sys.argv[2])
