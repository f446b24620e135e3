"""A notebook open in JupyterLab, as the tests see it: run it, add cells, count them, look at the explorers in it.

Set-up goes through Lab's own commands; what a test is about goes through real clicks and keys.
"""

from typing import Any

from playwright.sync_api import Locator, Page, expect

SECONDS_FOR_A_CELL = 60

# Adds a cell below the last one and starts it; without patience that is all, otherwise its outputs come back, as nbformat has them.
RUN = """
async ([source, seconds]) => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = notebook.model.cells.length - 1;
  await window.jupyterapp.commands.execute("notebook:insert-cell-below");
  const cell = notebook.activeCell;
  cell.model.sharedModel.setSource(source);
  const running = window.jupyterapp.commands.execute("notebook:run-cell");
  if (seconds === 0) return [];
  const late = new Promise((resolve) => setTimeout(resolve, seconds * 1000, "late"));
  if ((await Promise.race([running, late])) === "late") throw new Error(`the cell still runs: ${source}`);
  return cell.model.outputs.toJSON();
}
"""


class NotebookPage:
    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def open(self, name: str) -> None:
        self.page.goto(f"{self.url}/lab/workspaces/{name.removesuffix('.ipynb')}/tree/{name}?reset")
        self.page.locator(".jp-NotebookPanel").wait_for(timeout=30_000)
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.connectionStatus"
            " === 'connected'",
            timeout=60_000,
        )

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        self.page.evaluate(
            "([name, options]) => window.jupyterapp.commands.execute(name, options).then(() => null)",
            [name, arguments or {}],
        )

    def run_all(self) -> None:
        self.command("notebook:run-all-cells")

    def run_again(self, index: int) -> None:
        """Run a cell that is there, as a person would who goes back to it."""
        self.page.evaluate(
            """async (index) => {
              window.jupyterapp.shell.currentWidget.content.activeCellIndex = index;
              await window.jupyterapp.commands.execute("notebook:run-cell");
            }""",
            index,
        )

    def run(self, source: str, seconds: float = SECONDS_FOR_A_CELL) -> str:
        """Run a new last cell and return its text: what it printed, else its value. An error in it fails the test."""
        outputs = self.page.evaluate(RUN, [source, seconds])
        return "".join(text_of(output) for output in outputs).strip()

    def run_until(self, source: str, wanted: str, tries: int = 20) -> None:
        """Run a cell again and again until it puts out what is wanted: what the page sends may still be on its way."""
        for _ in range(tries):
            found = self.run(source)
            if found == wanted:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{source} still gives {found!r}, not {wanted!r}")

    def start(self, source: str) -> None:
        """Start a new last cell and do not wait for it."""
        self.page.evaluate(RUN, [source, 0])

    def last_cell_runs(self) -> bool:
        """Whether the last cell has no number yet. The kernel's own status is no help: subshells make it idle."""
        return self.page.evaluate(
            """() => {
              const { cells } = window.jupyterapp.shell.currentWidget.content.model;
              return cells.get(cells.length - 1).executionCount === null;
            }"""
        )

    def cells(self) -> list[str]:
        """The source of every cell."""
        return self.page.evaluate(
            "() => [...window.jupyterapp.shell.currentWidget.content.model.cells].map((cell) => cell.sharedModel.source)"
        )

    def keep_cells(self, count: int) -> None:
        """Remove all cells but the first so many."""
        self.page.evaluate(
            """(count) => {
              const shared = window.jupyterapp.shell.currentWidget.content.model.sharedModel;
              shared.deleteCellRange(count, shared.cells.length);
            }""",
            count,
        )

    def errors(self) -> list[str]:
        """What went wrong in any cell so far."""
        return self.page.evaluate(
            """() => [...window.jupyterapp.shell.currentWidget.content.model.cells]
              .flatMap((cell) => cell.outputs?.toJSON() ?? [])
              .filter((output) => output.output_type === "error")
              .map((output) => `${output.ename}: ${output.evalue}`)"""
        )

    def restart_kernel(self) -> None:
        self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart().then(() => null)"
        )

    def shut_down(self) -> None:
        """End the notebook's kernel; two cores are few."""
        self.page.evaluate("() => window.jupyterapp?.shell.currentWidget?.sessionContext?.shutdown().then(() => null)")

    def theme(self, name: str) -> None:
        self.command("apputils:change-theme", {"theme": name})
        light = str("Light" in name).lower()
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-light", light)
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)  # Lab covers itself while it changes clothes

    def explorers(self) -> Locator:
        return self.page.locator(".attnwidget[data-frame-id]")


def text_of(output: dict[str, Any]) -> str:
    match output["output_type"]:
        case "stream":
            return output["text"]
        case "error":
            raise AssertionError(f"{output['ename']}: {output['evalue']}")
        case _:
            return output["data"].get("text/plain", "")
