"""How the weights of one query are computed: its vector, the vectors of a few keys, and every step for all keys."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from attnwidget.engine import Block, Steps, Trace, steps
from attnwidget.errors import BadRequest, NotNumbers
from attnwidget.frames.frame import Frame

MOST_KEYS = 512
"""The most keys whose vectors are sent together: more rows than a screen has. Steps are sent for all keys."""


@dataclass(frozen=True)
class NeuronQuestion:
    """One query token of one head, and the keys whose vectors are wanted, all by their absolute numbers."""

    layer: int
    head: int
    query: int
    keys: tuple[int, ...] = ()
    part: str = "self"


@torch.no_grad()
def compose_neuron(trace: Trace, question: NeuronQuestion) -> Frame:
    """The numbers between q and k and the weights that `trace.weights` gives.

    Blocks: `q` [dim], `k` [asked key, dim] as used in the dot product, including position encoding; and for all keys
    `dot`, `scaled`, `capped` and `bias` where the model has them, `logit` (-inf where masked), `weight`, and `norm`,
    the length of k. Raises BadRequest for anything that the trace does not have, including q and k, and NotNumbers for
    a model that computes NaN.

    >>> import attnwidget as aw
    >>> trace = aw.load().trace("The cat sat on the mat.")
    >>> frame = compose_neuron(trace, NeuronQuestion(layer=1, head=2, query=4, keys=(0, 3)))
    >>> frame.blocks["q"].shape, frame.blocks["k"].shape, frame.blocks["dot"].shape
    ((32,), (2, 32), (7,))
    >>> bool(np.allclose(frame.blocks["k"] @ frame.blocks["q"], frame.blocks["dot"][[0, 3]], atol=1e-5))
    True
    """
    block = _block(trace, question)
    q, k = _vectors(block, question)
    found = steps(block, question.head, question.query)
    if not bool(found.dot.isfinite().all() and found.weight.isfinite().all()):
        raise NotNumbers
    blocks = {"q": q, "k": k[list(question.keys)]}
    blocks |= {name: vector for name in WEIGHT_STEPS if (vector := getattr(found, name)) is not None}
    blocks["norm"] = k.norm(dim=-1)
    header = {**_header(trace, block, question), **_softmax(found)}
    return Frame(header, {name: vector.numpy().astype(np.float32) for name, vector in blocks.items()})


WEIGHT_STEPS = ("dot", "scaled", "capped", "bias", "logit", "weight")


def _block(trace: Trace, question: NeuronQuestion) -> Block:
    counts = trace.heads(question.part)
    if not (0 <= question.layer < len(counts) and 0 <= question.head < counts[question.layer]):
        raise BadRequest(f"There is no head {question.head} in layer {question.layer}. Choose another one.")
    block = trace.block(question.layer, question.part)
    _, queries, keys = block.shape
    if not 0 <= question.query < queries:
        raise BadRequest(f"There is no query {question.query}: there are {queries}, counted from 0.")
    if len(question.keys) > MOST_KEYS or not all(0 <= key < keys for key in question.keys):
        raise BadRequest(f"keys must be at most {MOST_KEYS} numbers from 0 to {keys - 1}.")
    if block.q is None or block.k is None or block.dense is not None:
        raise BadRequest(_without_vectors(trace))
    return block


def _without_vectors(trace: Trace) -> str:
    if trace.path == "given":
        return (
            "These weights were given without the q and k that they come from, so this view has nothing to show. The "
            "other views show the weights."
        )
    return (
        f"{trace.model.name} only provides attention weights, not the q and k that they come from, so this view has "
        "nothing to show. The other views show the weights."
    )


def _vectors(block: Block, question: NeuronQuestion) -> tuple[Tensor, Tensor]:
    """The vectors of the query and of all keys, on the CPU in fp32."""
    assert block.q is not None  # noqa: S101  _block has looked
    assert block.k is not None  # noqa: S101
    return (
        block.q[0, question.head, question.query].float().cpu(),
        block.k[0, _key_head(block, question.head)].float().cpu(),
    )


def _key_head(block: Block, head: int) -> int:
    return head // (block.heads // block.kv_heads)


def _header(trace: Trace, block: Block, question: NeuronQuestion) -> dict[str, Any]:
    queries, keys = trace.tokens(question.part)
    shared = block.heads // block.kv_heads
    first = _key_head(block, question.head) * shared
    return {
        "layer": question.layer,
        "head": question.head,
        "part": question.part,
        "query": question.query,
        "keys": list(question.keys),
        "piece": queries.pieces[question.query],
        "pieces": list(keys.pieces),
        "key_head": _key_head(block, question.head),
        "key_heads": block.kv_heads,
        "group": [first, first + shared],
        "scale": float(block.scale),
        "softcap": None if block.softcap is None else float(block.softcap),
    }


def _softmax(found: Steps) -> dict[str, float | None]:
    """The denominator of the softmax, as e^(logit - peak) / total; and the share of the sink in it."""
    logits = (
        found.logit
        if found.sink is None
        else torch.cat([found.logit, torch.tensor([found.sink], dtype=torch.float32, device="cpu")])
    )
    peak = float(logits.max())
    if peak == -torch.inf or not bool(found.weight.any()):
        return {"peak": None, "total": None, "sink": found.sink, "sink_weight": None}
    total = float((logits.double() - peak).exp().sum())
    share = None if found.sink is None else float(np.exp(found.sink - peak) / total)
    return {"peak": peak, "total": total, "sink": found.sink, "sink_weight": share}
