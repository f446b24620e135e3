"""The version is written in attnwidget/version.py; everything else that carries one must agree."""

import json
from importlib.metadata import version
from pathlib import Path

import attnwidget

ROOT = Path(__file__).resolve().parents[3]


def test_the_installed_package_has_the_version():
    assert version("attnwidget") == attnwidget.__version__


def test_the_page_has_the_version():
    package = json.loads((ROOT / "js" / "package.json").read_text(encoding="utf-8"))
    assert package["version"] == attnwidget.__version__


def test_the_changelog_has_the_version():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## {attnwidget.__version__}" in changelog
