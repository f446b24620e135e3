"""What agrees with the exact effect and what does not, in one sentence that claims no more than the intervals carry."""

from collections.abc import Sequence

from attnwidget.measures.ranks import Agreement

NO_EFFECT = 1e-3
"""Effects below this are what rounding leaves."""


def evidence_sentence(
    answer: str,
    compared: str,
    named: Sequence[tuple[str, Agreement]],
    most: tuple[str, float, str],
) -> str:
    """The sentence. `compared` says how many words, `named` are methods with their agreement.

    `most` is the word that costs most, its effect and its unit.

    >>> sure, open_ = Agreement(0.62, 0.4, 0.8, 0.6, 5), Agreement(0.13, -0.2, 0.4, 0.2, 5)
    >>> evidence_sentence("' Paris'", "34 words", [("gradient", sure), ("attention", open_)], ("'.'", 0.36, "nats"))
    "What ' Paris' rests on, by hiding each of 34 words: most on '.' (+0.36 nats); gradient (0.62, 0.40 to 0.80) ranks
    them alike; attention (0.13) is not shown to agree, its interval holds 0."
    """
    piece, effect, unit = most
    rests = (
        f"most on {piece} ({effect:+.2g} {unit})"
        if effect >= NO_EFFECT
        else f"on none of them alone (at most {max(effect, 0.0):.1g} {unit})"
    )
    groups = [
        ([one for one in named if one[1].low > 0], "rank them alike", "ranks them alike", ""),
        (
            [one for one in named if one[1].high < 0],
            "rank them the other way round",
            "ranks them the other way round",
            "",
        ),
        (
            [one for one in named if one[1].low <= 0 <= one[1].high],
            "are not shown to agree",
            "is not shown to agree",
            ", {} interval{} 0",
        ),
    ]
    told = []
    for found, several, single, more in groups:
        if found:
            # Of what is open the intervals all say the same: that they hold 0.
            ends = [f"{one.rho:.2f}" + ("" if more else f", {one.low:.2f} to {one.high:.2f}") for _, one in found]
            names = _listed([f"{name} ({said})" for (name, _), said in zip(found, ends, strict=True)])
            plural = len(found) > 1
            end = more.format(*(("their", "s hold") if plural else ("its", " holds")))
            told.append(f"{names} {several if plural else single}{end}")
    return f"What {answer} rests on, by hiding each of {compared}: {'; '.join([rests, *told])}."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
