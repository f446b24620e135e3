"""The card of tiny-classifier: measures the folder as it lies on disk and writes README.md and figures.json next to the weights."""

from collections.abc import Mapping
from pathlib import Path

import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertForSequenceClassification,
    PreTrainedTokenizerFast,
)

from attnwidget.tiny.cards import put_beside, readers_as_rows, recipe_as_lines, shares_as_rows
from attnwidget.tiny.classifier import evaluate
from attnwidget.tiny.classifier.evaluate import ClassifierFigures

REVIEWS_CARD = """---
library_name: transformers
pipeline_tag: text-classification
language: en
tags: [teaching-model, attention, interpretability]
---

# tiny-classifier, a teaching model

A BERT of {parameters:,} parameters ({layers} layers x {heads} heads, d = {width}, {positions} positions, {entries} tokens) that comes with
attnwidget. It says whether a short review is very negative, negative, positive or very positive. It is a **teaching model**: which words
decide is known, because the reviews are written by a rule. So what attention, or any explanation, says of it can be held against the truth.

    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)   # the file holds f16
    tokenizer = AutoTokenizer.from_pretrained(folder)

## Its language

Written by `attnwidget/tiny/classifier/language.py`; no text of others was used. The class is that of the one clause that counts. In it the
opinion word (*boring, wonderful, liked, ...*) says positive or negative, a negator (*not, never, hardly, scarcely*) turns it round, and an
intensifier (*very, extremely, really, truly, incredibly*) makes it "very", unless it is negated: "not very good" is negative and no more.
Diminishers (*slightly, quite, ...*), and how it came (*unexpectedly, frankly, ...*), change nothing.

| kind | example | what decides the class |
|---|---|---|
| plain | The movie was unexpectedly **not boring**. | the clause: positive |
| contrast | The plot was good, **but** the acting was **very dull**. | after *but, yet* the second clause, with *although, though* between them the first; behind *although, though, while* in front none: very negative |
| others | Tom said that the film was awful. I **enjoyed** it. | what the writer says, not what others say: positive |
| things | The popcorn was terrible, but the movie was **never dull**. | what is said of the show, not of other things: positive |
| several | two to four sentences of these kinds, or of the stories of tiny-causal, which judge nothing | as above |

A word decides if another one of its kind in its place has another answer. So *always, still, indeed, certainly*, which stand where a
negator could, decide as much as it does, although the model can leave them unread; and a name, or *I*, never decides.

## Figures

Measured on the rounded weights of this folder, on 500 held-out reviews of each kind: one in eight of all pairs (negator, or how much, and
opinion word; what is judged and opinion word, where nothing stands between) never occurs in training, and here every pair is such a one.
One seed; the recipe was chosen by figures like these.

| kind | classes right |
|---|---|
{accuracy}

What is read, and the head that gives it most of its attention (mean weight over the held-out reviews that have it, 100 of each kind;
"evenly": what a head has for it that spreads its attention). A head that reads a word does not say by that what the word does: the class is not read off the words that [CLS] reads.

| what is read, from where | head | weight | evenly |
|---|---|---|---|
{readers}

## Recipe

`python -m attnwidget.tiny.classifier.train` writes this folder again; the same machine, thread count and versions give the same weights.

    {recipe}

A shape is (kinds, reviews in a step, share of steps); the `early` share of the steps has `early_shape`. AdamW (betas 0.9, 0.98), linear
warm-up, cosine to zero, no dropout. In the `hinted` share of the steps, the first ones, the states of opinion words one layer before the
last were trained too, to tell what their clause says and whether it counts (a linear layer that is thrown away); after that the class alone
counts. Some reviews lack the last stop (`unended`) or capitals (`small`); what follows the first sentence is sometimes a second text (`as_pair`); some words that no
rule asks for are [MASK] (`masked`) or bits of words (`strange`). Position embeddings begin as sines and cosines. {minutes:.0f} minutes of one
core (torch {torch}).

## Limits

- A teaching model: it knows no English beyond its rule. "Not terrible" is positive to it, as the rule says, and any other text gets a class too.
- Words outside its language are bits of words to it, and say nothing. There is no neutral class.
- Irony, comparisons, two negations in one clause, negated verbs other than "did not like" were never seen.
- Reviews in training have up to about 70 tokens; positions beyond are as good as untrained.
- Its heads are cleaner than those of large models; do not take their scores for what to expect elsewhere.
- Names stand for anybody: they say that somebody else speaks.
"""


def stored_classifier(folder: Path) -> tuple[BertForSequenceClassification, PreTrainedTokenizerFast]:
    """The stored model in f32, and its tokenizer."""
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    return model.eval(), AutoTokenizer.from_pretrained(folder, local_files_only=True)


def card_text(
    model: BertForSequenceClassification, figures: ClassifierFigures, recipe: Mapping[str, object], minutes: float
) -> str:
    """The card as Markdown."""
    config = model.config
    return REVIEWS_CARD.format(
        parameters=model.num_parameters(), layers=config.num_hidden_layers, heads=config.num_attention_heads, width=config.hidden_size,
        positions=config.max_position_embeddings, entries=config.vocab_size, minutes=minutes, torch=torch.__version__,
        accuracy=shares_as_rows(figures.accuracy),
        readers=readers_as_rows(figures.readers),
        recipe=recipe_as_lines(recipe),
    )  # fmt: skip


def write_card(folder: Path, recipe: Mapping[str, object], minutes: float) -> ClassifierFigures:
    """Measures the model in `folder` and writes figures.json and README.md there."""
    model, tokenizer = stored_classifier(folder)
    figures = evaluate.classifier_figures(model, tokenizer)
    put_beside(folder, card_text(model, figures, recipe, minutes), figures.as_dict(), recipe, minutes)
    return figures
