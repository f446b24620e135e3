"""Held-out figures of tiny-translator: how often a translation is right, and which heads look at the words that are translated."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random

import torch
from torch import Tensor
from transformers import MarianMTModel

from attnwidget.tiny.cards import eagerly
from attnwidget.tiny.translator.language import TEXT_KINDS, Translation, translation
from attnwidget.tiny.translator.tokenizer import LONGEST_INPUT, in_surfaces

JUDGING_SEED = 30_000
PAD, BEGIN, END_OF_TEXT = range(3)
"""Ids of the special tokens, as the tokenizer has them."""


@dataclass(frozen=True)
class Parallel:
    """Translations as token ids: `source` and `target` end with the end token, `read` is what the decoder reads; each [text token]."""

    source: Tensor
    read: Tensor
    target: Tensor


@dataclass(frozen=True)
class AlignmentErrors:
    """Alignment error rates of the cross-attention, [layer head].

    `writing` takes the row that writes a word, `reading` the row that reads it as the decoder's input, one step later.
    """

    writing: tuple[tuple[float, ...], ...]
    reading: tuple[tuple[float, ...], ...]
    floor: float
    """Of one link for each word, all right: what translates two words has two links, of which a row has one."""
    diagonal: float
    """Of the word at the same place in the source."""


@dataclass(frozen=True)
class TranslatorFigures:
    """What the model card reports. `exact`: kind -> share of held-out texts translated word for word as the rule does, greedily."""

    exact: dict[str, float]
    overall: float
    errors: AlignmentErrors

    def as_dict(self) -> dict[str, object]:
        """Plain data for figures.json."""
        return asdict(self)


def held_out_texts(kind: str, count: int, seed: int) -> list[Translation]:
    """Held-out translations of a kind; the same text may come twice."""
    rng = Random(f"tiny-translator judged {kind} {seed}")
    return [translation(rng, kind, True) for _ in range(count)]


def parallel(texts: Sequence[Translation], ids: Mapping[str, int]) -> Parallel:
    """Token ids of translations."""
    source = [[*(ids[one] for one in in_surfaces(text.english)), END_OF_TEXT] for text in texts]
    target = [
        [*(ids[one] for one in in_surfaces([french.word for french in text.french])), END_OF_TEXT] for text in texts
    ]
    return Parallel(_padded(source), _padded([[BEGIN, *one[:-1]] for one in target]), _padded(target))


def _padded(rows: Sequence[Sequence[int]]) -> Tensor:
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[PAD] * (longest - len(row))] for row in rows])


@torch.no_grad()
def written_by(model: MarianMTModel, source: Tensor) -> list[list[int]]:
    """What the model writes greedily for every source, without the special tokens."""
    made = model.generate(
        input_ids=source, attention_mask=(source != PAD).long(), max_length=LONGEST_INPUT, num_beams=1, do_sample=False
    )
    return [[one for one in row if one > END_OF_TEXT] for row in made.tolist()]


def share_exact(model: MarianMTModel, texts: Sequence[Translation], ids: Mapping[str, int]) -> float:
    """The share of texts that are translated exactly as the rule translates them."""
    right = 0
    for start in range(0, len(texts), 100):
        given = parallel(texts[start : start + 100], ids)
        wanted = [[one for one in row if one > END_OF_TEXT] for row in given.target.tolist()]
        right += sum(made == one for made, one in zip(written_by(model, given.source), wanted, strict=True))
    return right / len(texts)


@torch.no_grad()
def cross_attention(model: MarianMTModel, given: Parallel) -> Tensor:
    """[layer text head target source] weights of the cross-attention, the translation given."""
    with eagerly(model):
        out = model(
            input_ids=given.source,
            attention_mask=(given.source != PAD).long(),
            decoder_input_ids=given.read,
            output_attentions=True,
            use_cache=False,
        )
    return torch.stack(out.cross_attentions)


def error_rate(found: Sequence[set[tuple[int, int]]], sure: Sequence[set[tuple[int, int]]]) -> float:
    """Alignment error rate over all texts (Och and Ney 2003), all links being sure: 1 - 2 |A and S| / (|A| + |S|).

    A link is (word of the target, word of the source).
    """
    both = sum(len(one & other) for one, other in zip(found, sure, strict=True))
    return 1 - 2 * both / (sum(map(len, found)) + sum(map(len, sure)))


def alignment_errors(model: MarianMTModel, texts: Sequence[Translation], ids: Mapping[str, int]) -> AlignmentErrors:
    """The error rates of every head: each word of the target is linked to the word of the source that its row reads most.

    A row that reads the end token most links its word to nothing.
    """
    given = parallel(texts, ids)
    strongest = cross_attention(model, given).argmax(-1).permute(0, 2, 1, 3).tolist()
    sure = [{(at, source) for at, french in enumerate(text.french) for source in french.sources} for text in texts]

    def rate(link: Callable[[int, int], int]) -> float:
        found = [
            {(at, key) for at in range(len(text.french)) if (key := link(number, at)) < len(text.english)}
            for number, text in enumerate(texts)
        ]
        return round(error_rate(found, sure), 4)

    def of_head(rows: list[list[int]], later: int) -> float:
        return rate(lambda number, at: rows[number][at + later])

    def rates(later: int) -> tuple[tuple[float, ...], ...]:
        return tuple(tuple(of_head(rows, later) for rows in heads) for heads in strongest)

    return AlignmentErrors(
        rates(0),
        rates(1),
        rate(lambda number, at: texts[number].french[at].sources[0]),
        rate(lambda number, at: min(at, len(texts[number].english) - 1)),
    )


def translator_figures(
    model: MarianMTModel, ids: Mapping[str, int], count: int = 200, seed: int = JUDGING_SEED
) -> TranslatorFigures:
    """All figures on `count` held-out texts of every kind; alignment on a quarter of each."""
    model.eval()
    texts = {kind: held_out_texts(kind, count, seed) for kind in TEXT_KINDS}
    exact = {kind: round(share_exact(model, made, ids), 4) for kind, made in texts.items()}
    some = [text for made in texts.values() for text in made[: max(8, count // 4)]]
    return TranslatorFigures(exact, round(sum(exact.values()) / len(exact), 4), alignment_errors(model, some, ids))


def in_one_line(figures: TranslatorFigures) -> str:
    """For a log."""
    best = min(min(row) for row in figures.errors.writing)
    later = min(min(row) for row in figures.errors.reading)
    kinds = "  ".join(f"{kind} {share:.3f}" for kind, share in figures.exact.items())
    return f"    exact {figures.overall:.4f}: {kinds}  error of the best head {best:.3f}, a step later {later:.3f}"
