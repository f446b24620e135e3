"""One change, and what it does to the answer."""

from dataclasses import dataclass
from typing import Any

from attnwidget.engine import Prediction, Trace, edits_of
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.effects.answers import answer_of, logits_at


@dataclass(frozen=True, eq=False, repr=False)
class Effect:
    """An answer before and after a change. `difference` is before - after: positive where the change hurts the answer.

    `divergence` is the Kullback-Leibler divergence of the whole prediction after the change from the one before, in nats.
    `trace` is the changed run.
    """

    before: float
    after: float
    divergence: float
    predictions: tuple[Prediction, Prediction]
    trace: Trace
    recipe: str

    @property
    def difference(self) -> float:
        """How much the answer falls."""
        return self.before - self.after

    def __float__(self) -> float:
        return self.difference

    def __repr__(self) -> str:
        said = " -> ".join(f"{one.top[0].piece!r} {one.top[0].probability:.3f}" for one in self.predictions)
        return f"Effect({self.difference:+.4g}: {self.before:.4g} -> {self.after:.4g}; {said}; {self.recipe})"


def effect(
    model: Any, trace: Any, edits: Any, *, answer: Any = None, at: Any = None, unit: Any = "log probability"
) -> Effect:
    """What a change does to the answer: the text is read again with the edits, and the answer is compared.

    `edits` are records or texts, as `model.trace` takes them; edits of the trace stay. `answer`, `at` and `unit` as in
    `head_effects`. Runs the model once. Raises AttnWidgetError for an answer that the model cannot give, and what
    `model.trace` raises.
    Source: the comparison of two runs, as in Vig et al. 2020 (arXiv 2004.12265), total effect.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> trace = model.trace("The capital of Veldt is Miro. The capital of Veldt is")
    >>> aw.effect(model, trace, "hide 5").predictions[0].top[0].piece
    ' Miro'
    """
    asked = answer_of(model, trace, answer, at, unit)
    changed = edits_of(edits)
    if not changed:
        raise AttnWidgetError("There is no edit, so nothing would change. Give one, for example 'hide 4'.")
    again = model.trace(trace, edits=(*trace.edits, *changed), reuse=trace)
    before, after = (logits_at(one, asked).double() for one in (trace, again))
    divergence = float((before.softmax(-1) * (before.log_softmax(-1) - after.log_softmax(-1))).sum())
    position = asked.row
    return Effect(
        asked.score(before),
        asked.score(after),
        divergence,
        (model.predict(trace, position), model.predict(again, position)),
        again,
        f"{asked.recipe}; {', '.join(map(str, changed))}",
    )
