"""Data + bundle -> one HTML file: it loads nothing, and only its own scripts may run."""

import gzip
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from html import escape

from attnwidget.frames.codec import encode_frame
from attnwidget.frames.frame import Frame
from attnwidget.text import well_formed

START = """
globalThis[Symbol.for("attnwidget.page")] = (open) =>
  open(document.getElementById("explorer"), document.getElementById("data").textContent).catch((error) => {
    document.getElementById("failed").textContent = "This page could not be opened: " + error.message;
  });
"""
"""The bundle calls this once it has loaded: an inline module has no name to import it by."""

STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --muted: #59636e; --ground: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --muted: #9aa4af; --ground: #0c0f12; } }
body { margin: 0; background: var(--ground); color: var(--ink); font: 400 14px/1.5 system-ui, -apple-system, "Segoe UI",
  Roboto, "Helvetica Neue", Arial, sans-serif; }
main { box-sizing: border-box; max-width: 1748px; margin: 0 auto; padding: 24px; }
h1 { margin: 0 0 4px; font-size: 22px; line-height: 1.3; font-weight: 650; text-wrap: balance; overflow-wrap: anywhere; }
p { margin: 0 0 4px; max-width: 78ch; overflow-wrap: anywhere; }
.lead { margin-block: 8px; font-size: 16px; white-space: pre-line; }
.origin, .numbers { color: var(--muted); font-size: 13px; font-variant-numeric: tabular-nums; }
#explorer { margin-block: 16px; }
@media (width < 640px) { main { padding: 16px 12px; } }
@media print { main { max-width: none; padding: 0; } #explorer { break-inside: avoid; } }
"""


@dataclass(frozen=True)
class Shell:
    """The words around the explorer, all plain text; `text` is the traced text."""

    title: str
    lead: str
    origin: str
    numbers: str
    text: str


def page_html(data: Frame, shell: Shell, script: str, style: str) -> str:
    """The page. `script` and `style` are the bundle's for pages.

    >>> page = page_html(Frame({}, {}), Shell("</title>", "", "", "", ""), "export {};", "")
    >>> "&lt;/title&gt;" in page, "https:" in page
    (True, False)
    """
    bundle = harmless(script)
    # Browsers normalise line breaks to one character.
    scripts, styles = [START, bundle], [STYLE, style]
    policy = (
        f"default-src 'none'; script-src {_sources(scripts)}; style-src {_sources(styles)}; img-src data: blob:; "
        "media-src blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    words = {name: escape(well_formed(value)) for name, value in vars(shell).items()}
    lead = f'<p class="lead">{words["lead"]}</p>\n' if shell.lead else ""
    packed = b64encode(gzip.compress(encode_frame(data), mtime=0)).decode()
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{words["title"]}</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
<style>{style}</style>
</head>
<body>
<main>
<h1 dir="auto">{words["title"]}</h1>
{lead}<p class="origin">{words["origin"]}</p>
<div id="explorer"></div>
<p id="failed" role="alert"></p>
<noscript>
<p>This page shows what a language model attends to in a text, and needs JavaScript. The text:</p>
<blockquote dir="auto">{words["text"]}</blockquote>
</noscript>
<p class="numbers">{words["numbers"]}</p>
</main>
<script type="application/gzip" id="data">{packed}</script>
<script>{START}</script>
<script type="module">{bundle}</script>
</body>
</html>
"""


def harmless(script: str) -> str:
    r"""The same script, without sequences that would end it, or start a comment, in HTML. They occur only in strings.

    >>> print(harmless('a = "</script>"'))
    a = "<\/script>"
    """
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--").replace("\r\n", "\n")


def _sources(texts: list[str]) -> str:
    return " ".join(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in texts)
