"""The page's bundle."""

import os
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from attnwidget.errors import AttnWidgetError

STATIC = Path(__file__).parent.parent / "static"


def watched() -> bool:
    """Whether this is `make dev`, where the bundle is made anew at every change."""
    return os.environ.get("ANYWIDGET_HMR") == "1"


def bundle(name: str) -> Path:
    """A file of the bundle. Raises AttnWidgetError when it was never built."""
    path = STATIC / name
    if not path.is_file():
        raise AttnWidgetError(
            f"The page's bundle {name} is missing from this installation. In a checkout, build it with `make js`; "
            "elsewhere, reinstall attnwidget."
        )
    return path


def loader() -> str | Path:
    """What a notebook stores of the page: its text, or under `make dev` its path.

    anywidget watches paths, and then keeps every explorer alive.
    """
    path = bundle("loader.js")
    return path if watched() else path.read_text(encoding="utf-8")


@dataclass(frozen=True, repr=False)
class Program:
    """What the loader asks for: `name` is the one that the build wrote into it."""

    name: str
    script: bytes
    style: bytes


def program() -> Program:
    """The program that belongs to the loader: read once, since both may be replaced while the kernel runs."""
    return _read_program() if watched() else _kept_program()


def _read_program() -> Program:
    script, style = (bundle(name).read_bytes() for name in ("explorer.js", "explorer.css"))
    return Program(sha256(script + style).hexdigest()[:16], script, style)


_kept_program = cache(_read_program)
