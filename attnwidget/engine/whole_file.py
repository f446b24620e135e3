"""A file that is there whole or not at all: what it is called, and writing it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attnwidget.errors import AttnWidgetError


def file_of(path: Any, suffix: str, example: str) -> Path:
    """The file that a path names, with `suffix` added to a bare name.

    Raises AttnWidgetError for what is no path or names no file; `example` is a name in that sentence.

    >>> file_of("heads", ".html", "heads").name, file_of("heads.htm", ".html", "heads").name
    ('heads.html', 'heads.htm')
    """
    try:
        file = Path(path).expanduser()
    except (TypeError, RuntimeError):  # the latter for the home of nobody
        raise AttnWidgetError(f"{path!r} is no path. Give the name of a file, as text or as a Path.") from None
    if file.name in {"", ".."} or "\0" in file.name:
        raise AttnWidgetError(f"{str(path)!r} names no file. Give one, for example '{example}{suffix}'.")
    return file if file.suffix else file.with_name(file.name + suffix)


def write_whole(file: Path, what: str, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file under another name, then rename it: what was there stays whole until the new file is.

    Raises AttnWidgetError where that is not possible, with the reason; `what` is called so in that sentence ("trace").
    """
    target = file.resolve()
    part = target.with_name(f"{target.name}.part")
    try:
        if target.exists() and not target.is_file():
            raise IsADirectoryError(f"{target} is no file")
        try:
            write(part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise AttnWidgetError(
            f"The {what} could not be written to {file}: {reason}. Give a path in a folder that exists, may be written "
            "to, and has room."
        ) from None
