"""How far attention can be from a model's own over many texts, as a table: `python -m attnwidget.experiments.counterfactual`."""

import argparse
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from attnwidget.engine import AttentionModel, load
from attnwidget.experiments.counterfactual.adversarial import adversarial_attention
from attnwidget.experiments.counterfactual.frozen import frozen_attention
from attnwidget.experiments.counterfactual.permutation import permuted_attention
from attnwidget.experiments.league.held_out import samples
from attnwidget.experiments.surveys.result import Survey
from attnwidget.experiments.surveys.survey import survey

ALL_HEADS = "all"

COUNTERFACTUAL_CELLS = (
    "heads",
    "another pattern: of the furthest",
    "divergence, nats",
    "same answer",
    "uniform: change",
    "same answer",
    "shuffled rows: change",
    "same answer",
    "texts",
)


def print_counterfactuals() -> None:
    """Prints a row for each of some heads: the search, attention frozen to uniform, and the permutation test."""
    parser = argparse.ArgumentParser(prog="python -m attnwidget.experiments.counterfactual", description=__doc__)
    parser.add_argument("--model", default="tiny-classifier", help="a name or a folder")
    parser.add_argument(
        "--texts", type=Path, help="a file of texts; by default those that a bundled model was made for"
    )
    parser.add_argument("--samples", type=int, default=100, help="texts at most")
    parser.add_argument(
        "--heads", nargs="+", default=[ALL_HEADS], metavar="HEADS", help='"all", "L5" or "L5H3", a row each'
    )
    parser.add_argument("--epsilon", type=float, default=0.01, help="change of the prediction that is allowed")
    parser.add_argument("--steps", type=int, default=200, help="of each search")
    parser.add_argument("--times", type=int, default=100, help="permutations")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--keep", type=Path, help="a folder for answers: the same call goes on where it was interrupted"
    )
    given = parser.parse_args()
    model = load(given.model)
    texts: Any = given.texts or samples(model.name, given.samples, seed=given.seed)
    sys.stdout.write(f"| {' | '.join(COUNTERFACTUAL_CELLS)} |\n|{' --- |' * len(COUNTERFACTUAL_CELLS)}\n")
    for heads in given.heads:
        found = list(_surveys(model, texts, heads, given))
        sys.stdout.write(f"{_row(heads, *found)}\n")
        sys.stdout.flush()
    sys.stdout.write(f"\n{found[0].in_small_print}\n")


def _surveys(model: AttentionModel, texts: Any, heads: str, given: argparse.Namespace) -> Iterator[Survey]:
    chosen = None if heads == ALL_HEADS else heads
    seeded = {"heads": chosen, "seed": given.seed}
    questions = {
        "another": partial(adversarial_attention, **seeded, epsilon=given.epsilon, steps=given.steps),
        "uniform": partial(frozen_attention, heads=chosen),
        "shuffled": partial(permuted_attention, **seeded, times=given.times),
    }
    for name, question in questions.items():
        keep = given.keep and given.keep / f"{heads}-{name}"
        yield survey(model, texts, question, controls=(), batch=5, most=given.samples, keep=keep, seed=given.seed)


def _row(heads: str, another: Survey, uniform: Survey, shuffled: Survey) -> str:
    cells = [
        f"{another.overall!r}",
        f"{another.found_with('divergence')!r}",
        f"{another.found_with('same answer')!r}",
        *(f"{cell!r}" for one in (uniform, shuffled) for cell in (one.overall, one.found_with("same answer"))),
        f"{len(another)}",
    ]
    return f"| {heads} | {' | '.join(cells)} |"


if __name__ == "__main__":
    print_counterfactuals()
