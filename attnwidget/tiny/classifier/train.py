"""Trains tiny-classifier from a seed: `python -m attnwidget.tiny.classifier.train [--out FOLDER] [--steps N] [--seed N]`."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from random import Random

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import BertConfig, BertForSequenceClassification

from attnwidget.tiny.causal.vocabulary import words as story_words
from attnwidget.tiny.classifier import CLASSIFIER_FOLDER, card, evaluate
from attnwidget.tiny.classifier.language import (
    REVIEW_KINDS,
    Review,
    Word,
    class_of,
    clause_value,
    counting,
    verdict,
    write_review,
)
from attnwidget.tiny.classifier.tokenizer import (
    CLS,
    MASK,
    PAD,
    REVIEW_POSITIONS,
    SEP,
    review_ids,
    review_tokenizer,
)
from attnwidget.tiny.classifier.vocabulary import CLASSES, OPINIONS, WORD_KINDS
from attnwidget.tiny.training import Descent, command_line, descended, waves

HARMLESS = frozenset(("", "the", "was", "attribute", "manner", "name", "said"))
"""Kinds of words that may be missing: no rule asks for them."""


@dataclass(frozen=True)
class ClassifierRecipe:
    """All that decides the weights, apart from the machine. `shapes`: (kinds, reviews in a step, share of steps), after the `early`
    share of the steps, which has `early_shape`; the `hinted` share of them has hints (`review_loss`). `unended`, `small` and `as_pair`
    are shares of reviews, `masked` and `strange` of harmless words.
    """

    seed: int = 0
    width: int = 64
    steps: int = 2000
    peak: float = 1.5e-3
    warmup: int = 100
    decay: float = 0.01
    clip: float = 1.0
    hinted: float = 0.7
    early: float = 0.04
    early_shape: tuple[tuple[str, ...], int, float] = (("plain",), 64, 1.0)
    shapes: tuple[tuple[tuple[str, ...], int, float], ...] = (
        (REVIEW_KINDS[:-1], 40, 0.4), (REVIEW_KINDS[-1:], 24, 0.6),
    )  # fmt: skip
    unended: float = 0.3
    small: float = 0.1
    as_pair: float = 0.1
    masked: float = 0.02
    strange: float = 0.02


@dataclass(frozen=True)
class ReviewBatch:
    """ids, types (0 or 1: of the first or second text), mask: each [row token]; labels [row]. `said` and `counts`, [row token], are
    what the clause of an opinion word says and whether it counts, and -1 at all other tokens.
    """

    ids: Tensor
    types: Tensor
    mask: Tensor
    labels: Tensor
    said: Tensor
    counts: Tensor


@dataclass(frozen=True)
class Spelling:
    """How reviews become ids. `strange`: ids of what is no word of the reviews."""

    ids: Mapping[str, int]
    strange: tuple[int, ...]

    @classmethod
    def of_tokenizer(cls) -> "Spelling":
        """That of the tokenizer."""
        ids = review_ids(review_tokenizer())
        known = {*ids.values()} - {ids[" " + word] for word in story_words()}
        known |= {ids[" " + word] for words in WORD_KINDS.values() for word in words}
        return cls(ids, tuple(number for number in range(max(ids.values()) + 1) if number not in known))


def _sloppy(recipe: ClassifierRecipe, rng: Random, words: tuple[Word, ...]) -> list[Word]:
    """As people type: without the last stop, or without capitals."""
    typed = list(words[:-1] if rng.random() < recipe.unended else words)
    return [word._replace(first=False) for word in typed] if rng.random() < recipe.small else typed


@dataclass(frozen=True)
class EncodedReview:
    """Ids, how many of them are the first text's, and (place, what its clause says, does it count) of each opinion word."""

    ids: list[int]
    first: int
    opinions: list[tuple[int, int, int]]


def encoded_review(recipe: ClassifierRecipe, rng: Random, spelling: Spelling, review: Review) -> EncodedReview:
    """A review as a row. What follows the first sentence is sometimes a second text."""
    found, first, opinions = [spelling.ids[CLS]], 0, []
    in_two, counts = rng.random() < recipe.as_pair, counting(review)
    for word in _sloppy(recipe, rng, review.words):
        number, chance = spelling.ids[word.surface], rng.random()
        if word.kind in HARMLESS and not word.glued and chance < recipe.masked + recipe.strange:
            number = spelling.ids[MASK] if chance < recipe.masked else rng.choice(spelling.strange)
        if word.kind in OPINIONS:
            said = CLASSES.index(class_of(clause_value(review, word.clause)))
            opinions.append((len(found), said, int(word.clause == counts)))
        found.append(number)
        if word.word == "." and in_two and not first:
            found.append(spelling.ids[SEP])
            first = len(found)
    if first == len(found):  # there was one sentence only
        return EncodedReview(found, first, opinions)
    found.append(spelling.ids[SEP])
    return EncodedReview(found, first or len(found), opinions)


