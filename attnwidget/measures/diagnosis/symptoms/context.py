"""Symptoms of what a model attends to: the context it ignores, the words it dwells on, padding."""

import numpy as np

from attnwidget.engine import Tokens
from attnwidget.measures.diagnosis.report import Finding, HeadRow
from attnwidget.measures.diagnosis.symptoms.examined import (
    NAMED,
    Examined,
    named_heads,
    named_tokens,
    present,
)
from attnwidget.measures.diagnosis.symptoms.steps import JudgedSteps, most_in

READS = 0.3
"""Mass on the relevant tokens from which a head counts as attending to them."""

RESTS = 0.01
"""Share of attention from which a sink is named."""

READ_LIFT = 1.5
"""Lift from which the relevant tokens count as attended to, whether or not a single head looks at them."""


def ignored_context(examined: Examined) -> Finding | None:
    """Whether the judged queries attend to what is relevant: hardly at all, less than by chance, or well."""
    mass, lift = examined.mass(examined.relevant), examined.lift(examined.relevant)
    readers = named_heads(mass, over=READS)
    steps = JudgedSteps.of(examined)
    places, told = _places(steps), _told(steps)
    evidence = _evidence(examined, mass, lift, steps)
    apart = "" if examined.content[list(examined.relevant)].any() else " These attract attention whatever the text."
    if lift >= READ_LIFT or (readers and lift >= 1):
        return Finding(
            "relevant tokens were read",
            "note",
            f"They get {lift:.1f} times as much attention as other words.{apart}{told} If the answer is still wrong, the "
            "fact was seen but not used.",
            "the value that is carried, or later layers",
            "weight by the value (norm_weighted), remove the heads that attend to it and see whether the output changes",
            evidence,
            readers,
            places,
        )
    said_and_read = steps.answer is not None and steps.most[steps.answer] > READS
    if len(steps.most) > 1 and (said_and_read or (not readers and steps.most.max() > READS)):
        return Finding(
            "read at single steps",
            "note" if said_and_read else "low",
            f"On average over {len(steps.most)} steps "
            + (
                "the relevant tokens get no more than other words"
                if readers
                else f"no head gives the relevant tokens {READS:.0%}"
            )
            + f", but single steps read them.{told}",
            "the value that is carried, or later layers"
            if said_and_read
            else "the answer may need them at that step only",
            f"look at query {steps.query(steps.first)} in these heads, silence them and see whether the output changes; "
            f"diagnose(trace, ..., query={steps.query(steps.first)}) judges that row alone",
            evidence,
            named_heads(steps.mass[..., steps.first], over=READS),
            places,
        )
    if readers or lift >= 0.5:
        instead = "" if readers else _instead(examined)
        return Finding(
            "weakly read context",
            "medium" if lift < 1 else "low",
            "On average the relevant tokens get no more attention than other words"
            + (", though some heads focus on them." if readers else f", and no head focuses on them.{instead}")
            + told,
            "position, or words that compete with the fact",
            "move or mark the fact, remove what competes, and look at the heads that do attend to it",
            evidence,
            readers or named_tokens(examined.keys, _elsewhere(examined), 3),
            places,
        )
    return Finding(
        "ignored context",
        "high",
        f"The relevant tokens get hardly any attention: no head gives them {READS:.0%}.{_instead(examined)}{told}",
        "the fact is too far, badly placed or badly marked; capacity; embeddings",
        "move the fact next to the question, mark it, shorten the rest, check how its tokens are split",
        evidence,
        named_tokens(examined.keys, _elsewhere(examined), 3),
        places,
    )


def _evidence(examined: Examined, mass: np.ndarray, lift: float, steps: JudgedSteps) -> dict[str, float]:
    found = {"lift over chance": lift, "mean mass": float(np.nanmean(mass)), "best head": float(np.nanmax(mass))}
    others = list(examined.named.items())[1:]
    found |= {f"mass on {name}": float(np.nanmean(examined.mass(at))) for name, at in others}
    found["mass on the first token"] = float(np.nanmean(examined.rows[..., examined.first].sum(-1)))
    if len(steps.most) > 1:
        if steps.answer is not None:
            found["best head at the answer's step"] = float(steps.most[steps.answer])
        found["best head at the best step"] = float(steps.most.max())
        found["best head at the worst step"] = float(steps.most.min())
    return found


