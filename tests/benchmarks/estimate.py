"""The estimate by which a text is refused before it is read, beside what reading it takes."""

from typing import NamedTuple

import torch

from attnwidget.engine.memory import needed
from tests.benchmarks.geometry import GEOMETRIES
from tests.benchmarks.memory import measured
from tests.benchmarks.report import machine, mb, ratio, table

SIZES = {"GPT-2 small": (512, 2048, 8192), "Llama, grouped": (512, 2048)}


class Estimate(NamedTuple):
    geometry: str
    tokens: int
    estimated_mb: float
    measured_mb: float


def estimates() -> list[Estimate]:
    found = []
    for name, sizes in SIZES.items():
        with torch.device("meta"):
            model = GEOMETRIES[name]("sdpa")
        found += [
            Estimate(name, size, needed(model, size, "interface") / 2**20, measured("trace", size, name))
            for size in sizes
        ]
    return found


def section() -> str:
    rows = [
        [
            row.geometry,
            f"{row.tokens:,}",
            ratio(row.estimated_mb / row.measured_mb),
            mb(row.estimated_mb),
            mb(row.measured_mb),
        ]
        for row in estimates()
    ]
    return f"""Before a text is read, the peak of what that adds is estimated from the model's configuration, and what cannot fit is refused with
the number. Beside it the peak of resident memory, each in a process of its own, float32.

{table(["model", "tokens", "estimated / measured", "estimated", "measured"], rows)}
{machine()}
"""
