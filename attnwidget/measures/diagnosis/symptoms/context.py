"""Symptoms of what a model attends to: the context it ignores, the words it dwells on, padding."""

import numpy as np

from attnwidget.engine import Tokens
from attnwidget.measures.diagnosis.report import Finding
from attnwidget.measures.diagnosis.symptoms.examined import Examined, named_heads, named_tokens, present

READS = 0.3
"""Mass on the relevant tokens from which a head counts as attending to them."""

READ_LIFT = 1.5
"""Lift from which the relevant tokens count as attended to, whether or not a single head looks at them."""


def ignored_context(examined: Examined) -> Finding | None:
    """Whether the judged queries attend to what is relevant: hardly at all, less than by chance, or well."""
    mass, lift = examined.mass(examined.relevant), examined.lift(examined.relevant)
    best = float(np.nanmax(mass))
    readers = named_heads(mass, over=READS)
    evidence = {"lift over chance": lift, "mean mass": float(np.nanmean(mass)), "best head": best}
    evidence |= {
        f"mass on {name}": float(np.nanmean(examined.mass(at))) for name, at in list(examined.named.items())[1:]
    }
    evidence["mass on the first token"] = float(np.nanmean(examined.rows[..., examined.first].sum(-1)))
    if len(examined.asked) > 1:
        by_query = examined.mass_by_query(examined.relevant)
        most = np.nanmax(by_query, axis=(0, 1))
        evidence |= {"best head at the best step": float(most.max()), "best head at the worst step": float(most.min())}
        if not readers and lift < READ_LIFT and most.max() > READS:
            return _read_at_times(examined, by_query, most, evidence)
    apart = "" if examined.content[list(examined.relevant)].any() else " These attract attention whatever the text."
    if lift >= READ_LIFT or (readers and lift >= 1):
        return Finding(
            "relevant tokens were read",
            "note",
            f"They get {lift:.1f} times as much attention as other words.{apart} If the answer is still wrong, the "
            "fact was seen but not used.",
            "the value that is carried, or later layers",
            "weight by the value (norm_weighted), remove the heads that attend to it and see whether the output changes",
            evidence,
            readers,
        )
    if readers or lift >= 0.5:
        return Finding(
            "weakly read context",
            "medium" if lift < 1 else "low",
            "On average the relevant tokens get no more attention than other words"
            + (", though some heads focus on them." if readers else ", and no head focuses on them."),
            "position, or words that compete with the fact",
            "move or mark the fact, remove what competes, and look at the heads that do attend to it",
            evidence,
            readers or named_tokens(examined.keys, _elsewhere(examined), 3),
        )
    return Finding(
        "ignored context",
        "high",
        f"The relevant tokens get hardly any attention: no head gives them {READS:.0%}. The tokens that get it instead "
        "are listed here.",
        "the fact is too far, badly placed or badly marked; capacity; embeddings",
        "move the fact next to the question, mark it, shorten the rest, check how its tokens are split",
        evidence,
        named_tokens(examined.keys, _elsewhere(examined), 3),
    )


def _read_at_times(examined: Examined, by_query: np.ndarray, most: np.ndarray, evidence: dict[str, float]) -> Finding:
    """No head reads the relevant tokens on average, but one does where it may be needed."""
    best, worst = int(most.argmax()), int(most.argmin())
    rows = [int(examined.asked[at]) for at in (best, worst)]
    readers = named_heads(by_query[..., best], over=READS)
    queries = examined.trace.tokens(examined.part)[0]
    said = [
        f"{queries.pieces[row + 1].strip()!r} at {row + 1}" if row + 1 < len(queries) else "the end" for row in rows
    ]
    return Finding(
        "read at single steps",
        "low",
        f"On average over {len(most)} steps no head gives the relevant tokens {READS:.0%}, but at the step that produced "
        f"{said[0]}, {readers[0]} gives them {most[best]:.2f}. The least is read for {said[1]}: {most[worst]:.2f} at most.",
        "the answer may need them at that step only",
        f"look at that row, query {rows[0]}, in these heads; diagnose(trace, ..., query={rows[0]}) judges it alone",
        evidence,
        readers,
    )


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
    reading = np.nanmean(examined.rows, axis=(0, 1)) * examined.content
    return [int(at) for at in np.argsort(-reading) if examined.content[at] and at not in examined.relevant]