def _told(steps: JudgedSteps) -> str:
    """What single steps read, where there are several, and the steps that were set apart."""
    told = f" {steps.told()}" if len(steps.most) > 1 else ""
    repeats = ", ".join(map(str, steps.examined.repeats))
    return f"{told} Set apart, as they repeat the fact: query {repeats}." if repeats else told


def _places(steps: JudgedSteps) -> tuple[HeadRow, ...]:
    """The rows to look at: the heads of the first step, then the best head of the best step and of the worst."""
    several = [*steps.places(steps.first, READS), *steps.places(steps.best), *steps.places(steps.worst)]
    return tuple(dict.fromkeys(several))


def _instead(examined: Examined) -> str:
    """The words that get the attention, and, apart from them, the sinks."""
    reading = np.nanmean(examined.rows, axis=(0, 1))
    resting = sorted((at for at in examined.sinks if reading[at] >= RESTS), key=lambda at: -reading[at])[:NAMED]
    named = named_tokens(examined.keys, resting)
    shares = [f"{token} ({reading[at]:.0%})" for token, at in zip(named, resting, strict=True)]
    apart = f" Sinks, which are left out there: {', '.join(shares)}." if shares else ""
    return f" The words that get it instead are listed here.{apart}"


def spurious_attention(examined: Examined) -> Finding | None:
    """Whether content words that were not named as relevant hold the attention of most heads."""
    mass = examined.rows.copy()
    mass[..., ~examined.content] = 0
    if examined.relevant:
        mass[..., list(examined.relevant)] = 0
    mean = np.nanmean(mass, axis=(0, 1))
    at = int(mean.argmax())
    attached = present(mass[..., at])
    share = float((attached > READS).mean())
    if share < 0.4 or examined.content.sum() < 8:
        return None
    return Finding(
        "spurious attention",
        "high" if share > 0.6 else "medium",
        f"A single content word holds {READS:.0%} or more of the row in {share:.0%} of all heads.",
        "a bias in the data, or a word that stands for the label in it",
        "replace the word and see whether the output changes; augment or debias the data",
        {"share of heads": share, "mean mass": float(mean[at])},
        named_tokens(examined.keys, [at]),
        most_in(mass[..., at], int(examined.asked[-1]), examined)[:1],
    )


def attention_to_padding(examined: Examined) -> Finding | None:
    """Whether padding gets weight, which a correct mask rules out."""
    mass = examined.heads["padding"]
    worst = float(np.nanmax(mass))
    if not worst > 0.01:
        return None
    return Finding(
        "attention to padding",
        "high",
        "Queries that are not padding attend to padding.",
        "the attention mask is missing or wrong",
        "pass attention_mask, and compare the output with that for the text alone",
        {"mean mass": float(np.nanmean(mass)), "worst head": worst},
        named_heads(mass, over=0.01),
    )


def padding_of(keys: Tokens) -> np.ndarray:
    """(key): padding by the mask, and special tokens named as padding, which is all there is without a mask.

    A single one at the start does not count: T5's decoder starts with it.

    >>> padding_of(Tokens.from_pieces(["<pad>", "a", "[PAD]"])).tolist()
    [False, False, True]
    """
    named = np.array(
        [special and "pad" in piece.casefold() for special, piece in zip(keys.special, keys.pieces, strict=True)]
    )
    if named[:1].all() and not named[1:2].all():
        named[:1] = False
    return np.array(keys.padding) | named


def _elsewhere(examined: Examined) -> list[int]:
    """The words that are read, most first: without what is relevant, and without sinks."""
    reading = np.nanmean(examined.rows, axis=(0, 1))
    words = examined.content.copy()
    words[[*examined.relevant, *examined.sinks]] = False
    return [int(at) for at in np.argsort(-reading, kind="stable") if words[at]]
