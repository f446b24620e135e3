"""The league over heads: does attention go to the words that are translated, and do heads that align matter?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float

from attnwidget.arguments import whole_from_one, whole_from_zero, whole_number
from attnwidget.engine import AttentionModel, Silence, Tokens, Trace, go_on, weights
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.league.case import SEVERAL, model_of, overlap, samples_given
from attnwidget.experiments.league.intervals import SAID_INTERVALS, Mark, marks_by, mean_marks
from attnwidget.experiments.league.standings import lined, plain_data, rows_aligned, rows_in_html
from attnwidget.experiments.progress import shown_progress
from attnwidget.experiments.resampling import Often
from attnwidget.measures.places import word_ranges
from attnwidget.measures.values.norm_weighted import norm_weighted
from attnwidget.text import Span
from attnwidget.tiny.sample import Sample
from attnwidget.tiny.translator.truth import translator_pairs

LinkRow = Literal["writes", "has read"]

HALF = 0.5
PAIRED: Mapping[str, Callable[[int, int], list[Sample]]] = {"tiny-translator": translator_pairs}
"""By the names of bundled models: held-out texts with their whole translation."""

SILENCED = 200
"""Texts on which every head is silenced."""


@dataclass(frozen=True)
class LinkRule:
    """How links are read off: from the row that writes a word or the one that has read it, by weights or norms, the largest
    of the row alone or all that have at least half of it.
    """

    name: str
    row: LinkRow
    norms: bool = False
    several: bool = False


LINK_RULES = (
    LinkRule("writes", "writes"),
    LinkRule("has read", "has read"),
    LinkRule("writes, norms", "writes", norms=True),
    LinkRule("writes, half of the largest", "writes", several=True),
)


@dataclass(frozen=True)
class Aligner:
    """What gives links: a head ("L1H2"), the mean of a layer or of all, or none of them: the diagonal, words at random.

    `errors` are its alignment error rates, by variant. `fall` is how many exact translations fewer there are when the head is
    silenced, as a share; None for what is no head.
    """

    name: str
    kind: Literal["head", "mean", "control"]
    errors: Mapping[str, Mark]
    fall: Mark | None = None


@dataclass(frozen=True, eq=False, repr=False)
class AlignmentLeague:
    """Alignment error rates, the best first: 0 where all links are those of the truth, 1 where none is.

    `exact` is the share of texts whose translation the model gets right word for word, `silenced` on how many heads were
    silenced. `agreement` is Spearman's correlation over heads of aligning well (1 - error of the row that writes) and
    mattering.
    """

    model: str
    aligners: tuple[Aligner, ...]
    texts: int
    exact: float
    silenced: int
    agreement: float
    recipe: str

    def __getitem__(self, name: str) -> Aligner:
        """What is known of a head, a mean or a control, by its name."""
        found = next((one for one in self.aligners if one.name == name), None)
        if found is None:
            raise AttnWidgetError(
                f"There is no {name!r} here. There are {', '.join(one.name for one in self.aligners)}."
            )
        return found

    def table(self) -> dict[str, list[Any]]:
        """Plain columns, as pandas takes them."""
        columns: dict[str, list[Any]] = {
            "name": [one.name for one in self.aligners],
            "kind": [one.kind for one in self.aligners],
        }
        for variant in LINK_RULES:
            for end in ("mean", "low", "high"):
                said = {"mean": "", "low": ", from", "high": ", to"}[end]
                columns[variant.name + said] = [getattr(one.errors[variant.name], end) for one in self.aligners]
        columns["fall"] = [None if one.fall is None else one.fall.mean for one in self.aligners]
        return columns

    def markdown(self) -> str:
        """The table, and what it says of mattering."""
        return f"{self._sentence()}\n\n{lined(self._cells())}\n"

    def as_dict(self) -> dict[str, Any]:
        """Plain data; None for NaN."""
        found: dict[str, Any] = plain_data(
            {
                "model": self.model,
                "texts": self.texts,
                "exact": self.exact,
                "silenced": self.silenced,
                "agreement": self.agreement,
                "recipe": self.recipe,
                "aligners": [asdict(one) for one in self.aligners],
            }
        )
        return found

    def __repr__(self) -> str:
        return f"AlignmentLeague({self.recipe})\n{rows_aligned(self._cells())}\n{self._sentence()}"

    def _repr_html_(self) -> str:
        return rows_in_html(self._sentence(), [self._cells()], [self.recipe])

    def _sentence(self) -> str:
        return (
            f"{self.model}: {self.texts} texts, {self.exact:.1%} of them translated exactly. Over heads, aligning well and "
            f"mattering (exact translations lost when the head is silenced, {self.silenced} texts) have a rank correlation of "
            f"{self.agreement:.2f}."
        )

    def _cells(self) -> list[list[str]]:
        head = ["alignment error rate", *(one.name for one in LINK_RULES), "exact translations lost"]
        rows = [
            [
                one.name,
                *(repr(one.errors[variant.name]) for variant in LINK_RULES),
                "" if one.fall is None else repr(one.fall),
            ]
            for one in self.aligners
        ]
        return [head, *rows]


def judge_alignments(
    model: Any = "tiny-translator",
    samples: Any = SEVERAL,
    *,
    silenced: Any = SILENCED,
    seed: Any = 0,
    progress: Any = None,
) -> AlignmentLeague:
    """Whether the cross-attention of heads goes to the words that are translated, and whether heads that align matter.

    `model` is "tiny-translator" or an `AttentionModel`; `samples` how many held-out texts of tiny-translator's language, or your
    own `Sample` records, with the whole translation as `target`, and `aligned`. Links are read off for every word of the
    translation, summed over the tokens of a source word and averaged over those of a target word: from the row that
    "writes" it (which predicts its tokens) and the row that "has read" it; by weights, or norm-weighted; the largest alone,
    or all with at least half of it. Alignment error rate is 1 - 2 |links that are true| / (|links| + |true links|), of all
    texts together, with an interval over texts; words without a true link do not count. Beside heads: means of layers, the
    diagonal, and words at random.

    A head matters by the exact translations lost when it is silenced, on the first `silenced` texts: exact is greedy, word for
    word, from one pass over the true translation. Costs a pass a text, and one for every head of the texts it is silenced on.
    `progress` as in `judge_methods`. Raises AttnWidgetError for a model that is no encoder-decoder, and samples without
    `aligned`; Cancelled inside `stopping_when`.
    Source: Och & Ney 2003 for the rate; Kobayashi et al. 2020 (arXiv 2004.10102) for norms and for both rows.

    >>> import attnwidget as aw
    >>> found = aw.judge_alignments("tiny-translator", 3, silenced=0, progress=False)
    >>> found.aligners[0].errors["writes"].mean <= 1
    True
    """
    drawn, most = whole_from_zero("seed", seed), whole_from_zero("silenced", silenced)
    own = model_of(model)
    texts = _texts(own, samples, drawn)
    counts, exact, lost = [], [], []
    heads: list[tuple[int, int]] = []
    with shown_progress(progress, "translations") as step:
        for number, sample in enumerate(texts):
            go_on()
            trace = own.trace(sample.text, target=sample.target)
            heads = [(block.layer, head) for block in trace.part_blocks("cross") for head in range(block.heads)]
            counts.append(_counted(trace, sample, np.random.default_rng((drawn, number))))
            exact.append(is_exact(own, trace))
            if number < most:
                without = [own.trace(trace, edits=[Silence(*head, part="cross")]) for head in heads]
                lost.append([exact[-1] - is_exact(own, one) for one in without])
            step(number + 1, len(texts))
    names = list(counts[0])
    errors = _errors(np.array([[one[name] for name in names] for one in counts], np.float64), drawn)
    falls = (
        dict(zip((f"L{layer}H{head}" for layer, head in heads), mean_marks(np.array(lost, np.float64)), strict=True))
        if lost
        else {}
    )
    aligners = [
        Aligner(
            name, aligner_kind(name), dict(zip((one.name for one in LINK_RULES), row, strict=True)), falls.get(name)
        )
        for name, row in zip(names, errors, strict=True)
    ]
    ordered = tuple(sorted(aligners, key=lambda one: one.errors["writes"].mean))
    recipe = f"{len(texts)} texts; {SAID_INTERVALS}, seed {drawn}; over the true translation"
    return AlignmentLeague(own.name, ordered, len(texts), float(np.mean(exact)), len(lost), _agreement(ordered), recipe)


def _texts(model: AttentionModel, samples: Any, seed: int) -> list[Sample]:
    if whole_number(samples) is not None:
        count, made = whole_from_one("samples", samples), PAIRED.get(model.name)
        if made is None:
            raise AttnWidgetError(
                f"Which words translate which is not known for texts of {model.name}. It is for {', '.join(PAIRED)}; or give "
                "samples of your own, a list of attnwidget.experiments.Sample."
            )
        return made(count, seed)
    given = samples_given(samples)
    found = [one for one in given if isinstance(one, Sample) and one.target and one.aligned]
    if len(found) < len(given):
        raise AttnWidgetError("samples must be Sample records with the whole translation as target, and aligned.")
    return found


def aligner_kind(name: str) -> Literal["head", "mean", "control"]:
    """What an aligner is, by its name."""
    return "control" if name in {"diagonal", "random"} else "head" if "H" in name else "mean"


def is_exact(model: AttentionModel, trace: Trace) -> bool:
    """Whether the decoder's tokens are those that the model would have written itself, the end included."""
    ids = list(trace.tokens("decoder")[0].ids)
    end = getattr(model.tokenizer, "eos_token_id", None)
    wanted = ids[1:] if ids[-1] == end else [*ids[1:], end]
    said = trace.logits(range(len(ids)))[: len(wanted)].argmax(-1).tolist()
    return bool(said == wanted)