def review_batch(recipe: ClassifierRecipe, rng: Random, spelling: Spelling, step: int) -> ReviewBatch:
    """The batch of a step: early on single sentences, of which it learns the words."""
    shapes = (recipe.early_shape,) if step < recipe.early * recipe.steps else recipe.shapes
    kinds, count, _ = rng.choices(shapes, [share for *_, share in shapes])[0]
    reviews = [write_review(rng, rng.choice(kinds), held_out=False) for _ in range(count)]
    rows = [encoded_review(recipe, rng, spelling, review) for review in reviews]
    longest = max(len(row.ids) for row in rows)
    ids = torch.full((count, longest), spelling.ids[PAD])
    types, mask = torch.zeros_like(ids), torch.zeros_like(ids)
    said, counts = torch.full_like(ids, -1), torch.full_like(ids, -1)
    for number, row in enumerate(rows):
        ids[number, : len(row.ids)] = torch.tensor(row.ids)
        mask[number, : len(row.ids)] = 1
        types[number, row.first : len(row.ids)] = 1
        for place, value, does in row.opinions:
            said[number, place], counts[number, place] = value, does
    labels = torch.tensor([CLASSES.index(verdict(review)) for review in reviews])
    return ReviewBatch(ids, types, mask, labels, said, counts)


def fresh_classifier(entries: int, width: int) -> BertForSequenceClassification:
    """tiny-classifier before training: 3 layers x 4 heads, d = `width`."""
    config = BertConfig(
        vocab_size=entries, hidden_size=width, num_hidden_layers=3, num_attention_heads=4, intermediate_size=4 * width, type_vocab_size=2,
        max_position_embeddings=REVIEW_POSITIONS, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, pad_token_id=0,
        initializer_range=0.08, id2label=dict(enumerate(CLASSES)), label2id={name: at for at, name in enumerate(CLASSES)},
        attn_implementation="sdpa",
    )  # fmt: skip
    model = BertForSequenceClassification(config)
    model.bert.embeddings.position_embeddings.weight.data = waves(REVIEW_POSITIONS, config.hidden_size) / 3
    return model


def review_loss(model: BertForSequenceClassification, hints: torch.nn.Linear | None, given: ReviewBatch) -> Tensor:
    """Mean cross entropy of the class. With `hints`, also of what each clause says and whether it counts, as they are read off its
    opinion word one layer before the last.
    """
    asked = hints is not None
    out = model(given.ids, token_type_ids=given.types, attention_mask=given.mask, output_hidden_states=asked)
    loss = cross_entropy(out.logits, given.labels)
    if hints is None:
        return loss
    here = given.said >= 0
    said, counts = hints(out.hidden_states[-2][here]).split((len(CLASSES), 2), dim=-1)
    return loss + 0.5 * (cross_entropy(said, given.said[here]) + cross_entropy(counts, given.counts[here]))


def trained_classifier(recipe: ClassifierRecipe, every: int = 500) -> BertForSequenceClassification:
    """The trained model, f32; prints loss and speed, and held-out figures `every` so many steps."""
    torch.manual_seed(recipe.seed)
    rng, spelling = Random(f"tiny-classifier {recipe.seed}"), Spelling.of_tokenizer()
    tokenizer = review_tokenizer()
    model = fresh_classifier(len(tokenizer), recipe.width).train()
    hints = torch.nn.Linear(model.config.hidden_size, len(CLASSES) + 2)

    def loss_at(step: int) -> Tensor:
        given = review_batch(recipe, rng, spelling, step)
        return review_loss(model, hints if step < recipe.hinted * recipe.steps else None, given)

    started = time.perf_counter()
    how = Descent(recipe.steps, recipe.peak, recipe.warmup, recipe.decay, recipe.clip)
    for done, loss in descended(model, how, loss_at, hints.parameters()):
        if done % 100 == 0:
            print(f"{done:6d} steps  loss {loss:.3f}  {done / (time.perf_counter() - started):.1f} steps/s", flush=True)
        if done % every == 0:
            print(evaluate.shares_in_a_line(evaluate.right_by_kind(model, tokenizer, count=40)), flush=True)
            model.train()
    return model


def _main() -> None:
    """The command line."""
    parser = command_line("attnwidget.tiny.classifier.train", __doc__, CLASSIFIER_FOLDER, ClassifierRecipe(), "steps")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    recipe = ClassifierRecipe(seed=asked.seed, steps=asked.steps)
    asked.out.mkdir(parents=True, exist_ok=True)
    started = time.process_time()
    model = trained_classifier(recipe)
    model.half().save_pretrained(asked.out)
    review_tokenizer().save_pretrained(asked.out)
    figures = card.write_card(asked.out, asdict(recipe), minutes=(time.process_time() - started) / 60)
    print(evaluate.shares_in_a_line(figures.accuracy))


if __name__ == "__main__":
    _main()
