"""Print the path of a Chromium that starts; with --install, get one first if there is none.

Looks on PATH, then for Playwright's own. Installs with apt-get as root, else with `playwright install chromium`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
MAC_APPLICATIONS = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
ADVICE = (
    "The browser tests need Chromium and none was found. Install one of: `apt-get install chromium` (Debian), "
    "`dnf install chromium` (Fedora), `brew install --cask chromium` (macOS), "
    "or `.venv/bin/python -m playwright install --with-deps chromium`. Then run this again."
)


def starts(path: str) -> bool:
    """Some distributions put a placeholder on PATH that only explains how to get the real one."""
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and any(character.isdigit() for character in answer.stdout)


def playwright_path() -> str | None:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def find() -> str | None:
    named = os.environ.get("ATTNWIDGET_CHROMIUM")
    on_path = (shutil.which(name) for name in NAMES)
    candidates = [named, *on_path, *(str(path) for path in MAC_APPLICATIONS if path.exists())]
    found = next((path for path in candidates if path and starts(path)), None)
    if found:
        return found
    own = playwright_path()
    return own if own and starts(own) else None


def install() -> None:
    """Try the ways to get Chromium, each visible on stderr; whether one worked is for find() to say."""
    if shutil.which("apt-get") and getattr(os, "geteuid", lambda: 1)() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", *command], env=quiet, stdout=sys.stderr, check=False)
        if find():
            return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], stdout=sys.stderr, check=False)


def main(arguments: list[str]) -> None:
    path = find()
    if path is None and "--install" in arguments:
        print("No Chromium found; installing one ...", file=sys.stderr, flush=True)
        install()
        path = find()
    if path is None:
        sys.exit(ADVICE)
    print(path)


if __name__ == "__main__":
    main(sys.argv[1:])
