"""What it costs to know what an answer rests on, beside the bare forward pass with all its logits."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from transformers import GPT2Config, GPT2LMHeadModel

import attnwidget as aw
from tests.benchmarks.geometry import HEADS, LAYERS, POSITIONS, VOCABULARY, token_ids
from tests.benchmarks.report import machine, ms, ratio, table
from tests.benchmarks.timing import alternating

RUNS = {64: 5, 256: 4, 1024: 3}
"""Tokens, and how often each way is timed, in turns with the forward pass."""

SHORT = 64
"""Tokens of the text on which every head is silenced, and every token hidden."""

BUDGETS = {"estimate, all heads": "4", "exact, all heads": "40", "each token hidden": "32"}


class Cost(NamedTuple):
    name: str
    tokens: int
    forward_ms: float
    ours_ms: float


def costs() -> list[Cost]:
    torch.manual_seed(0)
    config = GPT2Config(
        n_layer=LAYERS, n_head=HEADS, n_positions=POSITIONS, vocab_size=VOCABULARY, attn_implementation="sdpa"
    )
    bare = GPT2LMHeadModel(config).eval()
    model = aw.load(bare)
    found = []
    for size, runs in RUNS.items():
        trace = model.trace(token_ids(size))
        for name, ours in ways(model, trace, size).items():
            forward, taken = alternating([partial(bare, token_ids(size), use_cache=False), ours], runs)
            found.append(Cost(name, size, forward, taken))
    return found


def ways(model: Any, trace: Any, size: int) -> dict[str, Callable[[], Any]]:
    asked = {"answer": 5, "progress": False}
    found: dict[str, Callable[[], Any]] = {
        "estimate, all heads": lambda: aw.head_effects(model, trace, how="estimate", check=0, **asked)
    }
    if size == SHORT:
        found["exact, all heads"] = lambda: aw.head_effects(model, trace, **asked)
        found["each token hidden"] = lambda: aw.token_effects(model, trace, **asked)
    return found


def section() -> str:
    rows = [
        [
            one.name,
            f"{one.tokens:,}",
            ratio(one.ours_ms / one.forward_ms),
            BUDGETS[one.name],
            ms(one.ours_ms),
            ms(one.forward_ms),
        ]
        for one in sorted(costs(), key=lambda one: [*BUDGETS].index(one.name))
    ]
    return f"""GPT-2 small's geometry ({LAYERS} layers x {HEADS} heads) with its head, random weights, a trace at hand; the quickest runs, taken in turns.
The forward pass is the bare one with the logits of every position.

{table(["effects", "tokens", "ours / forward pass", "budget", "ours", "forward"], rows)}
{machine()}
"""
