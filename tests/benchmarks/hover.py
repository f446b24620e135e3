"""What the page's main thread does between a move of the pointer and the end of the paint that answers it, in every view.

And what the frame after that one takes, in which the numbers beside the pictures follow.

Counted by the clock of that thread, in Chromium's own trace: neither waiting for the screen's frame nor for a processor that others use
is in it. Other bundles can be measured in turns with this one: `python -m tests.benchmarks.hover before=/a/folder/with/explorer.js`.
"""

import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

from playwright.sync_api import Page, Route

from tests.benchmarks import browser_ours as ours
from tests.benchmarks.browser_page import PATIENCE, chromium
from tests.benchmarks.report import machine, ms, table
from tests.browser.bridge import STATIC, Bridge
from tests.browser.conftest import VIEWPORT, BarePage
from tests.browser.explorer_page import ExplorerPage

BUDGET = 16
"""Milliseconds: what a hover may take, half of them at least, and the frame after it as well."""

TOKENS = 512
MOVES = 12
ROUNDS = 3
WAIT = 150
"""Milliseconds between two moves: what answers the first one is over."""

VIEWS = ("matrix", "lines", "layers", "flow", "neuron", "model", "compare")
STAGE = {"model": ".aw-grid[data-large]"}
"""What is hovered over on the stage, where it is not called as the view is."""

CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline"]
KINDS = {
    "script": {"EventDispatch", "FunctionCall", "FireAnimationFrame", "RunMicrotasks", "TimerFire"},
    "style": {"UpdateLayoutTree"},
    "layout": {"Layout"},
    "paint": {"PrePaint", "Paint", "Layerize", "Commit"},
}


class Move(NamedTuple):
    """One move, in milliseconds of the main thread's own time."""

    total: float
    parts: dict[str, float]
    numbers: float
    """Of the frame that follows: 0 where none does before the next move."""


def moves(trace: bytes) -> list[Move]:
    """What every move cost: from its event to the end of the frame that paints it, by the clock of the thread."""
    events = [event for event in json.loads(trace)["traceEvents"] if event.get("ph") == "X" and "tdur" in event]
    moved = [event for event in events if isa(event, "pointermove")]
    own = [event for event in events if moved and (event["pid"], event["tid"]) == (moved[0]["pid"], moved[0]["tid"])]
    commits = sorted((event for event in own if event["name"] == "Commit"), key=lambda one: one["ts"])
    found = []
    moved.sort(key=lambda one: one["ts"])
    for event, following in zip(moved, [*moved[1:], None], strict=True):
        answer = next((commit for commit in commits if commit["ts"] > event["ts"]), None)
        if answer is None or answer["ts"] - event["ts"] > 1000 * WAIT:
            continue
        start, end = event["tts"], answer["tts"] + answer["tdur"]
        parts = {kind: busy([one for one in own if one["name"] in names], start, end) for kind, names in KINDS.items()}
        # A script that asks for a size makes the browser lay out.
        inside = [one for one in own if one["name"] in KINDS["script"]]
        forced = [
            one
            for one in own
            if one["name"] in KINDS["style"] | KINDS["layout"] and any(within(one, it) for it in inside)
        ]
        parts["script"] -= busy(forced, start, end)
        until = answer["ts"] + 1000 * WAIT if following is None else following["ts"]
        after = next((commit for commit in commits if answer["ts"] < commit["ts"] < until), None)
        numbers = 0.0 if after is None else (after["tts"] + after["tdur"] - end) / 1000
        found.append(Move((end - start) / 1000, parts, numbers))
    return found


