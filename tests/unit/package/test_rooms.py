"""What import-linter cannot say about the rooms: who may use which library, and how things are called."""

import ast
from functools import cache
from pathlib import Path

import pytest

import attnwidget

PACKAGE = Path(attnwidget.__file__).parent

# Only these rooms know the library; everything else stays independent of it.
AT_HOME = {
    "anywidget": {"widget"},
    "bokeh": {"plots"},
    "ipywidgets": {"widget"},
    "scipy": {"engine", "experiments", "measures"},
    "traitlets": {"widget"},
    "transformers": {"engine", "tiny"},
    "tokenizers": {"engine", "tiny"},
}

VAGUE = {"utils", "util", "helpers", "base", "common", "misc", "core"}


def room_of(path: Path) -> str:
    """The sub-package that a file is in; for a file of the package itself, its own name."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def libraries_used(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name.split(".")[0] for name in names}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize(("library", "rooms"), AT_HOME.items())
def test_a_library_stays_in_its_rooms(library, rooms):
    strangers = [
        str(path.relative_to(PACKAGE))
        for path in modules()
        if room_of(path) not in rooms and library in libraries_used(path)
    ]
    assert strangers == []


def test_no_public_name_is_a_sub_package():
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    own = {"experiments", "plots"}  # reached by their own names
    assert rooms & set(attnwidget.__all__) == own
    for room in own:
        assert getattr(attnwidget, room).__name__ == f"attnwidget.{room}"


def test_every_module_says_what_it_is_for_in_its_name():
    assert [str(path) for path in modules() if path.stem in VAGUE or path.parent.name in VAGUE] == []


def test_imports_are_absolute():
    relative = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []
