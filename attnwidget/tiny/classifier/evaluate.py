"""Held-out figures of tiny-classifier: how often the class is right, and which heads look where."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random

import torch
from torch import Tensor
from transformers import BertForSequenceClassification, PreTrainedTokenizerFast

from attnwidget.tiny.cards import ReadingHead, eagerly
from attnwidget.tiny.classifier.language import (
    REVIEW_KINDS,
    Review,
    counting,
    deciding_words,
    verdict,
    write_review,
)
from attnwidget.tiny.classifier.vocabulary import CLASSES, NEGATORS, OPINIONS, POLARITIES

REVIEWS_SEED = 20_000
BATCH = 50
CLS_AT = 0


@dataclass(frozen=True)
class ClassifierFigures:
    """What the model card reports. `accuracy`: kind -> share of classes right; `readers`: what is read, from where -> the head."""

    accuracy: dict[str, float]
    readers: dict[str, ReadingHead]

    def as_dict(self) -> dict[str, object]:
        """Plain data for figures.json."""
        return asdict(self)


def held_out_reviews(kind: str, count: int, seed: int) -> list[Review]:
    """Reviews of reserved pairs."""
    rng = Random(f"{kind} {seed}")
    return [write_review(rng, kind, held_out=True) for _ in range(count)]


@torch.no_grad()
def _guesses(
    model: BertForSequenceClassification, tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]
) -> list[str]:
    found: list[str] = []
    for start in range(0, len(texts), BATCH):
        given = tokenizer(list(texts[start : start + BATCH]), padding=True, return_tensors="pt")
        found += [CLASSES[number] for number in model(**given).logits.argmax(-1).tolist()]
    return found


def right_by_kind(
    model: BertForSequenceClassification, tokenizer: PreTrainedTokenizerFast, count: int = 500, seed: int = REVIEWS_SEED
) -> dict[str, float]:
    """Kind -> share of `count` held-out reviews whose class is right."""
    model.eval()
    shares: dict[str, float] = {}
    for kind in REVIEW_KINDS:
        reviews = held_out_reviews(kind, count, seed)
        right = [
            guess == verdict(review)
            for guess, review in zip(_guesses(model, tokenizer, [r.text for r in reviews]), reviews, strict=True)
        ]
        shares[kind] = round(sum(right) / count, 4)
    return shares


def shares_in_a_line(shares: Mapping[str, float]) -> str:
    """For the log of a training run."""
    return "  held out: " + "  ".join(f"{kind} {share:.3f}" for kind, share in shares.items())


def readings(review: Review) -> dict[str, tuple[int, int]]:
    """What a head might read in a review: (query, key), tokens counted from 0. Every word is one token, after [CLS]."""
    clause = counting(review)
    at = {word.kind: place + 1 for place, word in enumerate(review.words) if word.clause == clause}
    opinion = next(at[kind] for kind in OPINIONS if kind in at)
    turned = next((at[kind] for kind in POLARITIES if kind in at and review.words[at[kind] - 1].word in NEGATORS), None)
    found = {"the opinion word, from [CLS]": (CLS_AT, opinion)}
    if turned is not None:
        found |= {
            "the negator, from its opinion word": (opinion, turned),
            "the negator, from [CLS]": (CLS_AT, turned),
        }
    if "degree" in at:
        found["how much, from its opinion word"] = (opinion, at["degree"])
    joining = next((place for place in deciding_words(review) if review.words[place].kind == "joining"), None)
    if joining is not None:
        found["the joining word, from the opinion word that counts"] = (opinion, joining + 1)
    return found


@torch.no_grad()
def attention_of(
    model: BertForSequenceClassification, tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]
) -> Tensor:
    """[layer row head query key] attention weights, padded on the right."""
    with eagerly(model):
        weights = model(**tokenizer(list(texts), padding=True, return_tensors="pt"), output_attentions=True).attentions
    return torch.stack(weights)


def readers(
    model: BertForSequenceClassification, tokenizer: PreTrainedTokenizerFast, count: int = 100, seed: int = REVIEWS_SEED
) -> dict[str, ReadingHead]:
    """The head that reads most of each, over `count` held-out reviews of each kind in which it is there."""
    model.eval()
    sums: dict[str, Tensor] = {}
    evenly: dict[str, list[float]] = {}
    for kind in REVIEW_KINDS:
        reviews = held_out_reviews(kind, count, seed)
        for start in range(0, count, BATCH):
            some = reviews[start : start + BATCH]
            weights = attention_of(model, tokenizer, [review.text for review in some])
            for row, review in enumerate(some):
                for name, (query, key) in readings(review).items():
                    sums[name] = sums.get(name, torch.zeros(())) + weights[:, row, :, query, key]
                    evenly.setdefault(name, []).append(1 / (len(review.words) + 2))
    return {name: ReadingHead.highest(total / len(evenly[name]), evenly[name]) for name, total in sums.items()}


def classifier_figures(
    model: BertForSequenceClassification, tokenizer: PreTrainedTokenizerFast, count: int = 500, seed: int = REVIEWS_SEED
) -> ClassifierFigures:
    """All figures, on `count` held-out reviews of each kind; of heads on a fifth of them."""
    return ClassifierFigures(
        right_by_kind(model, tokenizer, count, seed), readers(model, tokenizer, max(20, count // 5), seed)
    )
