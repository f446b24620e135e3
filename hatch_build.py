"""The build hook: puts the page's bundle into attnwidget/static before hatchling collects files.

Skipped with ATTNWIDGET_SKIP_JS=1 (make builds the bundle itself), and in an unpacked sdist, which brings its bundle along.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent / "scripts"))
import javascript


class JavaScriptHook(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for Node as a Python package, only where it is needed and missing."""
        return [javascript.NODE_PACKAGE] if self._must_build() and javascript.npm_on_path() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        if not self._must_build():
            return
        try:
            javascript.build(javascript.find_npm())
        except subprocess.CalledProcessError as error:
            sys.exit(f"The page could not be built: `{' '.join(error.cmd)}` in js/ failed. Its output is above.")

    def _must_build(self) -> bool:
        skipped = os.environ.get("ATTNWIDGET_SKIP_JS", "") not in {"", "0"}
        unpacked_sdist = Path(self.root, "PKG-INFO").exists() and javascript.BUNDLE.exists()
        return not (skipped or unpacked_sdist)
