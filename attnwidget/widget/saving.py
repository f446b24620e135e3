"""ex.save: the current state of the explorer -> a page in a file."""

import re
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from attnwidget.engine import AttentionModel, Trace, is_reference
from attnwidget.export.data import page_data, precision
from attnwidget.export.headline import headline
from attnwidget.export.page import Shell, page_html
from attnwidget.files import file_of, write_whole
from attnwidget.widget.answering.answers import about
from attnwidget.widget.answering.shown import Shown
from attnwidget.widget.bundle import bundle
from attnwidget.widget.given import GivenModel


def page_of(
    model: AttentionModel | GivenModel,
    trace: Trace,
    shown: Shown,
    traits: dict[str, Any],
    *,
    title: str | None = None,
    lead: str | None = None,
    truncated: tuple[int, int] | None = None,
    source: str | None = None,
    sound: bool = False,
) -> str:
    """The whole page as HTML. Raises AttnWidgetError for a text that is too long for one."""
    told = about(model, shown, (), source, traits["text"]).content["about"]
    data = page_data(
        trace,
        told,
        traits,
        model.piece,
        texts=model.texts(traits["text"], traits["pair"]),
        truncated=truncated,
        sound=sound,
    )
    recipe = data.header["facts"][f"{traits['layer']} {traits['head']}"]["recipe"]
    shell = Shell(
        title=f"{headline(traits['text'])} · attention of {model.name}" if title is None else title,
        lead=lead or "",
        origin=f"{model.name} · {_today()} · {_made_with()}",
        numbers=f"{recipe[:1].upper()}{recipe[1:]}. {precision(data)}",
        text=headline(traits["text"]) if is_reference(traits["text"]) else traits["text"],
    )
    script, style = (bundle(name).read_text("utf-8") for name in ("page.js", "explorer.css"))
    return page_html(data, shell, script, style)


def page_name(model: AttentionModel | GivenModel) -> str:
    """The default file name of a page."""
    return f"{_as_file(model.name)}-attention.html"


def finding_name(model: AttentionModel | GivenModel) -> str:
    """The default file name of a finding."""
    return f"{_as_file(model.name)}-finding.json"


def _as_file(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "model"


def write_page(path: Any, html: str) -> Path:
    """Write the page, whole or not at all. Raises AttnWidgetError if it cannot be written.

    A name that does not end in .html or .htm gets .html.
    """
    file = file_of(path, ".html", ".htm", example="lesson")
    return write_whole(file, "page", lambda part: part.write_text(html, "utf-8", newline="\n"))


def _today() -> str:
    now = datetime.now().astimezone()
    return f"{now.day} {now:%B %Y}"


def _made_with() -> str:
    return ", ".join(f"{name} {version(name)}" for name in ("attnwidget", "torch", "transformers"))
