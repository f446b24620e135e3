"""The methods of the league: each gives a number for every word of a text. A line in `CONTENDERS` adds one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Float

from attnwidget.engine import output_gradients, untrained_copy, weights
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.effects.estimated_tokens import estimated_hiding
from attnwidget.experiments.effects.token_effects import token_effects
from attnwidget.experiments.effects.value_zeroing import value_zeroing
from attnwidget.experiments.gradients.attention_gradient import attention_gradient
from attnwidget.experiments.gradients.gradient import gradient
from attnwidget.experiments.gradients.relevance import relevance
from attnwidget.experiments.league.case import Case
from attnwidget.experiments.lenses.direct_effects import direct_effects
from attnwidget.measures.paths.alti import alti
from attnwidget.measures.paths.flow import flow
from attnwidget.measures.paths.rollout import rollout, uniform_rollout
from attnwidget.measures.values.norm_weighted import norm_weighted
from attnwidget.tiny.sample import PictureSample

Family = Literal["attention", "through layers", "gradient", "change", "control", "yours", "truth"]
WordNumbers: TypeAlias = Float[np.ndarray, " word"]

METHOD_FAMILIES: Mapping[str, str] = {
    "attention": "reads one position's attention",
    "through layers": "follows tokens through all layers",
    "gradient": "asks for gradients of the answer",
    "change": "changes the text or the computation and looks at the answer",
    "control": "knows nothing of the model's answer",
    "yours": "given by whoever asked",
    "truth": "the deciding words themselves",
}


@dataclass(frozen=True)
class Contender:
    """A method. `scores` gives a number for every ranked word; it raises AttnWidgetError, with the reason, where it cannot."""

    name: str
    family: Family
    does: str
    scores: Callable[[Case], WordNumbers]


# ------------------------------------------------------------------------------------------------------- attention


def _rows_of(case: Case) -> Float[np.ndarray, "layer head key"]:
    """The weights of the query in all heads."""
    blocks = case.trace.part_blocks(case.part)
    return np.stack([weights(block, queries=case.query)[:, 0].double().numpy() for block in blocks])


def _attention(case: Case) -> WordNumbers:
    return case.words(_rows_of(case).mean((0, 1)))


def _last_layer(case: Case) -> WordNumbers:
    return case.words(_rows_of(case)[-1].mean(0))


def _largest(case: Case) -> WordNumbers:
    return case.words(_rows_of(case).max((0, 1)))


def _untrained(case: Case) -> WordNumbers:
    copy = case.shared.setdefault("untrained", None) or untrained_copy(case.model, case.seed)
    case.shared["untrained"] = copy
    return _attention(replace(case, model=copy, trace=copy.trace(dict(case.trace.forward))))


def _norms(case: Case) -> WordNumbers:
    maps = [
        np.asarray(norm_weighted(case.trace, block.layer, part=block.part, queries=[case.query]), np.float64)
        for block in case.trace.part_blocks(case.part)
    ]
    return case.words(np.mean(maps, 0).reshape(-1))


# -------------------------------------------------------------------------------------------------- through layers


def _through(measure: Callable[..., Any], **options: Any) -> Callable[[Case], WordNumbers]:
    return lambda case: case.words(measure(case.trace, query=case.query, part=case.part, **options))


def _of_one_text(case: Case) -> None:
    if case.part == "cross":
        raise AttnWidgetError("It follows one text through its layers, and has no rule for what crosses to another.")


def _flow(case: Case) -> WordNumbers:
    _of_one_text(case)
    return case.words(flow(case.trace, query=case.query))


def _alti(case: Case) -> WordNumbers:
    _of_one_text(case)
    return case.words(alti(case.trace, query=case.query))


def _zeroed_values(case: Case) -> WordNumbers:
    _of_one_text(case)
    return case.words(np.asarray(value_zeroing(case.model, case.trace, progress=False))[case.query])


# -------------------------------------------------------------------------------------------------------- gradient


def _answer(case: Case) -> dict[str, Any]:
    return {"answer": case.asked.given, "at": case.asked.position}


def _gradient(kind: str) -> Callable[[Case], WordNumbers]:
    return lambda case: case.words(gradient(case.model, case.trace, kind=kind, progress=False, **_answer(case)))


def _times_gradient(case: Case) -> WordNumbers:
    total = np.zeros(len(case.trace.tokens(case.part)[1]))
    for one in output_gradients(case.model, case.trace, case.asked.position, case.asked.in_graph, NO_GRADIENTS):
        if one.part == case.trace.part_blocks(case.part)[0].part:
            rows = weights(case.trace.block(one.layer, case.part), queries=case.query)[:, 0].double().numpy()
            slopes = [one.by_weights(head)[case.query].double().numpy() for head in range(len(rows))]
            total += (rows * np.stack(slopes)).sum(0)
    return case.words(total)


def _attributed(case: Case) -> WordNumbers:
    maps = [
        attention_gradient(
            case.model,
            case.trace,
            block.layer,
            kind="integrated",
            steps=10,
            part=case.part,
            progress=False,
            **_answer(case),
        ).values[case.query]
        for block in case.trace.part_blocks(case.part)
    ]
    return case.words(np.sum(maps, 0))


def _relevance(case: Case) -> WordNumbers:
    part = "encoder" if case.part == "cross" else None
    return case.words(relevance(case.model, case.trace, part=part, **_answer(case)))


def _estimate(case: Case) -> WordNumbers:
    parts = ("encoder", "cross") if case.part == "cross" else (None,)
    return case.words(sum(estimated_hiding(case.model, case.trace, case.asked, part) for part in parts))


def _direct(case: Case) -> WordNumbers:
    if case.part == "cross" or case.asked.position is None:
        raise AttnWidgetError(
            "It splits the logit of a token of the text's own model: not a class, not a decoder's token."
        )
    return case.words(direct_effects(case.model, case.trace, by="token", **_answer(case)).values)


# ---------------------------------------------------------------------------------------------------------- change


def _hidden(case: Case) -> WordNumbers:
    words = [(at,) for at in range(len(case.decides))]
    whole, *without = case.scores_without([(), *words])
    return whole - np.array(without)


def _changed(by: str) -> Callable[[Case], WordNumbers]:
    def scores(case: Case) -> WordNumbers:
        part = "encoder" if case.part == "cross" else None
        return case.words(token_effects(case.model, case.trace, by=by, part=part, progress=False, **_answer(case)))

    return scores


# --------------------------------------------------------------------------------------------------------- control


def _random(case: Case) -> WordNumbers:
    return np.random.default_rng((case.seed, case.number)).random(len(case.decides))


def _late(case: Case) -> WordNumbers:
    return np.arange(len(case.decides), dtype=np.float64)


def _of_words(case: Case) -> None:
    if isinstance(case.sample, PictureSample):
        raise AttnWidgetError("It is about words; the patches of a picture are none.")


def _length(case: Case) -> WordNumbers:
    _of_words(case)
    return np.array([len(piece) for piece in case.pieces()], np.float64)


def _rare(case: Case) -> WordNumbers:
    _of_words(case)
    counts: Mapping[str, int] = case.shared["counts"]
    return np.array([-float(counts.get(piece, 0)) for piece in case.pieces()])


def _truth(case: Case) -> WordNumbers:
    return case.decides.astype(np.float64)


TRUTH = Contender("the truth", "truth", "The words that decide, by construction.", _truth)
"""What the others are measured by: its fall is what hiding the right words does."""

CONTENDERS = (
    Contender("attention", "attention", "Weight given by the answer's position, mean over heads and layers.", _attention),
    Contender("attention, last layer", "attention", "The same of the last layer alone.", _last_layer),
    Contender("attention, largest", "attention", "The largest weight of any head and layer.", _largest),
    Contender("norm-weighted", "attention", "Length of what the heads of a layer carry from the word, mean over layers.", _norms),
    Contender("rollout", "through layers", "Attention multiplied through the layers, half of each taken over.", _through(rollout)),
    Contender(
        "rollout / uniform", "through layers", "The same, divided by the rollout of uniform attention.",
        _through(rollout, null="uniform"),
    ),
    Contender("flow", "through layers", "The most that could flow from the word.", _flow),
    Contender("ALTI", "through layers", "How close the word's vector comes to each layer's output, multiplied.", _alti),
    Contender("value zeroing", "through layers", "How far outputs move without the word's value, multiplied.", _zeroed_values),
    Contender("saliency", "gradient", "Length of the gradient at the word's embedding.", _gradient("saliency")),
    Contender("gradient x input", "gradient", "Gradient times embedding, with its sign.", _gradient("gradient x input")),
    Contender("integrated gradients", "gradient", "The same, averaged on the way from zero, 50 steps.", _gradient("integrated")),
    Contender(
        "attention x gradient", "gradient", "Weight of the answer's position times its gradient, all heads and layers.",
        _times_gradient,
    ),
    Contender(
        "attention attribution", "gradient", "The same integrated from zero attention, layer by layer, 10 steps.",
        _attributed,
    ),
    Contender("relevance", "gradient", "Attention x gradient without the negative, multiplied through the layers.", _relevance),
    Contender("hiding, estimated", "gradient", "What hiding the word would do, to first order.", _estimate),
    Contender("direct effect", "gradient", "What heads carry from the word straight into the answer's logit.", _direct),
    Contender("hiding", "change", "Fall of the answer's log probability when nothing reads the word.", _hidden),
    Contender("replacing", "change", "The same when its tokens are replaced by mask or unknown, one at a time.", _changed("replace")),
    Contender("deleting", "change", "The same when its tokens are deleted, one at a time.", _changed("delete")),
    Contender("untrained attention", "control", "Attention of a copy with new random weights.", _untrained),
    Contender("uniform rollout", "control", "Rollout of uniform attention: where the word stands.", _through(uniform_rollout)),
    Contender("later first", "control", "The nearer the end, the higher.", _late),
    Contender("longer first", "control", "Letters of the word.", _length),
    Contender("rarer first", "control", "How seldom the word is in all texts of the league.", _rare),
    Contender("random", "control", "Numbers drawn at random.", _random),
)  # fmt: skip
"""All, in families."""

EVERY_CONTENDER = tuple(one.name for one in CONTENDERS)

NO_GRADIENTS = "Leave out what asks for gradients (methods=...)"

WORKS_LIKE = "a function (model, trace, answer) -> one number for each token"


def contenders_named(methods: Any) -> tuple[Contender, ...]:
    """All for None; else a name, names, or a mapping of names to functions, which stand beside all of ours.

    Raises AttnWidgetError for unknown names, and for what is no function.
    """
    if methods is None:
        return CONTENDERS
    if isinstance(methods, Mapping):
        return (*CONTENDERS, *(_given(str(name), scores) for name, scores in methods.items()))
    wanted: Sequence[Any] = [methods] if isinstance(methods, str) else list(methods)
    found: list[Contender] = []
    for one in wanted:
        if isinstance(one, tuple) and len(one) == 2:
            found.append(_given(str(one[0]), one[1]))
            continue
        known = next((each for each in CONTENDERS if each.name == one), None)
        if known is None:
            raise AttnWidgetError(
                f"There is no method {one!r:.60}. Give some of {', '.join(map(repr, EVERY_CONTENDER))}; or (name, function), which is "
                f"{WORKS_LIKE}."
            )
        found.append(known)
    return tuple(found)


def _given(name: str, scores: Any) -> Contender:
    if not callable(scores):
        raise AttnWidgetError(f"The method {name!r:.60} must be {WORKS_LIKE}, not {type(scores).__name__}.")

    def own(case: Case) -> WordNumbers:
        size = len(case.trace.tokens(case.part)[1])
        try:
            values = np.asarray(scores(case.model, case.trace, case.asked.given), np.float64)
        except (TypeError, ValueError) as error:
            raise AttnWidgetError(f"The method {name!r:.60} failed: {error}. It must be {WORKS_LIKE}.") from error
        if values.shape != (size,):
            raise AttnWidgetError(
                f"The method {name!r:.60} gave {values.shape} numbers for a text of {size} tokens. It must be {WORKS_LIKE}."
            )
        return case.words(values)

    return Contender(name, "yours", "given", own)
