"""The logit lens: what each layer would say, if the model ended after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from attnwidget.arguments import whole_from_one, whole_number
from attnwidget.engine import LayerStates, Trace, fit_index, go_on, indices, layer_states
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.effects.answers import answer_of, answering_tokens
from attnwidget.experiments.progress import shown_progress
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.results import RankedToken
from attnwidget.shapes import Indices

READ_TOGETHER = 2**23
"""Logits (position x vocabulary) that are computed at a time: 32 MiB of fp32, in several buffers."""


@dataclass(frozen=True, eq=False, repr=False)
class Lens:
    """What each layer would say after each position. `values` is the probability of the answer (layer position).

    `ids` and `probabilities` (layer position rank) are the likeliest tokens, `vocabulary` their pieces; `answers` has the
    token asked about at every position, `ranks` (layer position) its rank: 1 is the likeliest. `positions` are those of
    the tokens `pieces`.
    """

    values: np.ndarray
    recipe: str
    ids: np.ndarray
    probabilities: np.ndarray
    answers: tuple[int, ...]
    ranks: np.ndarray
    positions: tuple[int, ...]
    pieces: tuple[str, ...]
    vocabulary: Mapping[int, str]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.values, dtype=dtype) if copy is not False else np.asarray(self.values, dtype=dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """(layers, positions)."""
        return self.values.shape

    def top(self, layer: Any = -1, position: Any = -1) -> tuple[RankedToken, ...]:
        """The likeliest tokens of a layer, best first, as (token of the vocabulary, piece, probability).

        `position` is one of `positions`; negative numbers count from the last of them. Raises AttnWidgetError for a
        layer or position that is not there.
        """
        row, column = fit_index("layer", layer, len(self.values)), self._column(position)
        found = zip(self.ids[row, column].tolist(), self.probabilities[row, column].tolist(), strict=True)
        return tuple(RankedToken(number, self.vocabulary[number], value) for number, value in found)

    def first(self, position: Any = -1) -> int | None:
        """The layer from which on the answer is the likeliest token, up to the last layer; None if it is not there."""
        led = self.ranks[:, self._column(position)] == 1
        others = np.flatnonzero(~led)
        start = int(others[-1]) + 1 if len(others) else 0
        return start if start < len(led) else None

    def _column(self, position: Any) -> int:
        number = whole_number(position)
        if number in self.positions:
            return self.positions.index(number)
        if number is None or not -len(self.positions) <= number < 0:
            raise AttnWidgetError(f"Position {position!r:.60} was not asked for. Give one of {self.positions}.")
        return number % len(self.positions)

    def __repr__(self) -> str:
        layers, positions = self.shape
        said = f"Lens({layers} layers x {positions} position{'s' * (positions > 1)}; {self.recipe})"
        rows = [
            f"\n  L{layer:<3} {best.piece!r:16} {best.value:.3f}   {self.vocabulary[self.answers[-1]]!r} "
            f"{self.values[layer, -1]:.3f}, rank {self.ranks[layer, -1]:,}"
            for layer in range(layers)
            for best in self.top(layer)[:1]
        ]
        return f"{said}\nafter {self.positions[-1]} {self.pieces[-1]!r}{''.join(rows)}"


def lens(
    model: Any,
    trace: Trace,
    *,
    answer: Any = None,
    positions: Any = None,
    top: Any = 5,
    progress: Any = None,
) -> Lens:
    """What each layer would say at each position: the final norm and the head applied to its output (layer position).

    `answer` is a token as text or id, whose probability and rank are followed; None follows, at every position, what the
    model says there in the end. `positions` are an index, a slice or a sequence, every position by default; `top` is how
    many tokens are kept of each. The last layer says what the model says. Works on decoders and on masked models with
    their head, whether the final norm is applied in the body or not; under edits, if the trace has some.

    Costs one run, and the head for every layer and position: that is the larger part. Logits are held for a few positions
    at a time. `progress` as in `head_effects`. Early layers need not speak the head's language: what the lens
    shows there is how the head would misread them. Raises AttnWidgetError for a model that predicts no tokens or whose
    layers are not one list, for an answer that it cannot give, and for positions that do not exist.
    Source: nostalgebraist 2020, interpreting GPT: the logit lens.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> found = aw.lens(model, model.trace("The capital of Veldt is Miro. The capital of Veldt is"))
    >>> found.shape, found.top()[0].piece
    ((4, 12), ' Miro')
    >>> bool(found.values[3, -1] > found.values[0, -1])
    True
    """
    most = whole_from_one("top", top)
    if isinstance(answer, tuple | list) or callable(answer):
        raise AttnWidgetError(f"{answer!r:.60} is not one answer. Give a token, as text or id.")
    asked = answer_of(model, trace, answer)
    states = layer_states(model, trace)
    tokens = answering_tokens(trace)
    rows = indices(positions, len(tokens), "position")
    if not len(rows):
        raise AttnWidgetError(f"positions={positions!r:.60} names no position. Give at least one.")
    width = trace.logits(-1).shape[-1]
    step = max(1, READ_TOGETHER // width)
    if answer is None:
        answers = torch.cat([trace.logits(some).argmax(-1) for some in rows.split(step)])
    else:
        answers = torch.full_like(rows, asked.ids[0])
    # Rows of all layers together: the head's matrix, the largest of the model, is read once for many of them.
    hidden = torch.cat([states.final(layer, rows) for layer in range(len(states))])
    asked_of = answers.repeat(len(states))
    said = []
    with shown_progress(progress, "layers of the lens") as told:
        for at in range(0, len(hidden), step):
            told(at * len(states) // len(hidden), len(states))
            said.append(_said(states, hidden[at : at + step], asked_of[at : at + step], most))
        told(len(states), len(states))
    ids, probabilities, ranks, values = (
        np.concatenate(one).reshape(len(states), len(rows), *one[0].shape[1:]) for one in zip(*said, strict=True)
    )
    return Lens(
        values,
        _recipe(trace, len(states), None if answer is None else asked.words),
        ids,
        probabilities,
        tuple(answers.tolist()),
        ranks,
        tuple(rows.tolist()),
        tuple(tokens.pieces[row] for row in rows.tolist()),
        {number: model.piece(number) for number in sorted({*ids.ravel().tolist(), *answers.tolist()})},
    )


def _said(states: LayerStates, hidden: Tensor, answers: Indices, top: int) -> tuple[np.ndarray, ...]:
    """(ids, probabilities, ranks, probabilities of the answers) of a few rows."""
    go_on()
    scores = states.logits(hidden)
    logarithms = scores.log_softmax(-1)
    own = scores.gather(-1, answers[:, None])
    best = logarithms.topk(min(top, scores.shape[-1]))
    return (
        best.indices.numpy(),
        best.values.exp().numpy(),
        (1 + (scores > own).sum(-1)).numpy(),
        logarithms.gather(-1, answers[:, None])[:, 0].exp().numpy(),
    )


def _recipe(trace: Trace, layers: int, words: str | None) -> str:
    followed = f"{words} followed" if words else "what the model says in the end followed at every position"
    return (
        f"logit lens: final norm and head on what each of {layers} layers gives, probability of {trace.model.predicts}, "
        f"{followed}{said_setting(trace, None)}"
    )
