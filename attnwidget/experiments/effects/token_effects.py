"""How much the answer rests on each token."""

from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from attnwidget.arguments import one_of, whole_from_zero
from attnwidget.engine import AttentionModel, Hide, Run, Trace, many_runs
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.effects.answers import Asked, answer_of, logits_at
from attnwidget.experiments.effects.estimated_heads import agreement_of
from attnwidget.experiments.effects.estimated_tokens import TokenEstimates, estimated_hiding
from attnwidget.experiments.effects.head_effects import CHECKED, HOW
from attnwidget.experiments.effects.other_tokens import replacing_token, tokens_read, with_token, without_token
from attnwidget.experiments.progress import shown_progress
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.results import RankedToken, TokenScores

WITHOUT = ("hide", "replace", "delete")
"""What is done to a token to see what rests on it."""


def token_effects(
    model: Any,
    trace: Any,
    *,
    answer: Any = None,
    at: Any = None,
    unit: Any = "log probability",
    by: Any = "hide",
    replacement: Any = None,
    how: Any = "exact",
    check: Any = CHECKED,
    seed: Any = 0,
    part: str | None = None,
    progress: Any = None,
) -> TokenScores:
    """How much the answer falls without each token, one at a time: (key), measured by running the model.

    `by` says what is done to a token: "hide" it from all others (see `Hide`: it stays where it is, and no position
    moves); "replace" it by the mask token, or else by the unknown one, or by `replacement` (a token's id or text);
    "delete" it, and then every later token stands one place earlier. Positive numbers mean that the answer rests on the
    token. What a causal model reads only after the answer's position is 0 without a run, as is hiding that position
    itself; deleting it leaves no answer: NaN. `answer`, `at` and `unit` as in `head_effects`.

    Costs at most one run for each token, several as one batch where the model allows that. `how="estimate"` costs one pass
    and one back for all tokens that are hidden: to first order, what each layer's output loses times the gradient. As in
    `head_effects` it is then run exactly for `check` tokens, drawn by `seed`, and the recipe says how well the ranks agree;
    `.agreement` and `.checked` have the numbers. `progress` None shows a bar if
    it takes long, False shows nothing, a function hears (runs done, of how many). Raises AttnWidgetError for an answer
    that the model cannot give, an ambiguous part, a model without a token to replace by, and for an estimate of
    anything but hiding, or where no gradient can be had; Cancelled inside `stopping_when`.
    Source: Geva et al. 2023 (arXiv 2304.14767), attention knockout, here for all readers of a token; Li et al. 2016
    (arXiv 1612.08220), erasure.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> trace = model.trace("The capital of Veldt is Miro. The capital of Veldt is")
    >>> aw.token_effects(model, trace).top(1)[0].piece
    'Miro'
    >>> len(aw.token_effects(model, trace, how="estimate", check=5).checked)
    5
    """
    asked = answer_of(model, trace, answer, at, unit)
    one_of("by", by, WITHOUT)
    if replacement is not None and by != "replace":
        raise AttnWidgetError(f"replacement={replacement!r:.60} needs by='replace', not by={by!r}.")
    one_of("how", how, HOW)
    if how == "estimate" and by != "hide":
        raise AttnWidgetError(f"how='estimate' is of hiding a token, not of by={by!r}. Leave one of them out.")
    _, tokens = trace.tokens(part)
    size, drawn = whole_from_zero("check", check), whole_from_zero("seed", seed)
    if how == "exact":
        without = {"hide": _hidden, "replace": _replaced, "delete": _deleted}[by]
        runs, said = without(model, trace, asked, part, replacement)
        values = np.zeros(len(tokens))
        for place, effect in _run(model, trace, asked, runs, progress).items():
            values[place] = effect
        if by == "delete" and _is_read_there(trace, asked, part):
            values[asked.position] = np.nan
        return TokenScores(
            values, f"fall of {asked.recipe}, each token {said}{said_setting(trace, part)}", tokens.pieces
        )
    found = token_estimates(model, trace, asked, part)
    return checked_tokens(model, trace, asked, found, part, check=size, seed=drawn, progress=progress)