def _agreement(aligners: Sequence[Aligner]) -> float:
    from scipy.stats import spearmanr  # half a second to import

    pairs = [(-one.errors["writes"].mean, one.fall.mean) for one in aligners if one.fall is not None]
    if len({fall for _, fall in pairs}) < 2:
        return float("nan")
    return float(spearmanr(*zip(*pairs, strict=True)).statistic)


Counted = dict[str, list[tuple[int, int, int]]]
"""By name, of every variant: links that are true, links, true links."""


def _counted(trace: Trace, sample: Sample, rng: np.random.Generator) -> Counted:
    queries, keys = trace.tokens("cross")
    places = source_words(keys)
    targets = _target_rows(queries, sample)
    truth = _truth(keys, places, targets, sample)
    found: Counted = {}
    for one in LINK_RULES:
        for name, maps in _maps(trace, one.norms).items():
            chosen = _by_word(maps, targets, places, one.row)
            found.setdefault(name, []).append(links_counted(chosen, truth, several=one.several))
        for name, chosen in (("diagonal", _diagonal(truth.shape)), ("random", rng.random(truth.shape))):
            found.setdefault(name, []).append(links_counted(chosen, truth, several=False))
    return found


def links_counted(
    chosen: Float[np.ndarray, "target source"], truth: Bool[np.ndarray, "target source"], *, several: bool
) -> tuple[int, int, int]:
    """(links that are true, links, true links): a link for each row's largest number, or for all with at least half of it.

    >>> truth = np.array([[True, False], [True, True]])
    >>> links_counted(np.array([[0.9, 0.1], [0.4, 0.6]]), truth, several=False)
    (2, 2, 3)
    >>> links_counted(np.array([[0.9, 0.1], [0.4, 0.6]]), truth, several=True)
    (3, 3, 3)
    """
    most = chosen.max(-1, keepdims=True)
    links = chosen >= HALF * most if several else np.arange(chosen.shape[1]) == chosen.argmax(-1)[:, None]
    return int((links & truth).sum()), int(links.sum()), int(truth.sum())


