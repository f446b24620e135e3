"""RESULTS.md: sections that are measured one by one; those that are not measured again stay as they are."""

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
HEAD = """# Benchmarks

Written by `make bench`; `make bench ARGS="cost asked"` measures only these sections again. Ratios are of figures from one run on one
machine, so they carry over; milliseconds and megabytes do not.
"""


def written(measured: dict[str, str], order: list[str], before: str) -> str:
    """The report: sections by their titles, new ones where they were measured and otherwise as they stood before."""
    old = {title: body.strip() for title, body in re.findall(r"^## (.+)\n((?:(?!^## ).*\n?)*)", before, re.MULTILINE)}
    sections = {title: measured.get(title, old.get(title)) for title in order}
    return "\n".join([HEAD, *(f"## {title}\n\n{body.strip()}\n" for title, body in sections.items() if body)])


def machine(*packages: str) -> str:
    """When and where a section was measured, and with which versions."""
    names = ("attnwidget", "torch", "transformers", *packages)
    cores = f"{os.cpu_count()} cores" if (os.cpu_count() or 0) > 1 else "1 core"
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, {cores}, Python "
        f"{platform.python_version()}, {', '.join(f'{name} {version(name)}' for name in names)}."
    )


def table(columns: list[str], rows: list[list[str]]) -> str:
    """A table of right-aligned columns."""
    lines = [columns, ["--:"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def ratio(value: float | None) -> str:
    if value is None:
        return "–"
    return f"**{value:.2f}**" if value >= 0.1 else f"**{value:.2g}**"


def ms(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"


def mb(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} MB"
