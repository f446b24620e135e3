"""Where the page's bundle lies."""

from pathlib import Path

from attnwidget.errors import AttnWidgetError

STATIC = Path(__file__).parent.parent / "static"


def bundle(name: str) -> Path:
    """A file of the bundle. Raises AttnWidgetError when it was never built."""
    path = STATIC / name
    if not path.is_file():
        raise AttnWidgetError(
            f"The page's bundle {name} is missing from this installation. In a checkout, `make js` builds it; "
            "elsewhere, reinstall attnwidget."
        )
    return path
