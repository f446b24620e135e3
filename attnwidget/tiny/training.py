"""What the trainings of the bundled models share: how weights move, step by step, and what the command line asks."""

import argparse
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Descent:
    """AdamW (betas 0.9, 0.98) over so many `steps`; gradients of the model are clipped to a norm of `clip`."""

    steps: int
    peak: float
    warmup: int
    decay: float
    clip: float

    def learning_rate(self, step: int) -> float:
        """Linear warm-up, then a cosine down to zero.

        >>> [Descent(10, 1.0, 2, 0.0, 1.0).learning_rate(step) for step in (0, 1, 2, 6)]
        [0.5, 1.0, 1.0, 0.5]
        """
        if step < self.warmup:
            return self.peak * (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.peak * 0.5 * (1 + math.cos(math.pi * done))


def descended(
    model: torch.nn.Module, how: Descent, loss_at: Callable[[int], Tensor], also: Iterable[Tensor] = ()
) -> Iterator[tuple[int, float]]:
    """Train a model in place; after each step, how many are done and the loss, smoothed. `also` are trained with it."""
    optimizer = torch.optim.AdamW(
        [*model.parameters(), *also], lr=how.peak, betas=(0.9, 0.98), weight_decay=how.decay, fused=True
    )
    smooth = math.nan
    for step in range(how.steps):
        for group in optimizer.param_groups:
            group["lr"] = how.learning_rate(step)
        loss = loss_at(step)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), how.clip)
        optimizer.step()
        smooth = loss.item() if math.isnan(smooth) else 0.97 * smooth + 0.03 * loss.item()
        yield step + 1, smooth


def waves(positions: int, width: int) -> Tensor:
    """[position width] sines and cosines, somewhat larger than the token embeddings: the position embedding at the start, trained from there.

    "One before" is then the same rotation everywhere (Vaswani et al. 2017), and a head that looks there is found once, not 512 times.
    """
    rates = 3.0 * 200.0 ** -torch.linspace(0, 1, width // 2)
    angles = torch.arange(positions)[:, None] * rates
    return 0.3 * torch.cat((angles.sin(), angles.cos()), dim=1)


def command_line(module: str, said: str | None, folder: Path, recipe: Any, amount: str) -> argparse.ArgumentParser:
    """The options of a training: where to, on how much (`amount` is a field of the recipe), from which seed."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=said)
    parser.add_argument("--out", type=Path, default=folder, help="folder to write (default: the bundled one)")
    parser.add_argument(
        f"--{amount}", type=int, default=getattr(recipe, amount), help=f"{amount} to train on (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=recipe.seed)
    return parser
