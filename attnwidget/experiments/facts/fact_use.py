"""Seen, encoded, not used: where a fact of the text is lost on its way to the answer."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from attnwidget.arguments import real_number, share_or_none, whole_from_one, whole_from_zero, whole_number
from attnwidget.engine import AttentionModel
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.facts.decoded_facts import DecodedFacts, probed_facts
from attnwidget.experiments.facts.fact_questions import BY_VALUE, OTHER_WORDS, OWN_ANSWER, FactMatters, FactRead
from attnwidget.experiments.facts.used_facts import FactInText, UsedFacts, UseThresholds
from attnwidget.experiments.probes.classifiers import TextSplit, chosen_classifier, folds_by_text
from attnwidget.experiments.probes.given_texts import GivenText, require_model
from attnwidget.experiments.probes.kept_states import KeptStates
from attnwidget.experiments.probes.labels import labelled
from attnwidget.experiments.probes.vectors import vectors_of
from attnwidget.experiments.progress import shown_progress
from attnwidget.experiments.surveys.records import Answered, Item, Unanswered, Unread
from attnwidget.experiments.surveys.result import counted
from attnwidget.experiments.surveys.survey import survey
from attnwidget.files import made_folder

TWICE_AS_LIKELY = math.log(2)

FEWEST_FOLDS = 2


def fact_use(
    model: Any,
    texts: Any,
    *,
    fact: Any = "fact",
    says: Any = None,
    matters_for: Any = "answer",
    seen: Any = 0.1,
    encoded: Any = 0.5,
    used: Any = TWICE_AS_LIKELY,
    layers: Any = None,
    folds: Any = 5,
    columns: Any = None,
    batch: Any = 32,
    keep: Any = None,
    seed: Any = 0,
    progress: Any = None,
) -> UsedFacts:
    """Of texts that state a fact and ask for it: is the fact looked at, encoded, used where the model answers?

    `texts` as `aw.survey` takes them, each with an `answer` and, among its `spans`, where its `fact` stands. What the fact
    says is the words of the span, or the column `says`: a few classes, each in several texts. Three things are measured:

    Looked at: the weight on the fact in the row of the last token, the one that answers, of the head that gives such facts
    most beyond other words, chosen on the other texts; and the fact's share of what that row carries (||A f||). Encoded: the
    probability that a linear probe on the state of that token gives what the fact says; fitted to the other texts, in
    `folds`, at the layer that does best on those. Beside it the same probe on random labels (control), and selectivity, the
    difference: if its interval has 0 in it, no text is called encoded. Used: the fall of the answer's log probability, in
    nats, with the fact hidden from all other tokens; beside it other words hidden, and the fall of what the model says
    itself. `matters_for` names the answer: "answer", a column, or "prediction", what the model says itself.

    Each text gets the strongest verdict that its numbers carry: "used" from `used` nats (default log 2: twice as likely
    with the fact), else "encoded but not used" from a probability of `encoded`, else "seen but not encoded" from `seen` of
    the weight beyond uniform attention, else "not looked at". Reading is direct: a fact that came by way of other tokens is
    used, hardly looked at. `.by("right")` has the table cut by right and wrong answers, or by any column.

    `layers` are those that are probed ("embedding", "L0", ...), `keep` a folder where all that is computed stays. Costs two
    passes a text, two runs more, and `folds` fits for each layer, twice. Raises AttnWidgetError for texts without answer or
    fact, fewer than 16 texts, facts that all say the same or that one text alone says, a model that does not write on, and
    without scikit-learn (the extra `probes`); Cancelled inside `stopping_when`.
    Sources: Hewitt and Liang 2019 (D19-1275), control tasks; Geva et al. 2023 (arXiv 2304.14767), attention knockout;
    Elazar et al. 2021 (arXiv 2006.00995) on what is encoded and not used.

    >>> import attnwidget as aw
    >>> texts = [
    ...     {"text": f"The {thing} of Veldt is {city}. What is the {thing} of Veldt? The {thing} of Veldt is", "answer": f" {city}",
    ...      "spans": {"fact": [(start := len(f"The {thing} of Veldt is ")), start + len(city)]}}
    ...     for thing in "capital river lake mountain port island".split() for city in ("Miro", "Sela", "Lume")
    ... ]
    >>> found = aw.fact_use(aw.load(), texts, layers="L3", folds=3)
    >>> len(found), found.share("used")
    (18, 1.00 (1.00 to 1.00))
    """
    model, seed, batch = require_model(model), whole_from_zero("seed", seed), whole_from_one("batch", batch)
    thresholds = _thresholds(seen, encoded, used)
    parts = whole_number(folds)
    if parts is None or parts < FEWEST_FOLDS:
        raise AttnWidgetError(f"folds={folds!r:.40} is not valid: give a whole number of {FEWEST_FOLDS} or more.")
    for name, value in (("fact", fact), ("matters_for", matters_for)):
        if not isinstance(value, str) or not value:
            raise AttnWidgetError(f"{name}={value!r:.60} is not valid: give a name that the texts have.")
    classifier, named = chosen_classifier(None)
    folder = None if keep is None else made_folder(keep, "keep")
    kept = {name: folder and folder / name for name in ("reading", "effects", "states")}
    told: dict[str, Any] = {"batch": batch, "seed": seed, "progress": progress}
    reading = survey(model, texts, FactRead(fact, matters_for), columns=columns, keep=kept["reading"], **told)
    items = [Item(one.number, one.text, one.pair, one.spans, one.answer, one.columns) for one in reading.answers]
    effects = survey(model, items, FactMatters(fact, matters_for), keep=kept["effects"], **told)
    there = [reading.answers[one.number] for one in effects.answers]  # a survey numbers its own texts
    said = [what_is_said(model, one, fact, says) for one in there]
    given = [GivenText(at, _as_read(model, one), one.pair, ()) for at, one in enumerate(there)]
    examples = labelled(given, said)
    store = KeptStates(kept["states"], model) if folder else None
    with shown_progress(progress, "texts read") as step:
        vectors = vectors_of(model, given, examples, "last", layers, batch, store, step)
    own = [one.text for one in vectors.kept]
    splits = folds_by_text(
        [repr(given[at].given) for at in own], np.array([one.label for one in vectors.kept]), parts, seed
    )
    decoded, probed = probed_facts(classifier, f"{named}, {parts} folds over texts", vectors, splits, seed, progress)
    notes = [*reading.notes, *effects.notes]
    if not decoded.selective:
        notes.append(
            "The probe does no better than on random labels, so no text is called encoded: more texts would say more."
        )
    gone: tuple[Unanswered | Unread, ...] = (*reading.unanswered, *reading.unread, *effects.unanswered)
    lost = [one.reason for one in gone] + [reason for _, reason in vectors.unread]
    lost += ["Nobody said what its fact says."] * (len(there) - len(own) - len(vectors.unread))
    facts = _facts(
        [there[at] for at in own],
        [str(said[at]) for at in own],
        [effects.answers[at] for at in own],
        decoded,
        splits,
        thresholds,
    )
    return UsedFacts(fact, matters_for, facts, thresholds, reading, effects, probed, counted(lost), tuple(notes), seed)


def what_is_said(model: AttentionModel, answer: Answered, fact: str, column: Any) -> Any:
    """What the fact of a text says: a column of it, or the words of its span. None where nobody knows."""
    if column is not None:
        if column not in answer.columns:
            there = ", ".join(map(repr, answer.columns)) or "none"
            raise AttnWidgetError(f"says={column!r:.60} is no column of text {answer.number}. It has {there}.")
        return answer.columns[column]
    place = answer.spans[fact][0]
    return place if isinstance(place, str) else _as_read(model, answer)[slice(*place)]


def _as_read(model: AttentionModel, answer: Answered) -> str:
    return answer.text if isinstance(answer.text, str) else model.chat_text(list(answer.text))


def _facts(
    answers: Sequence[Answered],
    says: Sequence[str],
    effects: Sequence[Answered],
    decoded: DecodedFacts,
    splits: Sequence[TextSplit],
    limits: UseThresholds,
) -> tuple[FactInText, ...]:
    """The numbers of each text, with the head and the layer that were chosen on the others, and its verdict."""
    weights = np.stack([one.values for one in answers])
    beyond = weights - np.nan_to_num(np.stack([one.controls[OTHER_WORDS] for one in answers]))
    heads: dict[int, tuple[int, int]] = {}
    for split in splits:
        means = beyond[split.learnt].mean(0)
        best = divmod(int(np.nanargmax(means)), means.shape[1])
        heads |= dict.fromkeys(split.held_out.tolist(), best)
    found = []
    for at, (answer, effect) in enumerate(zip(answers, effects, strict=True)):
        head = heads[at]
        one = FactInText(
            number=answer.number,
            text=answer.text,
            says=says[at],
            verdict="",
            head=head,
            weight=float(weights[at][head]),
            by_value=float(answer.controls[BY_VALUE][head]),
            uniform=float(answer.controls["uniform"][head]),
            other_words=float(answer.controls[OTHER_WORDS][head]),
            layer=decoded.layers[at],
            likely=float(decoded.likely[at]),
            decoded=bool(decoded.right[at]),
            control=bool(decoded.control[at]),
            effect=float(effect.values),
            own_effect=float(effect.controls[OWN_ANSWER]),
            other_effect=float(effect.controls[OTHER_WORDS]),
            columns=answer.columns,
        )
        likely = one.likely if decoded.selective else 0.0
        found.append(replace(one, verdict=limits.verdict(one.beyond, likely, one.effect)))
    return tuple(found)


def _thresholds(seen: Any, encoded: Any, used: Any) -> UseThresholds:
    shares = {"seen": share_or_none(seen), "encoded": share_or_none(encoded)}
    for name, given in (("seen", seen), ("encoded", encoded)):
        if shares[name] is None:
            raise AttnWidgetError(f"{name}={given!r:.40} is not valid: give a share from 0 to 1.")
    nats = real_number(used)
    if nats is None or nats <= 0:
        raise AttnWidgetError(f"used={used!r:.40} is not valid: give nats above 0, for example 0.69, twice as likely.")
    return UseThresholds(float(shares["seen"] or 0), float(shares["encoded"] or 0), nats)
