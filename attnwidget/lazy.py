"""The public names of a package: listed once, in the stub beside it, and imported on first use."""

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def homes(file: str) -> dict[str, str]:
    """Every public name of the package with this `__init__.py`, and the module that it comes from.

    >>> import attnwidget as aw
    >>> homes(aw.__file__)["rollout"]
    'attnwidget.measures.paths.rollout'
    """
    stub = ast.parse(Path(file).with_suffix(".pyi").read_text(encoding="utf-8"))
    lines = [line for line in stub.body if isinstance(line, ast.ImportFrom)]
    return {name.name: line.module for line in lines for name in line.names if line.module is not None}


def public(package: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """`__getattr__`, `__dir__` and `__all__` of a package: a bare import loads neither torch nor transformers.

    No module beside it may have the name of a public function: importing the module would replace the function.
    """
    known = homes(file)
    names = sorted(known)

    def fetched(name: str) -> Any:
        if name not in known:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = known[name]
        value = import_module(f"{home}.{name}") if home == package else getattr(import_module(home), name)
        setattr(sys.modules[package], name, value)
        return value

    return fetched, lambda: names, names
