"""Items and a plan -> what was found on each, with its controls: the same here, resumed, and on other machines."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from attnwidget.engine import AttentionModel, Trace, Untraced, go_on
from attnwidget.errors import AttnWidgetError, Cancelled
from attnwidget.experiments.effects.answers import answer_of, logits_at
from attnwidget.experiments.surveys.controls import another_head, shuffled_item, untrained_of
from attnwidget.experiments.surveys.questions import FoundOnText, TextQuestion
from attnwidget.experiments.surveys.records import Answered, Item, Unanswered

RIGHT = "right"
"""The column that says whether the model's own answer is the one that the text has."""


@dataclass(frozen=True)
class Plan:
    """What is asked of every text, and beside which controls. Every draw is made from `seed` and the number of the item.

    A text that has no room for a control has no answer, unless controls are `optional`: then it lacks that one alone.
    `others` are models that are asked the same, by name.
    """

    question: TextQuestion
    controls: tuple[str, ...] = ()
    seed: int = 0
    batch: int = 32
    optional: bool = False
    others: Mapping[str, AttentionModel] = field(default_factory=dict)


def answer_items(model: AttentionModel, items: Sequence[Item], plan: Plan) -> list[Answered | Unanswered]:
    """What was found on each item, in order. Whatever one item lacks is said of it alone.

    Raises Cancelled inside `stopping_when`, and AttnWidgetError where a control cannot be made of this model.
    """
    shuffled = [_shuffled(item, plan) for item in items] if "shuffled words" in plan.controls else []
    models = dict(plan.others)
    if "untrained" in plan.controls:
        models["untrained"] = untrained_of(model, plan.seed)
    own = _traced(model, items, plan)
    others = _traced(model, shuffled, plan) if shuffled else iter([None] * len(items))
    elsewhere = {name: _traced(other, items, plan) for name, other in models.items()}
    found: list[Answered | Unanswered] = []
    for at, (item, trace, other) in enumerate(zip(items, own, others, strict=True)):
        go_on()
        runs: dict[str, Any] = {name: (models[name], next(traces), item) for name, traces in elsewhere.items()}
        if shuffled:
            runs["shuffled words"] = (model, other, shuffled[at])
        found.append(_answered(model, trace, item, plan, runs))
    return found


def _answered(
    model: AttentionModel, trace: Trace | str, item: Item, plan: Plan, runs: Mapping[str, Any]
) -> Answered | Unanswered:
    if isinstance(trace, str):
        return Unanswered(item.number, item.text, trace)
    try:
        found = _asked(model, trace, item, plan, 0)
        controls = {name: table for name, table in found.beside.items() if name in plan.controls or name == "uniform"}
        for order, name in enumerate((*plan.controls, *plan.others), 1):
            try:
                if name in runs:
                    owner, other, moved = runs[name]
                    controls[name] = _control(owner, other, moved, plan, order)
                    if np.shape(controls[name]) != np.shape(found.values):
                        raise AttnWidgetError(  # noqa: TRY301  told of this item
                            f"{name} has other layers or heads: {np.shape(controls[name])} numbers, not "
                            f"{np.shape(found.values)}. Ask a question that gives one number a text."
                        )
                elif name == "another head" and name not in controls:
                    controls[name] = another_head(found.values, _lot(plan, item, order))
                elif name not in controls:
                    raise AttnWidgetError(f"This text has no {name!r} to be read instead.")  # noqa: TRY301  told of this item
            except AttnWidgetError:
                if not plan.optional or name in plan.others:
                    raise
                controls[name] = np.full_like(found.values, np.nan, dtype=np.float64)
        columns = _columns(model, trace, item)
    except AttnWidgetError as error:
        return Unanswered(item.number, item.text, str(error))
    return Answered(
        item.number,
        item.text,
        item.pair,
        columns,
        found.values,
        controls,
        item.spans,
        item.answer,
        found.queries,
        found.further,
    )


def _control(model: AttentionModel, trace: Trace | str, item: Item | str, plan: Plan, order: int) -> np.ndarray:
    for told in (item, trace):
        if isinstance(told, str):
            raise AttnWidgetError(told)
    return _asked(model, trace, item, replace(plan, controls=()), order).values


def _asked(model: AttentionModel, trace: Any, item: Any, plan: Plan, order: int) -> FoundOnText:
    try:
        return plan.question.ask(model, trace, item, plan.controls, _lot(plan, item, order))
    except (AttnWidgetError, Cancelled):
        raise
    except Exception as error:  # a function of the user's own may raise anything
        raise AttnWidgetError(f"{plan.question!r} failed with {type(error).__name__}: {error}") from error


def _columns(model: AttentionModel, trace: Trace, item: Item) -> Mapping[str, Any]:
    """What is known of a text, and whether the model answers as it says, where it says an answer."""
    if (
        item.answer is None
        or RIGHT in item.columns
        or trace.model.predicts not in {"next token", "this token", "class"}
    ):
        return item.columns
    answer = item.answer[0] if isinstance(item.answer, list | tuple) else item.answer
    asked = answer_of(model, trace, answer)
    return {**item.columns, RIGHT: int(logits_at(trace, asked).argmax()) == asked.ids[0]}


def _shuffled(item: Item, plan: Plan) -> Item | str:
    try:
        return shuffled_item(item, _lot(plan, item, -1))
    except AttnWidgetError as error:
        return str(error)


def _traced(model: AttentionModel, items: Sequence[Item | str], plan: Plan) -> Iterator[Trace | str]:
    """The trace of each item, or why there is none, in order; short texts share a pass."""
    there = [item for item in items if isinstance(item, Item)]
    given = (item.text if item.pair is None else (item.text, item.pair) for item in there)
    traces = model.traces(given, batch=plan.batch)
    for item in items:
        if isinstance(item, str):
            yield item
        else:
            found = next(traces)
            yield found.reason if isinstance(found, Untraced) else found


def _lot(plan: Plan, item: Item, order: int) -> np.random.Generator:
    return np.random.default_rng((plan.seed, item.number, order + 1))
