"""A figure -> one HTML file that opens anywhere, also without a network."""

import html
import json
from pathlib import Path
from typing import Any

from bokeh.models import Title

from attnwidget.files import file_of, write_whole
from attnwidget.plots.colours import LOOKS, look_of
from attnwidget.plots.pane import bundled, item_of
from attnwidget.plots.theme import CAPTION, FONT, painted, plots_in, theme_of

SUFFIXES = (".html", ".htm")

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src %(allowed)s; style-src 'unsafe-inline'; img-src data: blob:; font-src data:">
<meta name="color-scheme" content="%(schemes)s">
<title>%(title)s</title>
<style>
:root { --ground: %(ground)s; }
%(dark_rule)s
body { margin: 16px; background: var(--ground); font-family: %(font)s; }
</style>
</head>
<body>
<div id="figure" role="img" aria-label="%(said)s"></div>
%(items)s
%(scripts)s
<script>
"use strict";
const place = document.getElementById("figure");
const dark = matchMedia("(prefers-color-scheme: dark)");
const named = (name) => document.getElementById("item-" + name);
let views;
async function draw() {
  const item = named(dark.matches ? "dark" : "light") ?? named("light") ?? named("dark");
  views?.clear();
  place.replaceChildren();
  views = await Bokeh.embed.embed_item(JSON.parse(item.textContent), place);
}
let drawn = draw();
dark.addEventListener("change", () => { drawn = drawn.then(draw); });
</script>
</body>
</html>
"""


def save(figure: Any, path: Any, *, title: str | None = None, theme: str | None = None) -> Path:
    """Write a figure into one HTML file and return its path: `.html` is added to a name that ends in neither `.html` nor `.htm`.

    BokehJS is in the file (1.3 MB), so it opens offline and contacts no server. With `theme` None a chart of
    attnwidget follows the viewer's light or dark setting; "light" or "dark" fixes it. `title` is that of the browser's
    tab, else the figure's own. The figure stays as it is; one of others keeps its colours. Raises AttnWidgetError for
    anything but a Bokeh figure or layout, and when the file cannot be written.

    >>> import attnwidget as aw, tempfile
    >>> chart = aw.plots.head_grid(aw.load().trace("The cat sat."))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     aw.plots.save(chart, folder + "/heads").name
    'heads.html'
    """
    plots = plots_in(figure)
    file = file_of(path, *SUFFIXES, example="heads")
    follows = theme is None and any(theme_of(plot) is not None for plot in plots)
    themes = list(LOOKS) if follows else [look_of(theme).name]
    items = {}
    for name in themes:
        with painted(figure, name):
            items[name] = item_of(figure)
    words = _words(plots)
    text = _page(figure, items, title or (words[0] if words else "attnwidget"), " ".join(words))
    return write_whole(file, "figure", lambda part: part.write_text(text, encoding="utf-8", errors="replace"))


def _page(figure: Any, items: dict[str, Any], title: str, said: str) -> str:
    dark = LOOKS["dark"].ground
    follows = len(items) > 1
    scripts = bundled(figure)
    # Figures of others may bring code as text, and more of Bokeh than a plain figure needs. Ours do neither.
    evaluates = scripts != bundled() or any("code" in model.properties() for model in figure.references())
    return _PAGE % {
        "allowed": "'unsafe-inline' 'unsafe-eval'" if evaluates else "'unsafe-inline'",
        "title": html.escape(title),
        "said": html.escape(said),
        "schemes": "light dark" if follows else next(iter(items)),
        "ground": LOOKS[next(iter(items))].ground,
        "dark_rule": f"@media (prefers-color-scheme: dark) {{ :root {{ --ground: {dark}; }} }}" if follows else "",
        "font": FONT,
        "items": "\n".join(
            f'<script type="application/json" id="item-{name}">{_inert(item)}</script>' for name, item in items.items()
        ),
        "scripts": "\n".join(f"<script>{script}</script>" for script in scripts),
    }


def _inert(item: Any) -> str:
    """JSON that no tag in a token's text can break out of."""
    return json.dumps(item, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _words(plots: list[Any]) -> list[str]:
    """The titles and captions of the figures, for those who cannot see them."""
    titles = [title for plot in plots for title in plot.select({"type": Title})]
    texts = [title.text for title in sorted(titles, key=lambda title: title.name == CAPTION)]
    return [text.replace("\n", " ") for text in texts if isinstance(text, str) and text]
