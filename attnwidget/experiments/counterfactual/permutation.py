"""The permutation test: the weights of every row in another order, many times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attnwidget.arguments import whole_from_one, whole_from_zero
from attnwidget.engine import in_batches
from attnwidget.experiments.counterfactual.scope import OwnRows, Scope, scope_of
from attnwidget.experiments.effects.answers import answer_of, logits_at
from attnwidget.experiments.progress import ToldStep, shown_progress
from attnwidget.measures.given_trace import said_setting


@dataclass(frozen=True, eq=False, repr=False)
class PermutedAttention:
    """What the model says with the weights of every row in another order: a number for each of some permutations.

    `changes` is the total variation between what the model says and what it said, from 0 to 1, `falls` how much the answer
    falls (before - after). `same_answer` is the share of the permutations under which it says the same first.
    """

    changes: np.ndarray
    falls: np.ndarray
    same_answer: float
    recipe: str

    @property
    def change(self) -> float:
        """The median change of the prediction."""
        return float(np.median(self.changes))

    @property
    def fall(self) -> float:
        """The median fall of the answer."""
        return float(np.median(self.falls))

    @property
    def of_text(self) -> Mapping[str, float]:
        """Numbers of one text among many: what a survey asks for."""
        return {"change": self.change, "fall": self.fall, "same answer": self.same_answer}

    def __repr__(self) -> str:
        return f"PermutedAttention(median total variation {self.change:.4f}, fall {self.fall:+.4g}; {self.recipe})"


def permuted_attention(
    model: Any,
    trace: Any,
    heads: Any = None,
    *,
    times: Any = 100,
    answer: Any = None,
    at: Any = None,
    unit: Any = "log probability",
    queries: Any = None,
    seed: Any = 0,
    part: str | None = None,
    progress: Any = None,
) -> PermutedAttention:
    """What the model says when the weights of every row are shuffled among the keys that it may read, `times` times.

    The rows on which the answer rests are shuffled, each by itself, in all of `heads` together. Where the prediction hardly
    changes, it does not matter which token has which weight. `heads` and `queries` as in `adversarial_attention`, `answer`,
    `at` and `unit` as in `head_effects`.

    Costs a run for each permutation, several as one batch, and a pass back. `progress` as in `token_effects`. Raises
    AttnWidgetError as `adversarial_attention` does; Cancelled inside `stopping_when`.
    Source: Jain and Wallace 2019 (N19-1357), attention permutation: the median over 100 of them.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> trace = model.trace("The capital of Veldt is Miro. The capital of Veldt is")
    >>> aw.permuted_attention(model, trace, "L1", times=4).changes.shape
    (4,)
    """
    asked = answer_of(model, trace, answer, at, unit)
    scope = scope_of(model, trace, asked, heads, part, queries)
    count, drawn = whole_from_one("times", times), whole_from_zero("seed", seed)
    with shown_progress(progress, "permutations") as told:
        logits = permuted_logits(scope, count, drawn, told)
    recipe = f"rows shuffled {count} times, seed {drawn}; {scope.words}; {asked.recipe}{said_setting(trace, part)}"
    own = logits_at(trace, asked)
    falls = asked.score(own) - np.array([asked.score(row) for row in logits])
    same = float((logits.argmax(-1) == own.argmax()).double().mean())
    return PermutedAttention(scope.changes(logits).numpy(), falls, same, recipe)


def permuted_logits(scope: Scope, times: int, seed: int, told: ToldStep) -> Float[Tensor, "permutation outcome"]:
    """What the model says under each of some permutations."""

    def batch(numbers: Sequence[int]) -> Tensor:
        maps = [torch.stack([_shuffled(layer, seed, number) for number in numbers]) for layer in scope.layers]
        return scope.logits(maps)

    return in_batches(range(times), scope.at_once, batch, lambda done: told(done, times))


def _shuffled(layer: OwnRows, seed: int, number: int) -> Tensor:
    """The weights of every row that counts, in another order among the keys that it may read."""
    drawn = torch.Generator(device="cpu").manual_seed((seed * 1_000_003 + number) * 1_009 + layer.block.layer)
    noise = torch.rand(layer.own.shape, generator=drawn, dtype=torch.float32, device="cpu")
    # The keys that may be read, in order, then those that may not; and the former in a drawn order.
    may = layer.may.expand_as(noise)
    places = (~may).to(torch.int8).argsort(dim=-1, stable=True)
    order = noise.masked_fill(~may, 2.0).argsort(dim=-1, stable=True)
    found = torch.zeros_like(layer.own).scatter(-1, places, layer.own.gather(-1, order))
    return found.where(layer.counted[..., None], layer.own)
