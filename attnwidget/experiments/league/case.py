"""A sample as the league asks about it: its trace, the answer, the words that are ranked and those of them that decide."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from attnwidget.engine import AttentionModel, Hide, Run, Trace, load, many_runs
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.agreement.places import Places, places_of
from attnwidget.experiments.effects.answers import Asked, answer_of, logits_at
from attnwidget.tiny.sample import PictureSample, Sample

SEVERAL = 500
"""Texts of a league, where nobody says how many."""

RANKED_NOT = ("special", "template")
"""Tokens that nobody wrote are not ranked. Sinks are: a map that rests on one is wrong about it."""


@dataclass(frozen=True, eq=False)
class Case:
    """A sample whose answer the model gives.

    `part` is None, or "cross" in an encoder-decoder: the part whose keys are the words of the text. `query` is the
    position whose attention is meant. `decides` is of the words of `places` that are ranked. `shared` keeps what methods
    make once for all cases.
    """

    model: AttentionModel
    trace: Trace
    sample: Sample | PictureSample
    number: int
    asked: Asked
    part: str | None
    query: int
    places: Places
    decides: Bool[np.ndarray, " word"]
    seed: int
    shared: dict[str, Any] = field(default_factory=dict)

    def words(self, values: Any) -> Float[np.ndarray, " word"]:
        """Numbers of the tokens as numbers of the ranked words: sums."""
        return self.places.sums(np.asarray(values, np.float64))[list(self.places.compared)]

    def pieces(self) -> list[str]:
        """The ranked words, as they are written."""
        return [self.places.every[number].piece.strip() for number in self.places.compared]

    def scores_without(self, sets: Sequence[tuple[int, ...]], asked: Asked | None = None) -> list[float]:
        """How much of the answer there is where sets of the ranked words are hidden: nothing else reads them, in any part.

        `asked` is the same answer in another unit.
        """
        asked = asked or self.asked
        different = [one for one in dict.fromkeys(sets) if one]
        tokens = [[token for at in one for token in self.places.hidden(self.places.compared[at])] for one in different]
        parts = ("encoder", "cross") if self.part == "cross" else (self.part,)
        runs = [Run(asked.row, tuple(Hide(some, part=part) for part in parts)) for some in tokens]
        rows = many_runs(self.model, self.trace).logits(runs) if runs else ()
        found = {one: asked.score(row) for one, row in zip(different, rows, strict=True)}
        found[()] = asked.score(logits_at(self.trace, asked))
        return [found[one] for one in sets]


def model_of(model: Any) -> AttentionModel:
    """A model, or the one of that name. Raises AttnWidgetError for anything else."""
    if isinstance(model, AttentionModel):
        return model
    if model is None or isinstance(model, str):
        return load(model)
    raise AttnWidgetError(f"This needs a model or its name, not {type(model).__name__}. Make one with aw.load(...).")


def samples_given(samples: Any) -> list[Sample | PictureSample]:
    """Samples in a list. Raises AttnWidgetError for anything else, and for none."""
    found = list(samples) if isinstance(samples, Iterable) and not isinstance(samples, str) else []
    if not found or not all(isinstance(one, Sample | PictureSample) for one in found):
        raise AttnWidgetError(f"samples={samples!r:.60} is not valid: give how many, or a list of Sample records.")
    return found


def trace_of(model: AttentionModel, sample: Sample | PictureSample, keep: tuple[str, ...] = ("inputs",)) -> Trace:
    """The text of a sample, read up to its answer, or its picture; by default with all that methods ask for.

    Raises AttnWidgetError for a picture and a model without a processor.
    """
    if isinstance(sample, Sample):
        return model.trace(sample.text, target=sample.target or None, keep=keep)
    if model.processor is None:
        raise AttnWidgetError(
            f"{model.name} was loaded without a processor, so it reads no pictures. Give aw.load one."
        )
    return model.trace(model.processor(sample.picture, return_tensors="pt"), keep=keep)


def case_of(
    model: AttentionModel,
    sample: Sample | PictureSample,
    number: int,
    seed: int = 0,
    shared: dict[str, Any] | None = None,
) -> Case | None:
    """The sample as a case; None where the model does not give its answer."""
    trace = trace_of(model, sample)
    asked = answer_of(model, trace)
    if _said(model, trace, asked.ids[0]) != sample.answer.strip():
        return None
    part = "cross" if "cross" in trace.parts else None
    places = places_of(trace, part, asked.position, leave_out=RANKED_NOT)
    return Case(
        model,
        trace,
        sample,
        number,
        asked,
        part,
        _query(trace, asked),
        places,
        _decides(trace, part, places, sample),
        seed,
        {} if shared is None else shared,
    )


def _decides(
    trace: Trace, part: str | None, places: Places, sample: Sample | PictureSample
) -> Bool[np.ndarray, " word"]:
    """Which of the ranked words, or patches, decide."""
    ranked = [places.every[at] for at in places.compared]
    if isinstance(sample, PictureSample):
        patches = {f"{row},{column}" for row, column in sample.deciding}
        return np.array([place.piece in patches for place in ranked])
    spans = trace.tokens(part)[1].spans
    return np.array(
        [
            any(overlap(spans[at], one) for at in range(place.start, place.stop) for one in sample.deciding)
            for place in ranked
        ]
    )


def _said(model: AttentionModel, trace: Trace, number: int) -> str:
    """The text of a token, or the name of a class."""
    if trace.model.predicts == "class":
        return trace.model.labels[number]
    return "" if model.tokenizer is None else str(model.tokenizer.decode([number])).strip()


def overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two stretches of a text have a letter in common."""
    return max(one[0], other[0]) < min(one[1], other[1])


def _query(trace: Trace, asked: Asked) -> int:
    """The position that answers; of a class the first token, of a decoder without one the last."""
    if asked.position is not None:
        return asked.position
    return 0 if trace.model.kind == "encoder" else len(trace.text) - 1