def within(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return other["tts"] <= one["tts"] < other["tts"] + other["tdur"]


def isa(event: dict[str, Any], kind: str) -> bool:
    return event["name"] == "EventDispatch" and event["args"]["data"]["type"] == kind


def busy(events: list[dict[str, Any]], start: float, end: float) -> float:
    """Milliseconds between two moments in which one of these was under way."""
    total, last = 0.0, start
    for event in sorted(events, key=lambda one: one["tts"]):
        begin, stop = max(event["tts"], last), min(event["tts"] + event["tdur"], end)
        if stop > begin:
            total += stop - begin
            last = stop
    return total / 1000


IN_SIGHT = """(it) => {
  let { left, top, right, bottom } = it.getBoundingClientRect();
  for (let outer = it.parentElement; outer != null; outer = outer.parentElement) {
    if (getComputedStyle(outer).overflowY === "visible") continue;
    const box = outer.getBoundingClientRect();
    [left, top] = [Math.max(left, box.left), Math.max(top, box.top)];
    [right, bottom] = [Math.min(right, box.right), Math.min(bottom, box.bottom)];
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}"""
"""The part of an element that is seen: what scrolls shows no more."""


class Place(NamedTuple):
    view: str
    over: str


def places(view: str) -> list[Place]:
    return [Place(view, over) for over in ("text", "grid", "stage") if (view, over) != ("model", "grid")]


def points(page: Page, shown: ExplorerPage, place: Place) -> Iterator[tuple[float, float]]:
    """Where the pointer goes: from token to token, from head to head."""
    stage = STAGE.get(place.view, f".aw-{place.view}")
    target = {"text": ".aw-scroll", "grid": ".aw-grid", "stage": stage}[place.over]
    box = shown.root.locator(target).first.evaluate(IN_SIGHT)
    width, height = box["width"], min(box["height"], page.viewport_size["height"] - box["y"])
    for turn in range(MOVES):
        if place.over == "text":
            yield box["x"] + width * (0.05 + 0.07 * turn), box["y"] + height * (0.2 + 0.05 * turn)
        elif place.over == "grid" or place.view == "model":
            yield box["x"] + 18 + (width - 22) * (turn + 0.4) / MOVES, box["y"] + 20 + (height - 24) * 0.55
        elif place.view == "lines":
            yield box["x"] + width * (0.9 if turn % 2 else 0.1), box["y"] + height * (0.2 + 0.05 * turn)
        elif place.view in {"matrix", "compare"}:
            yield box["x"] + width * (0.25 + 0.02 * turn), box["y"] + height * (0.4 + 0.04 * turn)
        else:
            yield box["x"] + width * (0.3 + 0.04 * turn), box["y"] + height * (0.3 + 0.04 * turn)


def hovered(page: Page, shown: ExplorerPage, place: Place) -> list[Move]:
    found = []
    where = list(points(page, shown, place))
    page.mouse.move(*where[-1])  # what is measured begins inside
    page.wait_for_timeout(500)
    page.context.browser.start_tracing(page=page, categories=CATEGORIES)
    for x, y in where:
        page.mouse.move(x, y)
        page.wait_for_timeout(WAIT)
    found = moves(page.context.browser.stop_tracing())
    page.mouse.move(2, 2)
    page.wait_for_timeout(300)
    return found


def measured(
    bundles: dict[str, Path], views: tuple[str, ...] = VIEWS, rounds: int = ROUNDS
) -> dict[Place, dict[str, list[Move]]]:
    """Every place by bundle, the bundles in turns."""
    loaded, text = ours.model(), ours.text_of(TOKENS)
    bridge = Bridge()
    found: dict[Place, dict[str, list[Move]]] = {}
    with chromium() as browser:
        for view in views:
            # The page is taller than a screen: what is under it is painted too.
            page = browser.new_page(viewport=VIEWPORT, device_scale_factor=1)
            page.set_default_timeout(PATIENCE * 1000)
            bare = BarePage(page, bridge)
            other = text.rsplit(" ", 1)[0] + " " + ours.ORDINARY[0]
            look = {"against": other} if view == "compare" else {}
            explorer = bare.explore(loaded, text=text, view=view, **look)
            for _ in range(rounds):
                for name, folder in bundles.items():
                    serve(page, folder)
                    page.goto("about:blank")
                    bare.load()
                    page.add_style_tag(path=folder / "explorer.css")
                    shown = bare.show(explorer)
                    shown.root.locator(f"{STAGE.get(view, f'.aw-{view}')} canvas").first.wait_for()
                    page.locator(".attnwidget[data-frame-id]").wait_for()
                    page.wait_for_timeout(2500)
                    for place in places(view):
                        found.setdefault(place, {}).setdefault(name, []).extend(hovered(page, shown, place))
            for place in places(view):
                print(*place, *(f"{name} {summary(each)}" for name, each in found[place].items()), sep="  ", flush=True)
            page.goto("about:blank")  # the sockets close before the explorer does
            page.wait_for_timeout(200)
            page.context.close()
            explorer.close()
    bridge.close()
    return found


def serve(page: Page, folder: Path) -> None:
    """The program in the loader's place: what is measured is the same, and any folder may be given."""
    page.unroute_all()
    page.route("**/static/loader.js", partial(answer, folder / "explorer.js"))


def answer(path: Path, route: Route) -> None:
    route.fulfill(path=path)


def summary(each: list[Move]) -> str:
    totals = [move.total for move in each]
    parts = " ".join(f"{kind} {median(move.parts[kind] for move in each):.1f}" for kind in KINDS)
    after = [move.numbers for move in each]
    numbers = f"numbers {median(after):.1f} (p90 {ninth(after):.1f})"
    return f"{median(totals):.1f} ms (p90 {ninth(totals):.1f}, n {len(totals)}; {parts}), {numbers}"


def ninth(values: list[float]) -> float:
    return quantiles(values, n=10)[-1] if len(values) > 1 else values[0]


COLUMNS = "view; pointer over the; median; p90; script; style; layout; paint; numbers; at most 16 ms each"


def section() -> str:
    rows = []
    for place, by_bundle in measured({"this": STATIC}).items():
        each = by_bundle["this"]
        totals = [move.total for move in each]
        parts = [ms(median(move.parts[kind] for move in each)) for kind in KINDS]
        numbers = median(move.numbers for move in each)
        kept = "yes" if max(median(totals), numbers) <= BUDGET else "**no**"
        rows.append([*place, ms(median(totals)), ms(ninth(totals)), *parts, ms(numbers), kept])
    return f"""{TOKENS} tokens, 12 x 12 heads: what the page's main thread works from a move of the pointer to the end of the paint that answers
it, in Chromium's own trace and by the clock of that thread: waiting for the frame is not counted. "numbers": the same of the frame after it, in which the lists beside the pictures follow. Canvases are drawn by the processor. {MOVES} moves, {ROUNDS} pages of each view.

{table(COLUMNS.split("; "), rows)}
{machine("playwright")}
"""


if __name__ == "__main__":
    given = [argument.partition("=") for argument in sys.argv[1:]]
    others = {name: Path(folder) for name, _, folder in given if name not in {"views", "rounds"}}
    options = {name: value for name, _, value in given if name in {"views", "rounds"}}
    chosen = tuple(options["views"].split(",")) if "views" in options else VIEWS
    measured({"this": STATIC, **others}, chosen, int(options.get("rounds", ROUNDS)))