def source_words(keys: Tokens) -> list[tuple[int, int]]:
    """The words of the source: tokens from, to; special ones are none."""
    return [(start, stop) for start, stop in word_ranges(keys) if not (keys.special[start] or keys.padding[start])]


def _target_rows(queries: Tokens, sample: Sample) -> dict[Span, list[int]]:
    """The tokens of every word of the translation that is aligned."""
    words = sorted({target for target, _ in sample.aligned})
    return {word: [at for at, span in enumerate(queries.spans) if overlap(span, word)] for word in words}


def _truth(
    keys: Tokens, places: Sequence[tuple[int, int]], targets: Mapping[Span, list[int]], sample: Sample
) -> Bool[np.ndarray, "target source"]:
    wanted = {word: [source for target, source in sample.aligned if target == word] for word in targets}
    return np.array(
        [
            [any(overlap(keys.spans[at], one) for at in range(*place) for one in sources) for place in places]
            for sources in wanted.values()
        ]
    )


def _maps(trace: Trace, norms: bool) -> dict[str, Float[np.ndarray, "query key"]]:
    """Of every head, of every layer, and of all."""
    found: dict[str, Float[np.ndarray, "query key"]] = {}
    layers = []
    for block in trace.part_blocks("cross"):
        whole = f"L{block.layer}"
        if norms:
            heads = [np.asarray(norm_weighted(trace, block.layer, head, part="cross")) for head in range(block.heads)]
            layers.append(np.asarray(norm_weighted(trace, block.layer, part="cross")))
        else:
            heads = list(weights(block).numpy())
            layers.append(np.mean(heads, 0))
        found |= {f"{whole}H{head}": own for head, own in enumerate(heads)}
        found[f"mean of {whole}"] = layers[-1]
    found["mean of all"] = np.mean(layers, 0)
    return found


def _by_word(
    maps: Float[np.ndarray, "query key"],
    targets: Mapping[Span, list[int]],
    places: Sequence[tuple[int, int]],
    row: LinkRow,
) -> Float[np.ndarray, "target source"]:
    """A token is written by the row before its own."""
    before = 1 if row == "writes" else 0
    rows = np.stack([maps[[at - before for at in tokens]].mean(0) for tokens in targets.values()])
    return np.stack([rows[:, start:stop].sum(-1) for start, stop in places], -1)


def _diagonal(shape: tuple[int, ...]) -> Float[np.ndarray, "target source"]:
    """Closer to the same share of the way, larger."""
    across, along = (np.linspace(0, 1, size) if size > 1 else np.zeros(1) for size in shape)
    return 1 - np.abs(across[:, None] - along[None])


def _errors(counts: Float[np.ndarray, "text name variant three"], seed: int) -> list[list[Mark]]:
    """Alignment error rates (name, variant) of all texts together."""

    def rates(often: Often) -> Float[np.ndarray, "draw number"]:
        hits, links, true = np.moveaxis((often @ counts.reshape(len(counts), -1)).reshape(len(often), -1, 3), -1, 0)
        return 1 - 2 * hits / (links + true)

    marks, width = marks_by(rates, len(counts), seed), counts.shape[2]
    return [marks[start : start + width] for start in range(0, len(marks), width)]
