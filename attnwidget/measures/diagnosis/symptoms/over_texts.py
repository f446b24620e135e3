"""Symptoms that show over a set of texts: heads bound to places whatever the words, tokens that become alike."""

import numpy as np

from attnwidget.measures.diagnosis.report import Finding
from attnwidget.measures.diagnosis.symptoms.examined import named_heads, present
from attnwidget.measures.over_texts.smoothing import Smoothing
from attnwidget.measures.results import HeadScores

SAME_PLACES, ALIKE, ONE_VECTOR = 0.9, 0.9, 0.999
"""Likeness above which a head's pattern is the same whatever the words; cosine similarity above which tokens are alike, and
are one."""

AS_ALIKE = 0.1
"""How much less alike tokens of different texts may be, if what makes them alike is common to all states."""


def pattern_of_position(reliance: HeadScores) -> Finding | None:
    """Whether heads attend to the same places when the words are shuffled or replaced.

    Measured: 13 % of the heads of tiny-causal, 8 % of all-MiniLM-L6-v2, 5 % of SmolLM2-135M; all of a model at random, or of one
    whose scores come from positions alone.
    """
    known = present(reliance.values)
    share = float((known > SAME_PLACES).mean()) if len(known) else 0.0
    if share < 0.5:
        return None
    return Finding(
        "pattern of position",
        "high" if share > 0.8 else "medium",
        f"{share:.0%} of all heads attend to the same places when the words are shuffled or replaced.",
        "what heads read follows from positions, or from nothing, as in a model that is hardly trained",
        "compare with an untrained copy; train longer; look at positional encoding and the scale of the scores. Texts of one "
        "sentence pattern exaggerate this",
        {"share of heads": share, "mean likeness": float(known.mean())},
        named_heads(reliance.values, over=SAME_PLACES),
    )


def over_smoothing(found: Smoothing) -> Finding | None:
    """Whether the tokens of a text have become one vector after the last layer.

    Measured there: 0.21 in tiny-causal, 0.40 in all-MiniLM-L6-v2, 0.54 in SmolLM2-135M (and 0.77 a layer before).
    """
    last = float(found.values[-1])
    others = float("nan") if found.others is None else float(found.others[-1])
    if not last > ALIKE:
        return None
    shared = last < ONE_VECTOR and others > last - AS_ALIKE
    return Finding(
        "over-smoothing",
        "note" if shared else "high" if last >= ONE_VECTOR else "medium",
        f"After the last layer two tokens of a text have a cosine similarity of {last:.3f} on average; in the input it is "
        f"{found.embedding:.2f}."
        + (" Tokens of different texts are as alike: all states share a direction." if shared else ""),
        "a direction common to all states, usual in language models: what differs may still be large beside the rest"
        if shared
        else "attention averages its values layer after layer, and little else is added",
        "subtract the mean state before comparing"
        if shared
        else "see at which layer it begins (aw.smoothing); look at residual connections, norms, and how uniform attention is. In a model "
        "that gives one vector for a text this may be meant",
        {"last layer": last, "input": found.embedding, "different texts": others},
        tuple(f"L{layer}" for layer in np.flatnonzero(found.values > ALIKE)[:5]),
    )
