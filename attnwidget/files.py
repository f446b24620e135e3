"""File names, and atomic writing: a file is written whole or not at all. Everything that writes a file does it here."""

import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from attnwidget.errors import AttnWidgetError


def named_file(path: Any, example: str) -> Path:
    """The file that a path names: text or a PathLike, with `~` for the home folder. Error messages suggest `example`.

    Raises AttnWidgetError for anything that is not a path, or does not name a file.

    >>> named_file("heads.html", "heads.html").name
    'heads.html'
    """
    try:
        written = os.fspath(path)
        file = Path(written).expanduser()
        os.fsencode(file)
    except (TypeError, ValueError, RuntimeError):  # the last for the home of an unknown user
        raise AttnWidgetError(f"{path!r} is not a path. Give a file name, as a string or a Path.") from None
    ends_as_folder = written.endswith(tuple(filter(None, (os.sep, os.altsep))))
    if file.name in {"", ".."} or ends_as_folder or "\0" in written:
        raise AttnWidgetError(f"{written!r} does not name a file. Give a file name, for example {example!r}.")
    return file


def file_of(path: Any, *suffixes: str, example: str) -> Path:
    """The file that a path names: with the first suffix added, unless the name ends in one of them already.

    Any other suffix is part of the name. Raises AttnWidgetError as `named_file` does.

    >>> [file_of(name, ".html", ".htm", example="heads").name for name in ("heads", "layer.5", "heads.HTM")]
    ['heads.html', 'layer.5.html', 'heads.HTM']
    """
    file = named_file(path, example + suffixes[0])
    return file if file.name.lower().endswith(suffixes) else file.with_name(file.name + suffixes[0])


def made_folder(path: Any, called: str) -> Path:
    """The folder that a path names, made if it is not there. `called` is what refused it: "keep" for an argument keep=.

    Raises AttnWidgetError, with the reason, for what is no folder and cannot be made one.
    """
    try:
        folder = Path(path).expanduser()
        folder.mkdir(parents=True, exist_ok=True)
    except (TypeError, ValueError, RuntimeError, OSError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "it is not a path"
        raise AttnWidgetError(
            f"{called}={str(path)!r:.120} cannot be used: {reason}. Give a writable folder."
        ) from None
    return folder


def write_whole(file: Path, what: str, write: Callable[[Path], object]) -> Path:
    """Let `write` fill a new file in the same folder, then replace `file` with it. Returns `file`.

    An existing file stays intact until then, and its permissions are kept; a new file gets the user's default
    permissions. A symbolic link stays a link: its target is written. No other file is touched, and nothing is left
    behind if writing fails.

    Raises AttnWidgetError, with the reason, if the file cannot be written; `what` names its content there ("trace").
    """
    part: Path | None = None
    try:
        target = file.resolve()
        rights = _rights(target)
        part = target.with_name(f".attnwidget-{secrets.token_hex(8)}.part")
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))  # minus the umask
        rights = stat.S_IMODE(part.stat().st_mode) if rights is None else rights
        write(part)
        if stat.S_IMODE(part.stat().st_mode) != rights:  # a library may have put a file of its own there
            part.chmod(rights)  # not every file system supports this
        part.replace(target)
    except (OSError, RuntimeError) as error:  # the latter for circular links
        if not isinstance(error, OSError) and part is not None:
            raise
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise AttnWidgetError(
            f"The {what} could not be written to {file}: {reason}. Give a path in an existing, writable folder with "
            "enough space."
        ) from None
    finally:
        if part is not None:
            with suppress(OSError):  # already moved, or never created
                part.unlink()
    return file


def _rights(target: Path) -> int | None:
    """The mode of the file to replace; None if there is none. Raises OSError if it cannot be replaced."""
    if not target.exists():
        return None
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder")
    if not target.is_file():
        raise FileExistsError(f"{target} is not a regular file")
    if not os.access(target, os.W_OK):
        raise PermissionError(f"{target} is read-only")
    return stat.S_IMODE(target.stat().st_mode)
