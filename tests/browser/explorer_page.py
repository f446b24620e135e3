"""One explorer on a page, bare or in a notebook, by the hooks that js/README.md promises."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from playwright.sync_api import Locator, Page, expect

from tests.browser.until import SECONDS, at_rest, until

# The room for labels around the grid's cells, in CSS pixels; see js/src/heads/scene.ts.
GRID_LEFT, GRID_TOP, GRID_MARGIN = 18, 20, 3


# Two frames: what was to be painted has been.
FRAMES = "() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())))"

# Where an element is, once nothing moves it.
RESTING = at_rest("""(element) => {
  const { x, y, width, height } = element.getBoundingClientRect();
  return { x, y, width, height };
}""")

# FNV-1a over the float32 of the matrix on show, word by word; "" before there is one.
CHECKSUM = """(matrix) => {
  if (matrix.weights == null) return "";
  const { buffer, byteOffset, length } = matrix.weights;
  let sum = 0x811c9dc5;
  for (const word of new Uint32Array(buffer, byteOffset, length)) sum = Math.imul(sum ^ word, 0x01000193);
  return (sum >>> 0).toString(16);
}"""


def checksum_of(weights: ArrayLike) -> str:
    """The same of a matrix of ours."""
    value = 0x811C9DC5
    for word in np.ascontiguousarray(weights, dtype="<f4").view("<u4").ravel().tolist():
        value = ((value ^ word) * 0x01000193) & 0xFFFFFFFF
    return f"{value:x}"


def resting(element: Locator) -> Any:
    """Where an element is in the window, as bounding_box() says it, once nothing moves it any more."""
    return element.evaluate(RESTING)


class ExplorerPage:
    def __init__(self, root: Locator) -> None:
        self.root = root
        self.page: Page = root.page
        self.editor = root.locator(".aw-editor textarea")
        self.grid = root.locator(".aw-grid")
        self.matrix = root.locator(".aw-matrix")
        self.token_count = root.locator(".aw-token-count")
        self.status = root.locator(".aw-status")

    def wait_until_drawn(self, timeout: float = SECONDS * 1000) -> None:
        expect(self.matrix).to_have_attribute("data-rows", re.compile(".+"), timeout=timeout)

    def place(self) -> tuple[int, int]:
        """The layer and the head on show."""
        layer, head = self.grid.evaluate("({ dataset }) => [dataset.layer, dataset.head]")
        return int(layer), int(head)

    def tokens(self) -> int:
        """The number in the token count, whatever words are around it; while another text is read there is none."""
        expect(self.token_count).to_contain_text(re.compile(r"\d"))
        return int(re.search(r"\d+", self.token_count.inner_text().replace(",", ""))[0])

    def checksum(self) -> str:
        return self.matrix.evaluate(CHECKSUM)

    def expect_checksum(self, checksum: str) -> None:
        until(self.page, lambda: self.checksum() == checksum, f"the matrix does not become {checksum}")

    def expect_weights(self, weights: ArrayLike) -> None:
        """The matrix on show is this one, number by number."""
        self.expect_checksum(checksum_of(weights))

    def marks(self, field: int | None = None) -> list[dict[str, Any]]:
        """Every token of the texts, or of one, as it is painted, in order."""
        chosen = ".aw-field" if field is None else f".aw-field[data-field='{field}']"
        return self.root.locator(chosen).evaluate_all("fields => fields.flatMap((field) => field.marks())")

    def words(self, field: int | None = None) -> list[dict[str, Any]]:
        """The same without the special tokens beside the text."""
        return [mark for mark in self.marks(field) if not mark["special"]]

    def marked(self, how: str) -> list[int]:
        """The tokens that are `query`, `focus`, `marked` or `sink`."""
        return [mark["token"] for mark in self.marks() if mark[how]]

    def expect_marked(self, how: str, tokens: list[int]) -> None:
        until(self.page, lambda: self.marked(how) == tokens, lambda: f"{how} is {self.marked(how)} and not {tokens}")

    def labels(self, side: str) -> list[dict[str, Any]]:
        """The tokens on one side of the lines, as they are painted."""
        labels = self.root.locator(".aw-lines").evaluate("lines => lines.labels()")
        return [label for label in labels if label["side"] == side]

    def label_place(self, side: str, token: int) -> Any:
        """Where one of them is, on the lines' canvas."""
        resting(self.root.locator(".aw-lines canvas").last)
        label = next(label for label in self.labels(side) if label["token"] == token)
        return {"x": label["x"] + label["width"] / 2, "y": label["y"] + label["height"] / 2}

    def heat(self) -> list[tuple[float, bool]]:
        """The colour of every token, in order."""
        return [(mark["tone"], mark["sink"]) for mark in self.marks()]

    def pieces(self) -> list[str]:
        return [mark["text"] for mark in self.marks()]

    def wait_for_tokens(self, count: int) -> None:
        expect(self.token_count).to_contain_text(re.compile(rf"\b{count:,}\b"))

    def wait_for_other_tokens(self, count: int) -> None:
        """Until the text that is shown has not so many."""
        expect(self.token_count).to_have_text(re.compile(rf"^(?!{count:,} ).*\d"))

    def wait_for_change(self, checksum: str) -> None:
        until(self.page, lambda: self.checksum() != checksum, "the matrix does not change")

    def expect_settled(self, faults: Callable[[], Any]) -> None:
        """Nothing is wrong, and a frame later nothing is either: a layout follows its reason by a frame or more."""

        def settled() -> bool:
            found = faults()
            self.page.evaluate(FRAMES)
            return not found and not faults()

        until(self.page, settled, faults)

    def caret_to_end(self) -> None:
        self.editor.click()
        self.editor.press("ControlOrMeta+End")

    def type(self, text: str, delay: float = 0) -> None:
        self.caret_to_end()
        self.page.keyboard.type(text, delay=delay)

    def replace_text(self, text: str) -> None:
        """Select everything and put another text in its place, as a paste does: one input event."""
        self.editor.click()
        self.editor.press("ControlOrMeta+A")
        self.page.keyboard.insert_text(text)

    def tones(self) -> list[float | None]:
        """How strongly every token is coloured, 0 to 1; None for a sink, which is hatched instead."""
        return [None if mark["sink"] else mark["tone"] for mark in self.marks()]

    def choose(self, value: str) -> None:
        """Press the toolbar's button for a direction or a source."""
        self.root.locator(f".aw-segmented button[data-value={value}]").click()

    def choose_example(self, title: str) -> None:
        """A text from the menu in the header."""
        self.root.locator(".aw-examples > button").click()
        self.root.get_by_role("menuitem", name=title).click()

    def click_head(self, layer: int, head: int) -> None:
        self.grid.click(position=self._middle_of(layer, head))

    def hover_head(self, layer: int, head: int) -> None:
        self.grid.hover(position=self._middle_of(layer, head))

    def _middle_of(self, layer: int, head: int) -> Any:
        """Where a head's cell is: every layer is a row of the grid and every head a column."""
        layers = int(re.search(r"(\d+) layers", self.grid.get_attribute("aria-label"))[1])
        height = resting(self.grid.locator("canvas"))["height"]
        pitch = (height - GRID_TOP - GRID_MARGIN) / layers
        return {"x": GRID_LEFT + (head + 0.4) * pitch, "y": GRID_TOP + (layer + 0.4) * pitch}
