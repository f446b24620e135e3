"""No tensor of ours is made by torch's defaults: a user may have set another device or type, for all threads."""

import ast
from pathlib import Path

import attnwidget

PACKAGE = Path(attnwidget.__file__).parent

MAKERS = set("tensor as_tensor asarray zeros ones empty full eye arange linspace rand randn randint randperm".split())
DECIDED = {"device": MAKERS, "dtype": MAKERS - {"as_tensor", "asarray", "arange", "randint", "randperm"}}
"""What a default decides, and for which functions; those left out of the second tell the type from what they are given."""


def left_to_the_defaults(source: str) -> list[int]:
    """The lines in which a tensor is made without a device, or without the type that the default would decide."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    found = []
    for call in calls:
        made = call.func
        if not (isinstance(made, ast.Attribute) and isinstance(made.value, ast.Name) and made.value.id == "torch"):
            continue
        given = {keyword.arg for keyword in call.keywords}
        wanted = {word for word, makers in DECIDED.items() if made.attr in makers}
        if not wanted <= given:
            found.append(call.lineno)
    return sorted(found)


def test_no_tensor_is_left_to_the_defaults():
    rooms = [path for path in PACKAGE.rglob("*.py") if "tiny" not in path.parts]
    found = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in sorted(rooms)
        for line in left_to_the_defaults(path.read_text(encoding="utf-8"))
    ]
    assert found == []
