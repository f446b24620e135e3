"""Held-out figures of tiny-causal: how often the answer is right, and which heads look where."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from random import Random

import torch
from torch import Tensor
from transformers import GPT2LMHeadModel

from attnwidget.tiny.cards import eagerly
from attnwidget.tiny.causal import rows, vocabulary
from attnwidget.tiny.causal.language import SENTENCE_KINDS, facts

JUDGED = tuple(kind for kind in SENTENCE_KINDS if kind != "story")
EVALUATION_SEED = 20_000
SHORT_FACTS_LENGTH = 3 * 7 + 14


@dataclass(frozen=True)
class Head:
    """The head that scores highest at something; layer and head count from 0."""

    layer: int
    head: int
    score: float


@dataclass(frozen=True)
class CardFigures:
    """What the model card reports. `accuracy`: kind -> share of answers right; heads: measured on random ids that come twice."""

    accuracy: dict[str, float]
    previous_token: Head
    prefix_matching: Head
    previous_token_long: Head
    prefix_matching_long: Head

    def as_dict(self) -> dict[str, object]:
        """Plain data for figures.json."""
        return asdict(self)


def answer_ids(ids: Mapping[str, int]) -> Tensor:
    """For each id the id it counts as: the two tenses of a verb are one answer, since the context decides the grammatical number only."""
    same = torch.arange(max(ids.values()) + 1)
    for forms in (vocabulary.SINGULAR_VERBS, vocabulary.PLURAL_VERBS):
        for form in forms:
            same[ids[" " + form]] = ids[" " + forms[0]]
    return same


@torch.no_grad()
def right(model: GPT2LMHeadModel, batch: rows.RowBatch, same: Tensor) -> float:
    """Share of the answers that the model's first choice gets right."""
    ids = torch.from_numpy(batch.ids)
    asked = torch.from_numpy(batch.answers)[:, 1:]
    guesses = model(ids[:, :-1], use_cache=False).logits.argmax(-1)
    return (same[guesses] == same[ids[:, 1:]])[asked].double().mean().item()


def _documents(kind: str, rng: Random, ids: Mapping[str, int], count: int, length: int = 96) -> rows.RowBatch:
    entries = max(ids.values()) + 1
    return rows.stacked([rows.row(rng, kind, length, ids, entries, held_out=True) for _ in range(count)])


def short_facts(rng: Random, ids: Mapping[str, int], count: int, confusable: float) -> rows.RowBatch:
    """The form used in a lesson: three facts and one question, alone at the start of the row, no BOS."""
    made: list[rows.Row] = []
    while len(made) < count:
        tokens = facts(rng, True, confusable=confusable).tokens
        if len(tokens) == SHORT_FACTS_LENGTH:
            made.append(
                rows.Row([ids[t.surface] for t in tokens], [t.weight for t in tokens], [t.answer for t in tokens])
            )
    return rows.stacked(made)


def twice(rng: Random, entries: int, count: int, length: int, *, bos: bool) -> rows.RowBatch:
    """Random ids that come twice, half of the row each."""
    block = (length - bos) // 2
    return rows.stacked([rows.repeating_row(rng, entries, block * 2 + bos, bos=bos, block=block) for _ in range(count)])


@torch.no_grad()
def attention(model: GPT2LMHeadModel, ids: Tensor) -> Tensor:
    """[layer row head query key] attention weights."""
    with eagerly(model):
        weights = model(ids, output_attentions=True, use_cache=False).attentions
    return torch.stack(weights)


def _best(scores: Tensor) -> Head:
    """The highest of [layer head]."""
    place = int(scores.argmax())
    layer, head = divmod(place, scores.shape[1])
    return Head(layer, head, round(scores.flatten()[place].item(), 4))


def head_scores(model: GPT2LMHeadModel, batch: rows.RowBatch, block: int) -> tuple[Tensor, Tensor]:
    """(previous token, prefix matching), each [layer head]: mean weight on the token before the query, over all queries but the first;
    and, from the second time on, on the token that followed the query's token the first time (Olsson et al. 2022).
    """
    weights = attention(model, torch.from_numpy(batch.ids)).mean(1)
    previous = weights.diagonal(-1, 2, 3).mean(-1)
    start = batch.ids.shape[1] - block
    # Query i of the second time, key i - block + 1.
    matching = weights.diagonal(1 - block, 2, 3)[..., start - block + 1 :].mean(-1)
    return previous, matching


def card_figures(
    model: GPT2LMHeadModel, ids: Mapping[str, int], count: int = 200, seed: int = EVALUATION_SEED
) -> CardFigures:
    """All figures on `count` held-out rows each (a sixteenth of them where rows are 512 long)."""
    model.eval()
    entries, same = max(ids.values()) + 1, answer_ids(ids)
    few = max(8, count // 16)
    rng = Random(seed)
    plain, with_bos = twice(rng, entries, count, 96, bos=False), twice(rng, entries, count, 97, bos=True)
    long = twice(rng, entries, few, 512, bos=False)
    accuracy = {kind: right(model, _documents(kind, rng, ids, count), same) for kind in JUDGED}
    accuracy |= {
        "facts, three and one question": right(model, short_facts(rng, ids, count, confusable=0.0), same),
        "facts, three confusable ones and one question": right(
            model, short_facts(rng, ids, count, confusable=1.0), same
        ),
        "facts, 512 tokens": right(model, _documents("facts", rng, ids, few, 512), same),
        "repeats": right(model, plain, same),
        "repeats, BOS": right(model, with_bos, same),
        "repeats, 512 tokens": right(model, long, same),
    }
    short_heads, long_heads = head_scores(model, plain, 48), head_scores(model, long, 256)
    return CardFigures(
        {kind: round(share, 4) for kind, share in accuracy.items()}, *map(_best, (*short_heads, *long_heads))
    )


def one_line(figures: CardFigures) -> str:
    """The figures in one line, for the log of a training run."""
    shares = "  ".join(f"{kind} {share:.2f}" for kind, share in figures.accuracy.items())
    heads = (("previous", figures.previous_token), ("prefix", figures.prefix_matching),
             ("previous512", figures.previous_token_long), ("prefix512", figures.prefix_matching_long))  # fmt: skip
    return f"  held out: {shares}\n  heads: " + "  ".join(
        f"{name} L{h.layer}H{h.head} {h.score:.2f}" for name, h in heads
    )
