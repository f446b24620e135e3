"""Measure everything, or the sections that are named, and write RESULTS.md beside this file."""

import sys
from importlib import import_module

from tests.benchmarks.report import RESULTS, written

SECTIONS = {
    "cost": "What capture costs",
    "asked": "What is asked of a trace",
    "reuse": "Edits that read only what changed",
    "estimate": "The estimate of memory",
    "measures": "What measures cost",
    "gradients": "What gradients cost",
    "effects": "What an answer rests on, and what it costs to know",
    "traces": "Many texts at once",
    "attention_log": "A log beside a model at work",
    "survey_ray": "A survey on Ray",
    "payload": "What the page carries",
    "rooms": "What the page is made of",
    "browser": "In the browser",
    "hover": "What a hover costs",
    "edit_to_paint": "From a keystroke to the picture",
    "chip_to_paint": "From a chip to the picture",
    "pictures": "What a picture costs",
    "sounds": "What a sound costs",
    "picture_scripts": "A picture beside the usual script",
    "keystrokes": "Typing faster than the model reads",
    "reruns": "A cell that is run thirty times",
}
"""A module of this folder each, whose `section()` measures and writes."""


def main(names: list[str]) -> None:
    unknown = set(names) - set(SECTIONS)
    if unknown:
        raise SystemExit(f"There is no section {', '.join(sorted(unknown))}. There are {', '.join(SECTIONS)}.")
    for name in names or SECTIONS:
        body = import_module(f"tests.benchmarks.{name}").section()
        before = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
        # After each section: what was measured is not lost when a later one fails.
        text = written({SECTIONS[name]: body}, list(SECTIONS.values()), before)
        RESULTS.write_text(text, encoding="utf-8")
        print(f"## {SECTIONS[name]}\n\n{body}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
