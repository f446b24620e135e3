"""Files that are there whole or not at all: what each is called, and writing it. Everything that writes a file does it here."""

import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from attnwidget.errors import AttnWidgetError


def named_file(path: Any, example: str) -> Path:
    """The file that a path names, text or a PathLike, `~` meant as the home folder; `example` is a name in the sentence.

    Raises AttnWidgetError for what is no path, or names no file.

    >>> named_file("heads.html", "heads.html").name
    'heads.html'
    """
    try:
        written = os.fspath(path)
        file = Path(written).expanduser()
        os.fsencode(file)
    except (TypeError, ValueError, RuntimeError):  # the last for the home of nobody
        raise AttnWidgetError(f"{path!r} is no path. Give the name of a file, as text or as a Path.") from None
    ends_as_folder = written.endswith(tuple(filter(None, (os.sep, os.altsep))))
    if file.name in {"", ".."} or ends_as_folder or "\0" in written:
        raise AttnWidgetError(f"{written!r} names no file. Give one, for example {example!r}.")
    return file


def file_of(path: Any, *suffixes: str, example: str) -> Path:
    """The file that a path names: with the first suffix added, unless the name ends in one of them already.

    What follows another dot is part of the name. Raises AttnWidgetError as `named_file` does.

    >>> [file_of(name, ".html", ".htm", example="heads").name for name in ("heads", "layer.5", "heads.HTM")]
    ['heads.html', 'layer.5.html', 'heads.HTM']
    """
    file = named_file(path, example + suffixes[0])
    return file if file.name.lower().endswith(suffixes) else file.with_name(file.name + suffixes[0])


def write_whole(file: Path, what: str, write: Callable[[Path], object]) -> Path:
    """Let `write` fill a new file in the same folder, then put it in the place of `file`, which it gives back.

    What was there stays whole until then, and keeps its rights; where there was nothing, rights are what the user's
    other files have. A link stays one: what it leads to is written. No file of the user's is ever touched but this one,
    and nothing is left behind, whatever stops the writing. Raises AttnWidgetError where it is not possible, with the
    reason; `what` is called so in that sentence ("trace").
    """
    part: Path | None = None
    try:
        target = file.resolve()
        rights = _rights(target)
        part = target.with_name(f".attnwidget-{secrets.token_hex(8)}.part")
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))  # less the umask
        rights = stat.S_IMODE(part.stat().st_mode) if rights is None else rights
        write(part)
        if stat.S_IMODE(part.stat().st_mode) != rights:  # a library may have put a file of its own there
            part.chmod(rights)  # which not every file system can
        part.replace(target)
    except (OSError, RuntimeError) as error:  # the latter for links that lead in a circle
        if not isinstance(error, OSError) and part is not None:
            raise
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise AttnWidgetError(
            f"The {what} could not be written to {file}: {reason}. Give a path in a folder that exists, may be written "
            "to, and has room."
        ) from None
    finally:
        if part is not None:
            with suppress(OSError):  # it is not there: it was moved, or could not be made
                part.unlink()
    return file


def _rights(target: Path) -> int | None:
    """The mode of the file that is replaced; None where there is none. Raises OSError for what may not be replaced."""
    if not target.exists():
        return None
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder")
    if not target.is_file():
        raise FileExistsError(f"{target} is no ordinary file")
    if not os.access(target, os.W_OK):
        raise PermissionError(f"{target} may not be changed")
    return stat.S_IMODE(target.stat().st_mode)
