"""What a probe found: accuracy, control and compression at every layer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from attnwidget.experiments.probes.intervals import share_interval
from attnwidget.experiments.tables import table_of


@dataclass(frozen=True, eq=False, repr=False)
class ProbedLayers:
    """One number per layer in every array, in the order of `names`; intervals are (layer 2), 95 %.

    `accuracy` is that of labels held out, `majority` what the commonest class among those learnt from gets there.
    `control` is the accuracy on random labels of words (or texts), `selectivity` accuracy minus control. `compression` is
    how many times shorter the online code is than log2 K bits a label. NaN for what was not asked for. `counts` has how
    many labels and texts were learnt from and held out; `unread` (number, reason) of texts.
    """

    names: tuple[str, ...]
    classes: tuple[str, ...]
    counts: Mapping[str, int]
    majority: float
    accuracy: np.ndarray
    accuracy_interval: np.ndarray
    control: np.ndarray
    control_interval: np.ndarray
    selectivity: np.ndarray
    selectivity_interval: np.ndarray
    bits: np.ndarray
    compression: np.ndarray
    control_compression: np.ndarray
    unread: tuple[tuple[int, str], ...]
    recipe: str

    def __len__(self) -> int:
        return len(self.names)

    @property
    def best(self) -> str:
        """The layer with the highest accuracy, the first of several: chosen on what it is measured on, so a little high."""
        return self.names[int(np.argmax(self.accuracy))]

    def columns(self) -> dict[str, list[Any]]:
        """A row for each layer, as columns."""
        found: dict[str, list[Any]] = {"layer": list(self.names)}
        for name in ("accuracy", "control", "selectivity"):
            found[name] = getattr(self, name).tolist()
            low, high = getattr(self, f"{name}_interval").T
            found |= {f"{name} from": low.tolist(), f"{name} to": high.tolist()}
        found["majority"] = [self.majority] * len(self)
        for name in ("bits", "compression", "control_compression"):
            found[name.replace("_", " ")] = getattr(self, name).tolist()
        return found

    def table(self) -> Any:
        """The same as a DataFrame where pandas is installed, else as columns."""
        return table_of(self.columns())

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {count:,}" for name, count in self.counts.items())
        shown = [
            (title, form, values)
            for title, form, values in (
                ("control", ".3f", self.control),
                ("selectivity", ".3f", self.selectivity),
                ("compression", ".2f", self.compression),
                ("of the control", ".2f", self.control_compression),
            )
            if not np.isnan(values).all()  # what was not asked for
        ]
        titles = "".join(f"  {title:>11}" for title, _, _ in shown)
        lines = [
            f"ProbedLayers({len(self)} layers; {self.recipe})",
            f"  {len(self.classes)} classes, {counts}; commonest class {self.majority:.3f}",
            f"  {'layer':<10}accuracy  95 % interval {titles}",
        ]
        for at, name in enumerate(self.names):
            low, high = self.accuracy_interval[at]
            numbers = "".join(f"  {values[at]:{max(11, len(title))}{form}}" for title, form, values in shown)
            lines.append(f"  {name:<10}{self.accuracy[at]:8.3f}  {low:.3f} to {high:.3f}{numbers}")
        lines += [f"  not read: text {number} ({reason})" for number, reason in self.unread[:3]]
        if len(self.unread) > 3:
            lines.append(f"  and {len(self.unread) - 3:,} more texts")
        return "\n".join(lines)


def accuracy_columns(right: np.ndarray, control: np.ndarray, texts: np.ndarray, seed: int) -> dict[str, Any]:
    """The columns of `ProbedLayers` about what is right: of labels, of the control, and the difference, with intervals.

    `right` and `control` have a number for each example, `texts` the text that it stands in.
    """
    found: dict[str, Any] = {}
    for name, values in (("accuracy", right), ("control", control), ("selectivity", right - control)):
        found |= {name: values.mean(), f"{name}_interval": share_interval(values, texts, seed)}
    return found
