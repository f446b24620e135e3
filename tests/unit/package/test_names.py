"""One name, one meaning: what a module defines for others is called as nothing in another module is."""

import ast
from collections import defaultdict
from pathlib import Path

import attnwidget

PACKAGE = Path(attnwidget.__file__).parent

SAME = {
    "log": "the logger of the module, everywhere",
    "dynamics": "aw.plots.dynamics draws what aw.dynamics gives",
    "head_map": "aw.plots.head_map draws what aw.head_map gives",
}
"""Names that several modules may define, and why."""


def defined(path):
    """The public names that stand at the top of a module."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = [node.name]
        else:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
        yield from (name for name in names if not name.startswith("_"))


def test_a_name_is_defined_in_one_place():
    homes = defaultdict(set)
    for path in sorted(PACKAGE.rglob("*.py")):
        for name in defined(path):
            homes[name].add(str(path.relative_to(PACKAGE)))
    assert len(homes) > 800
    repeated = {name: sorted(places) for name, places in homes.items() if len(places) > 1}
    assert repeated.keys() == SAME.keys(), repeated
