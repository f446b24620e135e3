"""What an explorer shows now, for pages without scripts."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from attnwidget.engine import Picture
from attnwidget.errors import AttnWidgetError
from attnwidget.export.card import MUTED
from attnwidget.export.picture import picture_png, size_on_page
from attnwidget.export.still import still_html
from attnwidget.files import named_file, write_whole
from attnwidget.frames.frame import Frame
from attnwidget.tones import Scale


@dataclass(frozen=True, repr=False)
class Snapshot:
    """Words, map, colours and numbers as HTML without a script, and the map as a PNG; the last line of a cell shows it.

    Both take the ground of the page that they are on, light or dark; a picture of another view, drawn by a page, is a
    white card. `words` is the HTML without the picture, `alt` says what the PNG shows.
    """

    html: str
    png: bytes
    title: str
    words: str
    alt: str

    def save(self, path: Any) -> Path:
        """Write the picture (`.png`) or all of it (`.html`), by the suffix. Raises AttnWidgetError if it cannot."""
        file = named_file(path, "head.png")
        ends = file.suffix.lower()
        if ends not in {".png", ".html"}:
            raise AttnWidgetError(f"{file.name!r} has no valid suffix. Give a name that ends in .png or .html.")
        content = self.png if ends == ".png" else f"{_PAGE}{self.html}".encode()
        return write_whole(file, "snapshot", lambda part: part.write_bytes(content))

    @property
    def picture(self) -> tuple[str, dict[str, Any]]:
        """The PNG in the form that a notebook stores, and what it says beside it."""
        width, height = size_on_page(self.png)
        return b64encode(self.png).decode(), {"width": width, "height": height, "alt": self.alt}

    @property
    def mime(self) -> tuple[dict[str, str], dict[str, Any]]:
        """Both, in the form that a notebook stores."""
        picture, size = self.picture
        return {"text/html": self.html, "image/png": picture}, {"image/png": size}

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        data, metadata = self.mime
        return {"text/plain": repr(self), **data}, metadata

    def __repr__(self) -> str:
        return f"Snapshot({self.title})"


_PAGE = '<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark">'


def snapshot_of(
    frame: Frame,
    text: str,
    pair: str,
    model: str,
    scale: Scale = 1.0,
    drawn: tuple[bytes, str] | None = None,
    view: str = "matrix",
    pictures: Sequence[Picture] = (),
    over: str = "colour",
) -> Snapshot:
    """The snapshot of a frame of `text`, and of a second text if there is one; `scale` says the full tone.

    `pictures` are those that tokens of the frame stand in, `over` which heat lies by a "colour" or by "light".

    `drawn` is a PNG that is there already, and what it shows in words: then no map is drawn. Without one, a `view`
    other than the matrix is named: only a page draws it.
    """
    title = str(frame.header["title"])
    what = "Picture with its heat, and matrix" if pictures else "Matrix"
    png, alt = drawn or (picture_png(frame, model, scale=scale, pictures=pictures, over=over), f"{what} of {title}")
    inside = png if drawn else picture_png(frame, model, scale=scale, alone=False)
    width, _ = size_on_page(inside)
    picture = (
        f'<img alt="{escape(alt)}" src="data:image/png;base64,{b64encode(inside).decode()}" '
        f'style="display:block;width:{width}px;max-width:100%;margin:8px 0">'
    )
    if drawn is None and view != "matrix":
        picture += (
            f'<div style="{MUTED};font-size:12px">This is the matrix: the view <i>{escape(view.capitalize())}</i> is '
            "drawn by a page, and none has drawn what is chosen now.</div>"
        )
    words, html = (
        still_html(frame, text, model, pair, scale=scale, picture=shown, pictures=pictures, over=over)
        for shown in ("", picture)
    )
    return Snapshot(html, png, title, words, alt)
