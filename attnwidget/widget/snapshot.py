"""What an explorer shows now, for pages without scripts."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attnwidget.errors import AttnWidgetError
from attnwidget.export.picture import picture_png
from attnwidget.export.still import still_html
from attnwidget.files import named_file, write_whole
from attnwidget.frames.frame import Frame
from attnwidget.tones import Scale


@dataclass(frozen=True, repr=False)
class Snapshot:
    """Words, colours and numbers as HTML without a script, and the map as a PNG; the last line of a cell shows it."""

    html: str
    png: bytes
    title: str

    def save(self, path: Any) -> Path:
        """Write the picture (`.png`) or the words (`.html`), by the suffix. Raises AttnWidgetError if it cannot."""
        file = named_file(path, "head.png")
        ends = file.suffix.lower()
        if ends not in {".png", ".html"}:
            raise AttnWidgetError(f"{file.name!r} has no valid suffix. Give a name that ends in .png or .html.")
        content = self.png if ends == ".png" else f'<!doctype html><meta charset="utf-8">{self.html}'.encode()
        return write_whole(file, "snapshot", lambda part: part.write_bytes(content))

    @property
    def mime(self) -> dict[str, str]:
        """Both, in the form that a notebook stores."""
        return {"text/html": self.html, "image/png": b64encode(self.png).decode()}

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), **self.mime}

    def __repr__(self) -> str:
        return f"Snapshot({self.title})"


def snapshot_of(frame: Frame, text: str, pair: str, model: str, scale: Scale = 1.0) -> Snapshot:
    """The snapshot of a frame of `text`, and of a second text if there is one; `scale` says the full tone."""
    words = still_html(frame, text, model, pair, scale=scale)
    return Snapshot(words, picture_png(frame, model, scale=scale), str(frame.header["title"]))
