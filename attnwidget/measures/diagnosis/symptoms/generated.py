"""Symptoms of generated text: loops, and words with hardly any support."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from attnwidget.measures.diagnosis.report import Finding
from attnwidget.measures.diagnosis.symptoms.examined import Examined, mean_rows, named_heads, named_tokens
from attnwidget.measures.heads.entropy import normalised_entropy
from attnwidget.measures.portions import portions

COPIES = 0.3
"""Mass on what came next in earlier rounds from which a head counts as copying."""

UNSURE, THIN = 0.5, 0.75
"""Probability below which a generated token is uncertain; mean normalised entropy above which its row is spread
thin."""


def repetition(examined: Examined) -> Finding | None:
    """Whether the generated text loops, and which heads copy from the previous round."""
    produced = [step.position for step in examined.trace.steps]
    ids = examined.trace.tokens(examined.part)[0].ids
    found = loop([ids[at] for at in produced])
    if found is None:
        return None
    period, length = found
    # For each query that produced a token: that token, wherever it followed the same token before.
    stretch = produced[-length + period :]
    earlier = {
        at - 1: [key for key in range(1, at) if ids[key - 1 : key + 1] == ids[at - 1 : at + 1]] for at in stretch
    }
    copied = _copying(examined, {query: keys for query, keys in earlier.items() if keys})
    copying = named_heads(copied, over=COPIES)
    prompt = [at for at in range(produced[0]) if examined.content[at]]
    rows = mean_rows(
        examined.trace, examined.part, torch.tensor([at - 1 for at in stretch], dtype=torch.long, device="cpu")
    )
    return Finding(
        "repetition loop",
        "high",
        f"The last {length} tokens repeat a stretch of {period}"
        + (
            ", and the heads listed here attend to what came next in earlier rounds."
            if copying
            else "; no single head copies it."
        ),
        "induction dominates once a stretch has appeared twice",
        "a repetition penalty, sampling, or a prompt without repetition"
        + ("; remove these heads and generate again" if copying else ""),
        {
            "period": period,
            "tokens in the loop": length,
            "strongest copying head": float(np.nanmax(copied)),
            **({"mean mass on the prompt's content": float(np.nanmean(rows[..., prompt].sum(-1)))} if prompt else {}),
        },
        copying,
    )


def thin_attention(examined: Examined) -> Finding | None:
    """Whether uncertain tokens were generated while attention was spread thin, as is typical of invented text."""
    unsure = [step for step in examined.trace.steps if step.probability < UNSURE and step.position > 0]
    if not unsure:
        return None
    spread = _spread(examined, [step.position - 1 for step in unsure])
    thin = [(step, float(entropy)) for step, entropy in zip(unsure, spread, strict=True) if entropy > THIN]
    if not thin:
        return None
    return Finding(
        "thin attention",
        "medium" if len(thin) < len(examined.trace.steps) / 2 else "high",
        f"{len(thin)} of {len(examined.trace.steps)} generated tokens were uncertain while most heads attended "
        "uniformly.",
        "nothing in the context supports these words: they may be invented",
        "check these words against the source, give the model the fact, lower the temperature",
        {
            "tokens": len(thin),
            "mean probability": float(np.mean([step.probability for step, _ in thin])),
            "mean normalised entropy": float(np.mean([entropy for _, entropy in thin])),
        },
        named_tokens(examined.trace.tokens(examined.part)[0], [step.position for step, _ in thin]),
    )


def loop(ids: Sequence[int]) -> tuple[int, int] | None:
    """(period, length) of the shortest stretch that the end of a text repeats; None unless it appears three times.

    For a stretch of several tokens, two and a half rounds are enough.

    >>> loop([7, 1, 2, 1, 2, 1, 2]), loop([1, 2, 3, 4])
    ((2, 6), None)
    """
    for period in range(1, len(ids) // 2 + 1):
        length = period
        while length < len(ids) and ids[-length - 1] == ids[-length - 1 + period]:
            length += 1
        if length >= max(4, 2.5 * period):
            return period, length
    return None


def _copying(examined: Examined, rounds: Mapping[int, Sequence[int]]) -> np.ndarray:
    """(layer head): the mean mass that each of these queries gives to its keys."""
    trace, part = examined.trace, examined.part
    counts = trace.heads(part)
    found = np.full((len(counts), max(counts)), np.nan, np.float32)
    for portion in portions(trace, part, torch.tensor(list(rounds), dtype=torch.long, device="cpu")):
        marks = torch.zeros(portion.maps.shape[1:], dtype=torch.float32, device="cpu")
        for at, row in enumerate(portion.rows.tolist()):
            marks[at, list(rounds[row])] = 1
        sums = (portion.maps * marks).sum((1, 2)).numpy() / len(rounds)
        layer = found[portion.block.layer]
        layer[portion.heads] = np.nan_to_num(layer[portion.heads]) + sums
    return found


def _spread(examined: Examined, queries: Sequence[int]) -> np.ndarray:
    """(query): normalised entropy of each row, the mean over all heads."""
    rows = torch.tensor(queries, dtype=torch.long, device="cpu")
    sums, heads = torch.zeros(2, len(rows), dtype=torch.float64, device="cpu")
    order = {int(row): at for at, row in enumerate(rows)}
    for portion in portions(examined.trace, examined.part, rows):
        at = torch.tensor([order[int(row)] for row in portion.rows], dtype=torch.long, device="cpu")
        sums[at] += normalised_entropy(portion).nan_to_num(0).double().sum(0)
        heads[at] += len(portion.heads)
    return (sums / heads).numpy()
