"""What the page is made of: bytes of every room in each file of the bundle."""

import json
import subprocess

from scripts import javascript
from tests.benchmarks.report import machine, table

FILES = {
    "loader.js": "loader: stored with every explorer",
    "explorer.js": "program: sent once per page",
    "page.js": "program of a saved page",
    "explorer.css": "style of both",
}
PACKAGES = "preact, signals"


def measured() -> dict[str, dict[str, int]]:
    """The bytes of each room, by file; packages are one room."""
    node = javascript.find_npm()
    command = ["node", "scripts/build.mjs", "--rooms"]
    said = subprocess.run(
        command, cwd=javascript.JS, env=node.environment(), capture_output=True, text=True, check=True
    ).stdout
    found: dict[str, dict[str, int]] = {}
    for name, made in json.loads(said).items():
        rooms: dict[str, int] = {}
        for room, size in made["rooms"].items():
            known = PACKAGES if "preact" in room else room
            rooms[known] = rooms.get(known, 0) + size
        found[name] = {**rooms, "all": made["bytes"]}
    return found


def section() -> str:
    sizes = measured()
    rooms = {room for made in sizes.values() for room in made} - {"all"}
    order = sorted(rooms, key=lambda room: -max(made.get(room, 0) for made in sizes.values()))
    rows = [
        [room, *(f"{sizes[name][room]:,}" if sizes[name].get(room) else "–" for name in FILES)]
        for room in [*order, "all"]
    ]
    return f"""Bytes, as they are sent: minified, not compressed. Rooms are the folders of js/src; wiring is its three entries.

{table(["room", *FILES.values()], rows)}
{machine()}
"""
