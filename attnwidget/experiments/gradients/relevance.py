"""What the answer rests on by attention and its gradients, through all layers."""

from typing import Any

import torch

from attnwidget.engine import Block, OutputGradient, Trace, fit_index, output_gradients, weights
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.effects.answers import Asked, answer_of
from attnwidget.experiments.gradients.relevance_rules import across, relevant, through
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.results import TokenScores
from attnwidget.shapes import AttentionMap

RELEVANCE_INSTEAD = "Use what needs no gradient instead: aw.token_effects, or aw.rollout"


def relevance(
    model: Any,
    trace: Any,
    *,
    answer: Any = None,
    at: Any = None,
    unit: Any = "logit",
    query: Any = None,
    part: str | None = None,
) -> TokenScores:
    """How relevant each token is to the answer, through all layers: (key), by attention x gradient without the negative.

    Every layer adds what its heads pass on, weighted by how much the answer would gain from more of it. The row of `query`
    is given, by default the answer's position; of a class, the first token of an encoder and the last of a decoder. What
    the token has of itself from the start is left out. Of an encoder-decoder, `part` "encoder" (by default) asks about the
    source, "decoder" about the decoder's own tokens. `answer` and `at` as in `head_effects`; `unit` is "logit" by default,
    as released.

    Costs a pass and one back, and a product of token x token matrices a layer. An estimate: it never says that a token
    hurts, MLPs are ignored, and it is not an amount of anything; compare with `token_effects`. Raises AttnWidgetError for
    an answer that the model cannot give, and where no gradient can be had (quantised weights, attention in code of its own).
    Source: Chefer et al. 2021 (arXiv 2103.15679), rules 5 to 10; rows that got nothing stay zero, where theirs are NaN.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> trace = model.trace("The capital of Veldt is Miro. The capital of Veldt is")
    >>> aw.relevance(model, trace).shape
    (12,)
    """
    asked = answer_of(model, trace, answer, at, unit)
    both = {"encoder", "decoder", "cross"} <= set(trace.parts)
    wanted = "encoder" if both and part is None else part
    if wanted == "cross":
        raise AttnWidgetError("Relevance follows tokens: give part='encoder' for the source, or part='decoder'.")
    trace.part_blocks(wanted)  # says which parts there are
    found = output_gradients(model, trace, asked.position, asked.in_graph, RELEVANCE_INSTEAD)
    own = "decoder" if both else trace.part_blocks(wanted)[0].part
    queries, keys = trace.tokens(own)[0], trace.tokens(wanted)[1]
    row = _row(trace, asked, query, len(queries))
    if wanted == "encoder" and both:
        values = _of_source(trace, found)[row]
    else:
        mine = _of_itself(trace, found, own)
        values = mine[row] - torch.eye(len(mine), dtype=mine.dtype, device="cpu")[row]
    recipe = f"relevance to {asked.recipe}, of token {row}, by attention x gradient through all layers"
    return TokenScores(values.numpy(), recipe + said_setting(trace, wanted), keys.pieces)


def _row(trace: Trace, asked: Asked, query: Any, count: int) -> int:
    if query is not None:
        return fit_index("query", query, count)
    if asked.position is not None:
        return asked.position
    return 0 if trace.model.kind == "encoder" else count - 1


def _passed(block: Block, found: list[OutputGradient]) -> AttentionMap:
    """What a layer passes on (query key), one head at a time, in fp64."""
    total = torch.zeros(block.shape[1:], dtype=torch.float64, device="cpu")
    own = [one for one in found if (one.part, one.layer) == (block.part, block.layer)]
    for head in set(range(block.heads)) - set(block.silenced):
        gradient = sum(one.by_weights(head).double() for one in own)
        total += relevant(weights(block, [head]).double(), torch.as_tensor(gradient, device="cpu")[None])
    return total / block.heads


def _start(count: int) -> AttentionMap:
    return torch.eye(count, dtype=torch.float64, device="cpu")


def _of_itself(trace: Trace, found: list[OutputGradient], part: str) -> AttentionMap:
    """Relevance of a part's tokens for one another after its layers."""
    relevance = _start(len(trace.tokens(part)[0]))
    for block in trace.part_blocks(part):
        relevance = through(_passed(block, found), relevance)
    return relevance


def _of_source(trace: Trace, found: list[OutputGradient]) -> AttentionMap:
    """Relevance of the encoder's tokens for the decoder's (query key)."""
    source = _of_itself(trace, found, "encoder")
    own = _start(len(trace.tokens("decoder")[0]))
    mixed = torch.zeros(len(own), len(source), dtype=torch.float64, device="cpu")
    crossing = {block.layer: block for block in trace.part_blocks("cross")}
    for block in trace.part_blocks("decoder"):
        passed = _passed(block, found)
        own, mixed = through(passed, own), through(passed, mixed)
        if block.layer in crossing:
            mixed = mixed + across(_passed(crossing[block.layer], found), own, source)
    return mixed
