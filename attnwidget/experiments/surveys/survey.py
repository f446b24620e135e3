"""A question asked of many texts: the call."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from itertools import islice
from typing import Any

from attnwidget.arguments import whole_from_one, whole_from_zero
from attnwidget.engine import AttentionModel, go_on
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.progress import shown_progress
from attnwidget.experiments.surveys.answering import Plan, answer_items
from attnwidget.experiments.surveys.controls import CONTROLS, controls_of
from attnwidget.experiments.surveys.on_ray import ray_options, run_on_ray
from attnwidget.experiments.surveys.questions import DIMENSIONS, question_of
from attnwidget.experiments.surveys.records import Answered, Unanswered, Unread
from attnwidget.experiments.surveys.result import COMPARED, Survey
from attnwidget.experiments.surveys.running import answered_items, run_here
from attnwidget.experiments.surveys.store import AnswerStore
from attnwidget.experiments.surveys.texts import TextReader
from attnwidget.version import __version__

FIRST_FAILURES = 64
"""Texts that all fail for one reason: then so will the others."""


def survey(
    model: Any,
    texts: Any,
    question: Any,
    *,
    controls: Any = None,
    compared_with: Any = None,
    columns: Any = None,
    batch: Any = 32,
    most: Any = None,
    keep: Any = None,
    engine: Any = None,
    seed: Any = 0,
    progress: Any = None,
) -> Survey:
    """Ask many texts one question, with controls beside the answers: means, intervals, effect sizes, and a verdict.

    `texts` is a list or an iterator of texts, pairs, chats, or mappings with further columns (`text`, `pair`, `answer`,
    `spans`, anything); a table; or a file: lines, JSONL, CSV, Parquet. `columns` gives other names, {"text": "sentence"}.
    They are read as they are needed. `question` is a claim (`aw.claim`), a measure such as `aw.entropy` (with options: `functools.partial`), or a function of a
    trace, or of a model and a trace, that gives one number a head, a layer or a text, or a mapping with several numbers of
    the text: the first is what the survey is about, the others are `.found_with(name)`.

    `controls` None are those that go with the question, each on the texts that have room for it; else some of "uniform" attention, "shuffled words", "another head",
    "same distance", "untrained", and for a claim from span to span other names of spans, which are read instead. Every
    draw is made from `seed` and the number of the text. `most` ends after that many texts, `batch` are traced at once.
    `compared_with` are other models by name, {"step 1000": model}, as many layers and heads: they are asked the same of the
    same texts, `.moved("step 1000")` are the heads that differ for sure, `.beside("step 1000")` has every difference.
    `keep` is a folder where answers are written as they come: the same call goes on where it was interrupted, and an
    interruption then gives what was found so far.
    `engine="ray"` asks on a Ray cluster, or on one that is started here and ended again, with a model on every worker
    and the same numbers: `{"name": "ray", "workers": 4, "cpus": 2, "gpus": 1}` says how many, and what each needs.
    `progress` None shows a bar if it takes long, False shows nothing, a function hears (texts done, of how many; 0 if
    nobody knows).

    What a text lacks is said of it alone and counted: empty, too long, without the spans. Raises AttnWidgetError where no
    text has an answer, for a question or a control that says nothing here, and for a head that is not there; Cancelled
    inside `stopping_when`.
    Source: Efron & Tibshirani 1993 for bootstrap intervals; Benjamini & Yekutieli 2001 for p over many heads.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> texts = [f"The {animal} sat on the {place}." for animal in ("cat", "dog", "bird") for place in ("mat", "road")]
    >>> found = aw.survey(model, texts, aw.claim("L0H2", reads="previous token"))
    >>> found.verdict.word, found.top(1)[0].layer, len(found)
    ('holds', 0, 6)
    """
    if not isinstance(model, AttentionModel):
        raise AttnWidgetError(f"This needs a model to run, not {type(model).__name__}. Make one with aw.load(...).")
    asked = question_of(question)
    named = controls_of(controls, asked)
    options, others = ray_options(engine), compared_models(compared_with, named)
    if others and options is not None:
        raise AttnWidgetError("Models are compared in this process: leave out engine=, or ask each of them on its own.")
    size, drawn = whole_from_one("batch", batch), whole_from_zero("seed", seed)
    plan = Plan(asked, named, drawn, size, optional=controls is None, others=others)
    limit = None if most is None else whole_from_one("most", most)
    if model.facts.heads and (asked.part is None):
        asked.said(model.facts.heads)  # a head that is not there is refused before any text is read
    store = None if keep is None else AnswerStore(keep, recipe_of(model, plan))
    reader = TextReader(texts, columns)
    ask = partial(answer_items, plan=plan)
    run = run_here(partial(ask, model)) if options is None else run_on_ray(model, ask, options)
    found: list[Answered] = []
    lost: list[Unanswered] = []
    unread: list[Unread] = []
    notes: list[str] = []
    known = min(len(texts), limit or len(texts)) if isinstance(texts, list | tuple) else limit or 0
    with shown_progress(progress, "texts") as step:
        try:
            for some in answered_items(islice(reader, limit), plan.batch, run, store):
                go_on()
                for answer in some:
                    kind: list[Any] = (
                        found if isinstance(answer, Answered) else lost if isinstance(answer, Unanswered) else unread
                    )
                    kind.append(answer)
                _refuse_hopeless(found, lost)
                step(len(found) + len(lost) + len(unread), known)
        except KeyboardInterrupt:
            if store is None or not found:
                raise
            notes.append(f"Interrupted: these are the answers so far. The same call with keep={str(keep)!r} goes on.")
    return survey_of(model, plan, found, lost, unread, notes=notes, texts=reader.count, hash=reader.hash)


def survey_of(
    model: AttentionModel,
    plan: Plan,
    found: Iterable[Answered],
    lost: Iterable[Unanswered],
    unread: Iterable[Unread],
    notes: Iterable[str] = (),
    **recipe: Any,
) -> Survey:
    """The answers together. Raises AttnWidgetError if there are none, or their shapes differ."""
    answers = tuple(sorted(found, key=lambda answer: answer.number))
    unanswered, unreadable = tuple(lost), tuple(unread)
    if not answers:
        reasons = [one.reason for one in unanswered] + [one.reason for one in unreadable]
        why = f" The first: {reasons[0]}" if reasons else " There was none."
        raise AttnWidgetError(f"None of {len(reasons):,} texts has an answer.{why}")
    shapes = {answer.values.shape for answer in answers}
    if len(shapes) > 1:
        raise AttnWidgetError(
            f"{plan.question!r} gives arrays of different shapes on different texts, such as {' and '.join(map(str, sorted(shapes)[:2]))}. "
            "A survey needs one number a head, a layer or a text."
        )
    (shape,) = shapes
    counts = (shape[1],) * shape[0] if len(shape) == 2 else ()
    said = plan.question.said(counts)
    if said.kind == "measure":
        said = replace(said, words=f"{said.words}, {DIMENSIONS[len(shape)]}")
        if first := next(iter(answers[0].further), None):
            said = replace(said, of=f"{first} ({said.of})")
    return Survey(said, answers, unanswered, unreadable, {**recipe_of(model, plan), **recipe}, tuple(notes), model)


def recipe_of(model: AttentionModel, plan: Plan) -> Mapping[str, Any]:
    """What makes the same numbers again, as plain data."""
    found = {
        **_named_model(model),
        "question": repr(plan.question),
        "controls": list(plan.controls),
        "seed": plan.seed,
        "attnwidget": __version__,
        **{name: version(name) for name in ("torch", "transformers")},
    }
    return found | ({COMPARED: {name: _named_model(one) for name, one in plan.others.items()}} if plan.others else {})


def _named_model(model: AttentionModel) -> dict[str, Any]:
    config = getattr(model.model, "config", None)
    path = getattr(config, "_name_or_path", "")
    return {
        "model": model.name,
        "source": model.name if model.facts.teaching or not path else path,
        "revision": getattr(config, "_commit_hash", None),
    }


def compared_models(given: Any, controls: Sequence[str]) -> Mapping[str, AttentionModel]:
    """Models by name. Raises AttnWidgetError for anything else, and for the name of a control."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(one, AttentionModel) for one in given.values()):
        raise AttnWidgetError(
            f'compared_with={given!r:.60} is not valid: give models by name, for example {{"step 1000": aw.load(...)}}.'
        )
    for name in given:
        if not isinstance(name, str) or name in {*CONTROLS, *controls}:
            raise AttnWidgetError(f"compared_with cannot call a model {name!r:.60}: give another name.")
    return dict(given)


def _refuse_hopeless(found: list[Answered], lost: list[Unanswered]) -> None:
    """Raise AttnWidgetError where the first many texts all fail for the same reason: so will the others."""
    if not found and len(lost) >= FIRST_FAILURES and len({one.reason for one in lost}) == 1:
        raise AttnWidgetError(f"The first {len(lost)} texts have no answer. {lost[0].reason}")
