"""What the page gets of effects: of silencing each head, or hiding each token; estimated, or measured part by part."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from weakref import WeakKeyDictionary

import numpy as np

from attnwidget.engine import AttentionModel, Trace, go_on, silenced_runs
from attnwidget.errors import BadRequest
from attnwidget.experiments.agreement.columns import Column, columns
from attnwidget.experiments.agreement.evidence import TOP_WORDS
from attnwidget.experiments.agreement.methods import HIDING, Asking
from attnwidget.experiments.agreement.places import places_of
from attnwidget.experiments.effects.answers import Asked, logits_at
from attnwidget.experiments.effects.head_effects import checked_heads, head_estimates, silenced_alone
from attnwidget.experiments.effects.token_effects import checked_tokens, token_estimates
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.ranks import Agreement, correlations, top_in_common
from attnwidget.widget.answering.asked import answer_told, asked_by
from attnwidget.widget.answering.evidence import AnswerParts, agreement_told
from attnwidget.widget.answering.requests import AskedAnswer


@dataclass(frozen=True, eq=False)
class _Found:
    """Effects as far as they are there; `measured` are the parts that are done, and all there are."""

    values: np.ndarray
    recipe: str
    measured: tuple[int, int]
    agreement: Agreement | None = None


@dataclass(eq=False)
class _Known:
    """What is known of one question about one trace: it goes on there when it is asked again."""

    asked: Asked
    estimates: dict[str, _Found] = field(default_factory=dict)
    layers: dict[int, np.ndarray] = field(default_factory=dict)  # the exact effects of the heads of a layer
    tokens: dict[str, Column] = field(default_factory=dict)


_known: "WeakKeyDictionary[Trace, dict[tuple[AskedAnswer, str], _Known]]" = WeakKeyDictionary()

Work = Callable[[Asking, _Known, Callable[..., None], Callable[[_Found], None]], _Found]


def effects_told(
    model: AttentionModel,
    trace: Trace,
    question: AskedAnswer,
    part: str,
    name: str,
    *,
    exact: bool,
    progress: Callable[..., None],
    parts: Callable[[Callable[[], AnswerParts]], None],
) -> AnswerParts:
    """Effects of all heads, or all tokens, as one number for each: by running the model if `exact`, else estimated.

    Raises BadRequest for anything else, AttnWidgetError for an answer that the model cannot give and where no gradient can
    be had, and Cancelled.
    """
    if (name, exact) not in WORK:
        raise BadRequest(f"There are no effects of {name!r}. Give 'heads' or 'tokens'.")
    found = _known.setdefault(trace, {})
    if (question, part) not in found:
        found[question, part] = _Known(asked_by(model, trace, question))
    known = found[question, part]
    asking = Asking(model, trace, known.asked, part if len(trace.parts) > 1 else None, 0)

    def told(effects: _Found) -> AnswerParts:
        return _told(name, effects, known.asked, exact=exact)

    return told(WORK[name, exact](asking, known, progress, lambda effects: parts(partial(told, effects))))


def _heads(asking: Asking, known: _Known, progress: Callable[..., None], so_far: Callable[[_Found], None]) -> _Found:
    """The exact effects of silencing each head, layer by layer, the last layer first: it takes the least."""
    counts = asking.trace.heads(asking.part)
    attending = [layer for layer, heads in enumerate(counts) if heads]

    def joined() -> _Found:
        values = np.full((len(counts), max(counts)), np.nan)
        for layer, effects in known.layers.items():
            values[layer, : len(effects)] = effects
        measured = len(known.layers), len(attending)
        more = f"; so far {measured[0]} of {measured[1]} layers" if measured[0] < measured[1] else ""
        return _Found(values, f"{silenced_alone(asking.trace, asking.asked, asking.part)}{more}", measured)

    missing = [layer for layer in reversed(attending) if layer not in known.layers]
    if missing:
        before = known.asked.score(logits_at(asking.trace, known.asked))
        runs = silenced_runs(asking.model, asking.trace, known.asked.row)
        for layer in missing:
            go_on()
            progress(len(known.layers), len(attending))
            rows = runs.logits(layer, range(counts[layer]), asking.part)
            known.layers[layer] = np.array([before - known.asked.score(row) for row in rows])
            so_far(joined())
    return joined()


def _estimated_heads(
    asking: Asking, known: _Known, progress: Callable[..., None], so_far: Callable[[_Found], None]
) -> _Found:
    """At once from a pass and one back; then with its agreement on some heads that are run."""
    if "heads" not in known.estimates:
        layers = sum(count > 0 for count in asking.trace.heads(asking.part))
        about = asking.model, asking.trace, asking.asked
        first = head_estimates(*about, asking.part)
        so_far(_Found(first.values, first.recipe, (layers, layers)))
        found = checked_heads(*about, first, asking.part, progress=progress)
        both = [(found.values[one.layer, one.head], one.value) for one in found.checked]
        known.estimates["heads"] = _Found(found.values, found.recipe, (layers, layers), _agreement(both))
    return known.estimates["heads"]


def _estimated_tokens(
    asking: Asking, known: _Known, progress: Callable[..., None], so_far: Callable[[_Found], None]
) -> _Found:
    if "tokens" not in known.estimates:
        about = asking.model, asking.trace, asking.asked
        first = token_estimates(*about, asking.part)
        so_far(_Found(first.values[None], first.recipe, (1, 1)))
        found = checked_tokens(*about, first, asking.part, progress=progress)
        both = [(found.values[one.position], one.value) for one in found.checked]
        known.estimates["tokens"] = _Found(found.values[None], found.recipe, (1, 1), _agreement(both))
    return known.estimates["tokens"]


def _tokens(asking: Asking, known: _Known, progress: Callable[..., None], so_far: Callable[[_Found], None]) -> _Found:
    """The exact effects of hiding each token, one after the other."""
    places = places_of(asking.trace, asking.part, known.asked.position, "tokens", ())

    def found() -> _Found:
        column = known.tokens[HIDING.name]
        count = int((~np.isnan(column.values)).sum())
        more = "" if column.done else f"; so far {count} of {len(column.values)} tokens"
        recipe = f"fall of {known.asked.recipe}, each token hidden alone{said_setting(asking.trace, asking.part)}{more}"
        return _Found(column.values[None], recipe, (int(column.done), 1))

    for column in columns(asking, places, (), known.tokens, heard=progress):
        known.tokens[column.name] = column
        so_far(found())
    return found()


WORK: dict[tuple[str, bool], Work] = {
    ("heads", True): _heads,
    ("heads", False): _estimated_heads,
    ("tokens", True): _tokens,
    ("tokens", False): _estimated_tokens,
}


def _agreement(pairs: Sequence[tuple[float, float]]) -> Agreement | None:
    """Of estimates with exact effects."""
    if not pairs:
        return None
    both = np.array(pairs).T
    found = correlations(both)
    rho, low, high = (float(one[0, 1]) for one in (found.rho, found.low, found.high))
    count = both.shape[1]
    return (
        None
        if np.isnan(rho)
        else Agreement(rho, low, high, top_in_common(both[0], both[1], min(TOP_WORDS, count)), count)
    )


def _told(name: str, found: _Found, asked: Asked, *, exact: bool) -> AnswerParts:
    there = found.values[np.isfinite(found.values)]
    layers, heads = found.values.shape
    answer = answer_told(asked)
    told = {
        "name": name,
        "unit": answer["unit"],
        "low": float(there.min()) if there.size else 0.0,
        "high": float(there.max()) if there.size else 0.0,
        "recipe": found.recipe,
        "layers": layers,
        "heads": heads,
        "measured": list(found.measured),
        "labels": None,
        "answer": answer,
        "exact": exact,
        "agreement": None if found.agreement is None else agreement_told(found.agreement),
    }
    return {"effects": told}, [found.values.astype("<f4").tobytes()]
