"""One chart of every kind, and what is read off them."""

from functools import partial

import numpy as np
import torch

import attnwidget as aw
from attnwidget import plots
from attnwidget.engine import TimePlace, Tokens
from attnwidget.experiments.league.intervals import Mark
from attnwidget.experiments.league.standings import League, Standing
from attnwidget.experiments.probes.probed_layers import ProbedLayers
from attnwidget.experiments.pruning.pruned_heads import PrunedHeads
from attnwidget.experiments.surveys.records import Answered, QuestionSaid
from attnwidget.experiments.surveys.result import Survey
from attnwidget.measures.results import HeadScores, TokenMap, TokenScores
from attnwidget.plots.theme import CAPTION
from tests.unit.traces import example, random_trace

HOSTILE = ("</script><script>alert(1)</script>", "{{x}}", "@value", "$$x$$", "\n", "", " ", "\u202e", "<i>x</i>")
RECIPE = "an example in nats, made by hand"


def scores(values, recipe=RECIPE):
    return HeadScores(np.array(values, np.float32), recipe)


def tokens(values, pieces, recipe=RECIPE):
    return TokenScores(np.array(values, np.float32), recipe, tuple(pieces))


def caption(figure):
    return figure.select_one({"name": CAPTION}).text.replace("\n", " ")


def heads(figure):
    return {name: list(column) for name, column in figure.select_one("attnwidget.heads").data.items()}


PAIR = TokenMap(np.array([[0.1, -0.3]]), RECIPE, ("a",), ("a", "b"))
SQUARE = TokenMap(np.eye(2), RECIPE, ("a", "b"), ("a", "b"))

PROBED = ProbedLayers(
    ("embedding", "L0"),
    ("a", "b"),
    {"labels learnt": 30, "held out": 10},
    0.5,
    *[np.array([0.6, 0.9]), np.array([[0.5, 0.7], [0.8, 1.0]])] * 3,
    *[np.array([20.0, 10.0])] * 3,
    (),
    RECIPE,
)

LEFT = {"entropy": np.array([1.0, 0.2]), "random": np.array([1.0, 0.4])}
RANGES = {name: np.stack([own, own], 1) for name, own in LEFT.items()}
PRUNED = PrunedHeads((0, 4), 4, {}, LEFT, RANGES, LEFT, np.ones((1, 2)), RECIPE)


def league():
    """Three methods, one of them without numbers, on texts that nobody has read."""
    nothing = Mark(*[float("nan")] * 3)

    def standing(name, family, mean):
        mark = Mark(mean, mean - 0.1, mean + 0.05)
        return Standing(name, family, "An example.", mark, mark, mark, 1.0, 9, {"facts": mark})

    standings = (
        standing("attention", "attention", 0.9),
        standing("random", "control", 0.5),
        Standing("flow", "through layers", "An example.", nothing, nothing, nothing, 1.0, 0, {}, "why"),
    )
    return League("a model", standings, standing("the truth", "truth", 1.0), {"facts": 9}, 9, 9, 0.01, {}, RECIPE)


def surveyed():
    """A survey made by hand: two heads, seven texts, one control, a name that might be markup."""
    said = QuestionSaid("L0H1 reads <b>it</b>", "weight on it", "of its weight", "reads", ((0, 1),))
    answers = [
        Answered(at, HOSTILE[at], None, {}, np.array([[0.1, 0.8 + at / 50]]), {"uniform": np.array([[0.2, 0.2]])})
        for at in range(7)
    ]
    return Survey(said, tuple(answers))


def drifted():
    """Two sets of texts made by hand: one head that changes halfway, one that does not, a name that might be markup."""
    draw = np.random.default_rng(0).normal(size=(3, 80))
    names = ("entropy.L0H1", "share_first.L1H0", "<b>odd</b>.L1H1")
    before, after = ([dict(zip(names, row, strict=True)) for row in side.T] for side in np.split(draw, 2, axis=1))
    return aw.drift(before, [text | {names[0]: text[names[0]] + 4 * (at > 19)} for at, text in enumerate(after)])


EVERY = {
    "drifted_heads": partial(plots.drifted_heads, drifted()),
    "head_grid": partial(plots.head_grid, scores([[1, np.nan], [3, 4]])),
    "pattern_grid": partial(plots.pattern_grid, random_trace(2, 2)),
    "layer_profile": partial(plots.layer_profile, scores([[1, 2], [3, 4]])),
    "token_bars": partial(plots.token_bars, tokens([0.1, 0.9], "ab")),
    "token_bars upright": partial(plots.token_bars, tokens(np.arange(60), ["a"] * 60)),
    "rollout_bars": partial(plots.rollout_bars, example()),
    "token_map": partial(plots.token_map, SQUARE),
    "comparison": partial(plots.comparison, PAIR),
    "histogram": partial(plots.distributions, [scores([[1, 2]]), scores([[1, 3]])]),
    "ecdf": partial(plots.distributions, scores([[1, 2]]), kind="ecdf"),
    "probed_layers": partial(plots.probed_layers, PROBED),
    "probed_layers, compression": partial(plots.probed_layers, PROBED, "compression"),
    "pruned_heads": partial(plots.pruned_heads, PRUNED),
    "league": lambda **options: plots.league(league(), **options),
    "survey_grid": partial(plots.survey_grid, surveyed()),
    "survey_texts": partial(plots.survey_texts, surveyed()),
    "scatter": partial(plots.scatter, scores([[1, 2]]), scores([[3, 4]])),
}


def transcript():
    """A trace of three words that read thirty stretches of a sound."""
    heard = Tokens.in_sound([TimePlace(at / 50, (at + 1) / 50) for at in range(30)])
    maps = torch.rand(2, 3, 30, generator=torch.Generator().manual_seed(0)).softmax(-1)
    return aw.Trace.from_weights([maps], Tokens.from_pieces(list("abc")), heard, "cross")


def translation():
    """A trace with several parts: three target tokens, a b c, that read five of a source, v w x y z."""
    sizes = {"encoder": (5, 5), "decoder": (3, 3), "cross": (3, 5)}
    generator = torch.Generator().manual_seed(0)
    maps = {part: [torch.rand(2, *size, generator=generator).softmax(-1)] * 2 for part, size in sizes.items()}
    return aw.Trace.from_weights(maps, list("abc"), list("vwxyz"))
