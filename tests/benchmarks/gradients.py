"""Estimates by one backward pass beside a forward pass, and integrated gradients beside Captum's."""

from typing import Any

import torch
from captum.attr import IntegratedGradients
from transformers import GPT2Config, GPT2LMHeadModel

import attnwidget as aw
from tests.benchmarks.geometry import HEADS, LAYERS, POSITIONS, VOCABULARY, token_ids
from tests.benchmarks.report import machine, ms, ratio, table
from tests.benchmarks.timing import alternating

LENGTHS = (64, 256, 1024)
STEPS = {64: 32, 256: 16}
ANSWER = 7


def gpt2() -> Any:
    """GPT-2 small with its head, at random."""
    torch.manual_seed(0)
    return GPT2LMHeadModel(
        GPT2Config(n_layer=LAYERS, n_head=HEADS, n_positions=POSITIONS, vocab_size=VOCABULARY)
    ).eval()


def estimates(own: Any) -> list[list[str]]:
    model, rows = aw.load(own), []
    for length in LENGTHS:
        ids = token_ids(length)
        trace = model.trace(ids)
        forward, heads, words = alternating(
            [
                lambda ids=ids: own(input_ids=ids),
                lambda trace=trace: aw.head_effects(model, trace, answer=ANSWER, how="estimate", check=0),
                lambda trace=trace: aw.gradient(model, trace, answer=ANSWER),
            ],
            3,
        )
        rows.append([f"{length:,}", ms(forward), ms(heads), ratio(heads / forward), ms(words), ratio(words / forward)])
    return rows


def integrated(own: Any) -> list[list[str]]:
    model, rows = aw.load(own), []
    for length, steps in STEPS.items():
        ids = token_ids(length)
        trace = model.trace(ids)
        embedded = own.get_input_embeddings()(ids).detach()
        captum = IntegratedGradients(lambda rows: own(inputs_embeds=rows).logits[:, -1].log_softmax(-1)[:, ANSWER])

        def theirs(captum: Any = captum, embedded: Any = embedded, steps: int = steps) -> Any:
            return captum.attribute(embedded, n_steps=steps, internal_batch_size=max(1, 1024 // embedded.shape[1]))

        def ours(trace: Any = trace, steps: int = steps) -> Any:
            return aw.gradient(model, trace, answer=ANSWER, kind="integrated", steps=steps, progress=False)

        apart = float((theirs()[0].sum(-1).detach() - torch.as_tensor(ours().values)).abs().max())
        their_time, our_time = alternating([theirs, ours], 2, warm=False)
        rows.append(
            [f"{length:,}", f"{steps}", ms(their_time), ms(our_time), ratio(our_time / their_time), f"{apart:.1g}"]
        )
    return rows


def section() -> str:
    own = gpt2()
    columns = ["tokens", "forward pass", "all heads, estimated", "/ forward", "gradient x input", "/ forward"]
    beside = ["tokens", "steps", "Captum", "ours", "ours / Captum", "largest difference"]
    return f"""GPT-2 small at random, on the CPU. The forward pass is the bare model with sdpa and logits at every position. The estimate is
`head_effects(how="estimate", check=0)`: the effect of silencing each of {LAYERS * HEADS} heads, without the runs that check it. At most 4 is the budget.

{table(columns, estimates(own))}
Integrated gradients and Captum's, of the same answer, from zero, with the same steps and as many of them in a batch. At most 1 is the budget.

{table(beside, integrated(own))}
{machine("captum")}
"""
