"""What can be asked of many texts: a claim, or any measure or experiment that gives one number a head, a layer or a text."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from inspect import Parameter, signature
from typing import Any, Protocol, runtime_checkable

import numpy as np

from attnwidget.arguments import real_number, truth
from attnwidget.engine import AttentionModel, Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.surveys.records import Item, QuestionSaid
from attnwidget.measures.results import HeadScores, LayerScores

DIMENSIONS = {0: "one number a text", 1: "one number a layer", 2: "one number a head"}


@dataclass(frozen=True, eq=False)
class FoundOnText:
    """What a question found on one text: numbers, the token that shows them best, and controls that came with them."""

    values: np.ndarray
    queries: np.ndarray | None = None
    beside: Mapping[str, np.ndarray] = field(default_factory=dict)
    further: Mapping[str, float] = field(default_factory=dict)


@runtime_checkable
class SeveralOfText(Protocol):
    """A result that says several numbers of its text, by name. The first is the one that a survey is about."""

    @property
    def of_text(self) -> Mapping[str, float]: ...


@runtime_checkable
class TextQuestion(Protocol):
    """A question that can be asked of any text. `controls` are those that go with it unless others are asked for."""

    @property
    def controls(self) -> tuple[str, ...]: ...

    @property
    def part(self) -> str | None: ...

    def said(self, counts: tuple[int, ...]) -> QuestionSaid:
        """What is asked, of a model with this many heads in each layer. Raises AttnWidgetError for heads that are not there."""

    def refuse_control(self, name: str) -> None:
        """Raise AttnWidgetError for a control that says nothing here."""

    def ask(
        self, model: AttentionModel, trace: Trace, item: Item, wanted: Collection[str], lot: np.random.Generator
    ) -> FoundOnText:
        """The answer of one text. Raises AttnWidgetError where it has none."""


@dataclass(frozen=True)
class MeasuredOnTexts:
    """A function of a trace, or of a model and a trace, as a question."""

    function: Callable[..., Any]
    name: str
    runs_model: bool
    part: str | None = None
    controls: tuple[str, ...] = ("shuffled words",)

    def said(self, counts: tuple[int, ...]) -> QuestionSaid:
        """What is asked."""
        del counts
        return QuestionSaid(self.name, self.name, "")

    def refuse_control(self, name: str) -> None:
        """Raise AttnWidgetError for a control that is a claim's."""
        if name in {"uniform", "same distance"}:
            raise AttnWidgetError(
                f"The control {name!r} is of claims about what heads read. Of {self.name} give some of 'shuffled words', "
                "'another head', 'untrained'."
            )

    def ask(
        self, model: AttentionModel, trace: Trace, item: Item, wanted: Collection[str], lot: np.random.Generator
    ) -> FoundOnText:
        """What the function gives: numbers of heads, layers or the text, or a mapping with several numbers of the text.

        Of a mapping the first is what is asked for, and all are kept beside it. Raises AttnWidgetError for anything else.
        """
        del item, wanted, lot
        found = self.function(model, trace) if self.runs_model else self.function(trace)
        several = found.of_text if isinstance(found, SeveralOfText) else found
        if not isinstance(several, Mapping):
            return FoundOnText(_numbers(several, self.name))
        each = {str(name): _one_number(one, f"{self.name}, {name!s:.60},") for name, one in several.items()}
        if not each:
            raise AttnWidgetError(f"{self.name} gives an empty mapping. A survey needs one number, or several by name.")
        own = np.array(float(next(iter(each.values()))))
        return FoundOnText(own, further={name: one for name, one in each.items() if np.isfinite(one)})

    def __repr__(self) -> str:
        return self.name


def question_of(given: Any) -> TextQuestion:
    """A claim, or a function as a question. Raises AttnWidgetError for anything else.

    >>> import attnwidget as aw
    >>> question_of(aw.claim("L1H2", reads="previous token")), question_of(aw.entropy)
    (L1H2 reads the previous token, entropy)
    """
    if callable(given):
        name = function_name(given)
        return MeasuredOnTexts(given, name, _runs_model(given))
    if isinstance(given, TextQuestion):
        return given
    raise AttnWidgetError(
        f"question={given!r:.60} is no question. Give aw.claim(...), a measure such as aw.entropy, or a function of a "
        "trace, or of a model and a trace, that gives one number a head, a layer or a text, or several of a text by name."
    )


def function_name(function: Callable[..., Any]) -> str:
    """What a function is called, with the arguments that were given to it beforehand."""
    if isinstance(function, partial):
        given = [*map(repr, function.args), *(f"{name}={value!r}" for name, value in function.keywords.items())]
        return f"{function_name(function.func)}({', '.join(given)})"
    name = str(getattr(function, "__name__", type(function).__name__))
    return "a function" if name == "<lambda>" else name.replace("_", " ")


def _runs_model(function: Callable[..., Any]) -> bool:
    """Whether the function takes a model first: its first argument says so, or it needs two."""
    try:
        taken = list(signature(function).parameters.values())
    except (TypeError, ValueError):  # written in C
        return False
    by_place = [one for one in taken if one.kind in {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}]
    if not by_place or by_place[0].name == "trace":
        return False
    needed = [one for one in by_place if one.default is Parameter.empty]
    return by_place[0].name == "model" or len(needed) == 2


def _one_number(found: Any, name: str) -> float | bool:
    """A single number, or yes or no."""
    if (known := truth(found)) is not None:
        return known
    values = _numbers(found, name)
    if values.ndim:
        raise AttnWidgetError(f"{name} is no single number. Give one by each name.")
    return float(values)


def _numbers(found: Any, name: str) -> np.ndarray:
    if isinstance(found, HeadScores | LayerScores):
        return np.asarray(found.values, np.float64)
    per_token = hasattr(found, "pieces") or hasattr(found, "query_pieces")
    number = real_number(found)
    try:
        values = None if per_token or found is None else np.asarray(found if number is None else number, np.float64)
    except (TypeError, ValueError, RuntimeError):  # the last for tensors that are part of a graph
        values = None
    if values is None or values.ndim not in DIMENSIONS or not values.size:
        kind = "one number a token, and texts have different tokens" if per_token else f"a {type(found).__name__}"
        raise AttnWidgetError(
            f"{name} gives {kind}. A survey needs one number a head, a layer or a text: reduce it in a function of your "
            "own, for example lambda trace: float(...)."
        )
    if np.isinf(values).any():
        raise AttnWidgetError(f"{name} gives an infinite number, which has no mean. Give NaN where there is none.")
    return values