def token_estimates(model: AttentionModel, trace: Trace, asked: Asked, part: str | None) -> TokenEstimates:
    """The estimates of all tokens, not compared with any run yet. Raises AttnWidgetError where no gradient can be had."""
    values = estimated_hiding(model, trace, asked, part)
    recipe = (
        f"estimated fall of {asked.recipe}, each token hidden alone{said_setting(trace, part)}: gradient x what is lost"
    )
    return TokenEstimates(values, recipe, trace.tokens(part)[1].pieces)


def checked_tokens(
    model: AttentionModel,
    trace: Trace,
    asked: Asked,
    found: TokenEstimates,
    part: str | None,
    *,
    check: int = CHECKED,
    seed: int = 0,
    progress: Any = None,
) -> TokenEstimates:
    """Estimates, compared with exact runs of some tokens."""
    runs, _ = _hidden(model, trace, asked, part, None)
    sample = sorted(np.random.default_rng(seed).permutation(list(runs))[:check].tolist())
    exact = _run(model, trace, asked, {place: runs[place] for place in sample}, progress)
    agreement = agreement_of([found.values[place] for place in sample], list(exact.values()))
    trust = f", rank agreement with exact runs of {len(sample)} tokens {agreement:.2f}" if agreement is not None else ""
    checked = tuple(RankedToken(place, found.pieces[place], effect) for place, effect in exact.items())
    return replace(found, recipe=found.recipe + trust, agreement=agreement, checked=checked)


def _run(model: AttentionModel, trace: Trace, asked: Asked, runs: dict[int, Run], progress: Any) -> dict[int, float]:
    """What each run costs the answer."""
    before = asked.score(logits_at(trace, asked))
    with shown_progress(progress, "tokens") as step:
        rows = many_runs(model, trace).logits(list(runs.values()), lambda done: step(done, len(runs))) if runs else ()
    return {place: before - asked.score(row) for place, row in zip(runs, rows, strict=True)}


Runs: TypeAlias = tuple[dict[int, Run], str]
"""A run for each token that is tried, and what was done to it in words."""


def _hidden(_model: AttentionModel, trace: Trace, asked: Asked, part: str | None, _replacement: Any) -> Runs:
    # A token reads itself, hidden or not.
    last = {asked.position} if _is_read_there(trace, asked, part) else set()
    places = [
        place for place in _before_the_answer(trace, asked, part) if place not in last or not _causal(trace, part)
    ]
    return {place: Run(asked.row, (Hide(place, part=part),)) for place in places}, "hidden alone"


def _replaced(model: AttentionModel, trace: Trace, asked: Asked, part: str | None, replacement: Any) -> Runs:
    name, other = tokens_read(trace, part), replacing_token(model, trace, replacement)
    places = _before_the_answer(trace, asked, part)
    return {
        place: Run(asked.row, forward=with_token(trace, name, place, other)) for place in places
    }, f"replaced alone by {model.piece(other)!r}"


def _deleted(_model: AttentionModel, trace: Trace, asked: Asked, part: str | None, _replacement: Any) -> Runs:
    if trace.edits:
        raise AttnWidgetError(
            "This trace has edits by the number of a token, which deleting one would change. Hide tokens, or trace the text "
            "without edits."
        )
    name, moves = tokens_read(trace, part), _is_read_there(trace, asked, part)
    runs = {}
    for place in _before_the_answer(trace, asked, part):
        if moves and place == asked.position:
            continue
        row = asked.row - 1 if moves and place < asked.row else asked.row
        runs[place] = Run(row, forward=without_token(trace, name, place))
    return runs, "deleted alone, later ones one place earlier"


def _before_the_answer(trace: Trace, asked: Asked, part: str | None) -> range:
    """The tokens that the answer can rest on: all of them, or in a causal model those up to its position."""
    _, tokens = trace.tokens(part)
    reach = asked.position if _causal(trace, part) and _is_read_there(trace, asked, part) else None
    return range(len(tokens) if reach is None else reach + 1)


def _causal(trace: Trace, part: str | None) -> bool:
    return all(block.causal for block in trace.part_blocks(part))


def _is_read_there(trace: Trace, asked: Asked, part: str | None) -> bool:
    """Whether the answer's position counts the tokens of this part."""
    if asked.position is None:
        return False
    return len(trace.parts) == 1 or part == "decoder"
