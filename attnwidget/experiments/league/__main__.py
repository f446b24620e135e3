"""The leagues of the bundled models, as tables and as JSON: `python -m attnwidget.experiments.league`."""

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from attnwidget.experiments.league.aligning import PAIRED, judge_alignments
from attnwidget.experiments.league.case import SEVERAL
from attnwidget.experiments.league.contenders import EVERY_CONTENDER
from attnwidget.experiments.league.held_out import LEAGUE_SAMPLES
from attnwidget.experiments.league.judging import judge_methods
from attnwidget.files import write_whole


def print_leagues() -> None:
    """Prints a table for each model, and writes them: Markdown, and beside it JSON."""
    parser = argparse.ArgumentParser(prog="python -m attnwidget.experiments.league", description=__doc__)
    parser.add_argument(
        "--models", nargs="+", choices=tuple(LEAGUE_SAMPLES), default=list(LEAGUE_SAMPLES), metavar="NAME"
    )
    parser.add_argument("--samples", type=int, default=SEVERAL, help="texts of each model")
    parser.add_argument("--methods", nargs="+", choices=EVERY_CONTENDER, metavar="NAME", help="by default all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="a Markdown file; JSON of the same name is written beside it")
    given = parser.parse_args()
    pages: list[str] = []
    data: dict[str, Any] = {}
    for name in given.models:
        found = judge_methods(name, given.samples, methods=given.methods, seed=given.seed)
        pages.append(f"## {name}\n\n{found.markdown()}\n\n{found.recipe}.\n")
        data[name] = found.as_dict()
        if name in PAIRED:
            heads = judge_alignments(name, given.samples, seed=given.seed)
            pages[-1] += f"\n## Heads of {name} that align\n\n{heads.markdown()}\n{heads.recipe}.\n"
            data[f"{name}, aligned"] = heads.as_dict()
        sys.stdout.write(pages[-1] + "\n")
        sys.stdout.flush()
        if given.out is not None:  # after each model: what was measured stays
            write_league(given.out, "\n".join(pages), data)


def write_league(path: Path, page: str, data: dict[str, Any]) -> None:
    """Both files, each whole or not at all. Raises AttnWidgetError where they cannot be written."""
    plain = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    for file, text in ((path.with_suffix(".md"), page), (path.with_suffix(".json"), plain)):
        write_whole(file, "league", partial(Path.write_text, data=text, encoding="utf-8"))


if __name__ == "__main__":
    print_leagues()
