"""The league over words: every method on every sample, and what its first words are worth."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from time import perf_counter
from typing import Any

import numpy as np

from attnwidget.arguments import whole_from_one, whole_from_zero, whole_number
from attnwidget.engine import AttentionModel, go_on
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.league.accuracy import area_under_curve, first_words, precision_at
from attnwidget.experiments.league.case import SEVERAL, Case, case_of, model_of, samples_given, trace_of
from attnwidget.experiments.league.contenders import TRUTH, Contender, contenders_named
from attnwidget.experiments.league.held_out import LEAGUE_SAMPLES
from attnwidget.experiments.league.intervals import SAID_INTERVALS, Mark, mean_marks
from attnwidget.experiments.league.standings import MARK_NAMES, League, Standing
from attnwidget.experiments.progress import shown_progress
from attnwidget.tiny.sample import PictureSample, Sample

TIMED = 20
"""So many texts are read anew for every method, and timed; of the others a trace is read once."""

TRIED_AT_MOST = 4
"""So many times as many texts as are wanted are tried."""

OTHER_SEED = 1_000_003
"""Between the seeds of texts that are drawn when some were answered wrong."""


def judge_methods(
    model: Any = None,
    samples: Any = SEVERAL,
    *,
    methods: Any = None,
    seed: Any = 0,
    progress: Any = None,
) -> League:
    """Which methods find the words that decide, on texts whose deciding words are known by construction.

    `model` is the name of a bundled model or an `AttentionModel`; `samples` how many texts of a bundled model's language, or
    your own `Sample` records for any model. Of tiny-vision the texts are pictures (`PictureSample`), and the words patches.
    Only texts whose answer the model gets right count. `methods` is None (all), names, a mapping of names to functions of
    yours that compete with all of ours, or a list of names and (name, function); a function takes (model, trace, answer) and
    gives a number for each token (of an encoder-decoder: of the source).

    Each method ranks the words of a text; numbers of tokens are summed over a word. The word at the answer's own position
    and special tokens are not ranked, sinks are. Three marks, each the mean over texts with a bootstrap interval: the area
    under the ROC curve (0.5 is chance, ties count half), precision among the first k words, k being how many decide, and
    the fall of the answer's probability when these k words are hidden. A method that cannot be asked says why.

    Costs all methods on every text: a few hundred forward passes a text, most of them for integrated gradients and
    hiding. `progress` None shows a bar if it takes long, False shows nothing, a function hears (texts done, of how many).
    Raises AttnWidgetError for a model without texts, unknown methods, and where the model gets no answer right; Cancelled
    inside `stopping_when`.
    Source: comprehensiveness by DeYoung et al. 2020 (2020.acl-main.408), with hiding in the place of removal.

    >>> import attnwidget as aw
    >>> found = aw.judge_methods(samples=6, methods=["attention", ("first", lambda model, trace, _: -np.arange(len(trace.text)))])
    >>> found["attention"].area.mean > found["first"].area.mean, found.truth.area.mean
    (True, 1.0)
    """
    chosen, drawn = contenders_named(methods), whole_from_zero("seed", seed)
    own = model_of(model)
    given, wanted, first = _samples(own, samples, drawn)
    shared: dict[str, Any] = {"counts": _word_counts(first)}
    sheet = _Sheet((TRUTH, *chosen))
    tried, seconds = 0, []
    with shown_progress(progress, "texts") as step:
        for sample in given:
            go_on()
            tried += 1
            case = case_of(own, sample, tried - 1, drawn, shared)
            if case is not None:
                seconds += _timed_pass(case) if sheet.texts < TIMED else []
                sheet.add(case)
                step(sheet.texts, wanted)
            if sheet.texts == wanted:
                break
    if not sheet.texts:
        raise AttnWidgetError(f"{own.name} got none of {tried} answers right, so nothing can be said of methods on it.")
    recipe = (
        f"{sheet.texts} held-out texts of {own.name} that it answers right, of {tried}; {SAID_INTERVALS}, seed {drawn}; fall of the "
        "answer's probability"
    )
    return sheet.league(own.name, tried, float(np.median(seconds)), recipe)


def _samples(
    model: AttentionModel, samples: Any, seed: int
) -> tuple[Iterator[Sample | PictureSample], int, Sequence[Sample | PictureSample]]:
    """Samples, as many as are tried at most, how many of them are wanted, and those that words are counted in."""
    count = whole_number(samples)
    if count is None:
        found = samples_given(samples)
        return iter(found), len(found), found
    count, made = whole_from_one("samples", samples), LEAGUE_SAMPLES.get(model.name)
    if made is None:
        raise AttnWidgetError(
            f"The words that decide are not known for texts of {model.name}. They are for {', '.join(LEAGUE_SAMPLES)}; or give "
            "samples of your own, a list of attnwidget.experiments.Sample."
        )
    first = made(count, seed)
    more = (one for again in range(1, TRIED_AT_MOST) for one in made(count, seed + again * OTHER_SEED))
    return chain(first, more), count, first


def _timed_pass(case: Case) -> list[float]:
    started = perf_counter()
    trace_of(case.model, case.sample, keep=())
    return [perf_counter() - started]


@dataclass
class _Sheet:
    """What was found so far: of every text a row (method, mark)."""

    methods: Sequence[Contender]
    rows: list[np.ndarray] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    seconds: list[list[float]] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def texts(self) -> int:
        return len(self.rows)

    def add(self, case: Case) -> None:
        """All methods on one text."""
        numbers, taken = [], []
        for one in self.methods:
            anew = replace(case, trace=trace_of(case.model, case.sample)) if self.texts < TIMED else case
            started = perf_counter()
            numbers.append(self._scores(one, anew))
            taken.append(perf_counter() - started)
        if self.texts < TIMED:
            self.seconds.append(taken)
        count = int(case.decides.sum())
        tops = [None if own is None else first_words(own, count, (case.seed, case.number)) for own in numbers]
        probable = replace(case.asked, unit="probability")
        whole, *left = case.scores_without([(), *(() if top is None else top for top in tops)], probable)
        row = [
            [np.nan] * len(MARK_NAMES)
            if own is None
            else [area_under_curve(own, case.decides), precision_at(own, case.decides), whole - after]
            for own, after in zip(numbers, left, strict=True)
        ]
        self.rows.append(np.array(row))
        self.kinds.append(case.sample.kind)

    def _scores(self, one: Contender, case: Case) -> np.ndarray | None:
        try:
            values = one.scores(case)
        except AttnWidgetError as error:
            self.reasons.setdefault(one.name, str(error))
            return None
        if np.isfinite(values).all():
            return values
        self.reasons.setdefault(one.name, "On some texts it gives numbers that are none (NaN).")
        return None

    def league(self, model: str, tried: int, seconds: float, recipe: str) -> League:
        every = np.stack(self.rows)
        kinds = np.array(self.kinds)
        whole = mean_marks(every.reshape(len(every), -1))
        parts = {str(kind): mean_marks(every[kinds == kind][:, :, 0]) for kind in dict.fromkeys(self.kinds)}
        taken = np.median(self.seconds, 0) / seconds
        found = [
            self._standing(
                at, one, whole[at * len(MARK_NAMES) : (at + 1) * len(MARK_NAMES)], parts, float(taken[at]), every
            )
            for at, one in enumerate(self.methods)
        ]
        truth, *others = found
        ordered = sorted(others, key=lambda one: -one.area.mean if one.scored else np.inf)
        return League(
            model,
            tuple(ordered),
            truth,
            dict(Counter(self.kinds)),
            len(every),
            tried,
            seconds,
            {one.name: every[:, at] for at, one in enumerate(self.methods)},
            recipe,
        )

    def _standing(
        self,
        at: int,
        one: Contender,
        marks: Sequence[Mark],
        parts: Mapping[str, Sequence[Mark]],
        passes: float,
        every: np.ndarray,
    ) -> Standing:
        scored = int(np.isfinite(every[:, at, 0]).sum())
        return Standing(
            one.name,
            one.family,
            one.does,
            marks[0],
            marks[1],
            marks[2],
            passes if scored else float("nan"),
            scored,
            {kind: own[at] for kind, own in parts.items()},
            self.reasons.get(one.name),
        )


def _word_counts(samples: Sequence[Sample | PictureSample]) -> Counter[str]:
    """In how many texts each word is."""
    texts = [sample for sample in samples if isinstance(sample, Sample)]
    return Counter(word for sample in texts for word in set(re.findall(r"\w+|[^\w\s]", sample.text)))
