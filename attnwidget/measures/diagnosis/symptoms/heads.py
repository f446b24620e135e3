"""Symptoms in a model's heads: all alike, all flat, all bound to positions."""

import numpy as np

from attnwidget.measures.diagnosis.report import Finding
from attnwidget.measures.diagnosis.symptoms.examined import Examined, named_heads, present

UNIFORM, PEAKED, BOUND = 0.95, 0.15, 0.7
"""Normalised entropy above which a head is flat and below which it is peaked; mass on one place by which it is bound."""

POSITIONAL_PATTERNS = ("first", "previous", "next", "self")


def uniform_attention(examined: Examined) -> Finding | None:
    """Whether heads spread their attention over everything they can see."""
    entropy = present(examined.heads["normalised entropy"])
    share = float((entropy > UNIFORM).mean()) if len(entropy) else 0.0
    if share < 0.25:
        return None
    return Finding(
        "uniform attention",
        "high" if share > 0.6 else "medium",
        f"{share:.0%} of all heads attend uniformly.",
        "underfitting, or scores that are too similar: queries and keys are hardly trained",
        "train longer, raise the learning rate or the scale of the scores; compare with a randomly initialised model",
        {
            "share of flat heads": share,
            "mean normalised entropy": float(np.nanmean(examined.heads["normalised entropy"])),
        },
        named_heads(examined.heads["normalised entropy"], over=UNIFORM),
    )


def collapse(examined: Examined) -> Finding | None:
    """Whether nearly all heads look at one token, and at the same one."""
    entropy = present(examined.heads["normalised entropy"])
    peaked = float((entropy < PEAKED).mean()) if len(entropy) else 0.0
    best = np.nan_to_num(examined.rows, nan=-1).argmax(-1)[~np.isnan(examined.rows[..., 0])]
    same = float(np.bincount(best).max() / len(best))
    if peaked < 0.8 or same < 0.8:
        return None
    at = int(np.bincount(best).argmax())
    sink = not examined.content[at]
    return Finding(
        "collapsed heads",
        "low" if sink else "high",
        f"{peaked:.0%} of all heads are very peaked, and {same:.0%} look at the same token, {examined.keys.pieces[at]!r}."
        + (" It attracts attention whatever the text." if sink else ""),
        "most heads rest on a sink for this text" if sink else "unstable training",
        "look at the heads that do not" if sink else "an entropy loss, attention dropout, a lower learning rate",
        {"share of peaked heads": peaked, "share on one token": same, "mean normalised entropy": float(entropy.mean())},
    )


def position_bias(examined: Examined) -> Finding | None:
    """Whether heads follow positions regardless of content."""
    if "previous" not in examined.heads:
        return None
    bound = np.maximum.reduce([np.nan_to_num(examined.heads[name]) for name in POSITIONAL_PATTERNS])
    there = ~np.isnan(examined.heads["self"])
    share = float((bound[there] > BOUND).mean()) if there.any() else 0.0
    if share < 0.5:
        return None
    places = {f"heads on {name}": float((examined.heads[name][there] > BOUND).mean()) for name in POSITIONAL_PATTERNS}
    return Finding(
        "position bias",
        "high" if share > 0.8 else "medium",
        f"{share:.0%} of all heads put most of their attention on one position: the first, previous, next or own token.",
        "the model relies on position, or rests on a sink; short texts offer little else",
        "try a longer text, shuffle words and compare, look at positional encoding and training data",
        {"share of heads": share, **places},
        named_heads(np.where(there, bound, np.nan), over=BOUND),
    )


def redundant_heads(examined: Examined) -> Finding | None:
    """Whether many heads have a twin with nearly the same attention."""
    alike = present(examined.heads["redundancy"])
    share = float((alike > 0.95).mean()) if len(alike) else 0.0
    if share < 0.5:
        return None
    return Finding(
        "redundant heads",
        "medium",
        f"{share:.0%} of all heads have a twin with nearly the same attention on this text.",
        "wasted capacity, or heads that all rest on the same sink",
        "compare several texts; then prune or re-initialise heads, one of each pair (similar_heads names them)",
        {"share of heads with a twin": share, "mean redundancy": float(alike.mean())},
        named_heads(examined.heads["redundancy"], over=0.95),
    )
