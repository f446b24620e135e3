"""What is left of the answers as heads are taken out, order by order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import trapezoid

from attnwidget.experiments.pruning.orders import HeadOrder
from attnwidget.experiments.tables import table_of

AT_RANDOM = "random"


@dataclass(frozen=True, eq=False, repr=False)
class PrunedHeads:
    """`removed` are numbers of heads. By name of an order: the share of `right` answers, its 95 % interval (point 2), and
    the mean `score` of the answers in nats, one for each of these numbers. "random" is the mean of `random_right`
    (order point), and its interval is their range. `orders` have the heads, the first removed first.
    """

    removed: tuple[int, ...]
    heads: int
    orders: Mapping[str, HeadOrder]
    right: Mapping[str, np.ndarray]
    interval: Mapping[str, np.ndarray]
    score: Mapping[str, np.ndarray]
    random_right: np.ndarray
    recipe: str

    def area(self, name: str) -> float:
        """The mean share of right answers over all shares of heads removed: one number for an order, 1 if nothing hurts."""
        return float(trapezoid(self.right[name], np.array(self.removed) / self.heads))

    def columns(self) -> dict[str, list[Any]]:
        """A row for each order and number of heads removed, as columns."""
        rows = [(name, at) for name in self.right for at in range(len(self.removed))]
        return {
            "order": [name for name, _ in rows],
            "removed": [self.removed[at] for _, at in rows],
            "right": [float(self.right[name][at]) for name, at in rows],
            "from": [float(self.interval[name][at, 0]) for name, at in rows],
            "to": [float(self.interval[name][at, 1]) for name, at in rows],
            "score": [float(self.score[name][at]) for name, at in rows],
        }

    def table(self) -> Any:
        """The same as a DataFrame where pandas is installed, else as columns."""
        return table_of(self.columns())

    def __repr__(self) -> str:
        lines = [
            f"PrunedHeads({self.heads} heads; {self.recipe})",
            f"  {'removed':<26}area   {' '.join(f'{count:>6}' for count in self.removed)}",
        ]
        for name, right in self.right.items():
            lines.append(f"  {name:<24}{self.area(name):6.3f}   {' '.join(f'{one:6.2f}' for one in right)}")
        return "\n".join(lines)
