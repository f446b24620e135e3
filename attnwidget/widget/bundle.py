"""The page's bundle."""

import os
from pathlib import Path

from attnwidget.errors import AttnWidgetError

STATIC = Path(__file__).parent.parent / "static"


def bundle(name: str) -> str | Path:
    """A file of the bundle: its text, or under `make dev` its path. Raises AttnWidgetError when it was never built.

    A path is watched by anywidget, which then holds on to every explorer that there ever was.
    """
    path = STATIC / name
    if not path.is_file():
        raise AttnWidgetError(
            f"The page's bundle {name} is missing from this installation. In a checkout, `make js` builds it; "
            "elsewhere, reinstall attnwidget."
        )
    return path if os.environ.get("ANYWIDGET_HMR") == "1" else path.read_text(encoding="utf-8")
