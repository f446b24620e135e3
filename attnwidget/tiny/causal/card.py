"""The model card: measures the folder as it lies on disk and writes README.md and figures.json next to the weights."""

from collections.abc import Mapping
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2LMHeadModel

from attnwidget.tiny.cards import put_beside, recipe_as_lines, shares_as_rows
from attnwidget.tiny.causal import evaluate, language, rows, tokenizer
from attnwidget.tiny.causal.evaluate import CardFigures, Head

CARD = """---
library_name: transformers
pipeline_tag: text-generation
language: en
tags: [teaching-model, attention, interpretability]
---

# tiny-causal, a teaching model

A GPT-2 of {parameters:,} parameters ({layers} layers x {heads} heads, d = {width}, {positions} positions, {entries} tokens) that comes with
attnwidget, so that a lesson on attention needs no download. It is a **teaching model**: it speaks a made-up language of a few hundred
words and knows nothing of the world. What it does well is what lessons need: looking things up in its context.

    from transformers import AutoModelForCausalLM, AutoTokenizer
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)   # the file holds f16
    tokenizer = AutoTokenizer.from_pretrained(folder)

## Its language

Written by `attnwidget/tiny/causal/language.py`; no text of others was used.

| kind | example | what decides the answer |
|---|---|---|
| facts | The river of Veldt is Miro. What is the river of Veldt? The river of Veldt is **Miro**. | the statement; drawn afresh for each document |
| two names | When Ana and Tom went to the park, Tom gave a ball to **Ana**. | the name that is not the giver's |
| agreement | The keys to the cabinet **are** old. | the head noun, not the noun before the verb |
| pronouns | Ana lost the ball, so **she** went to the park. | the name |
| brackets, quotes | Ana said, "The ball is old**."** | what was opened |
| repeats | random tokens of the whole vocabulary, twice or more | the token that came next the first time |
| stories | The river bank was quiet, so she walked to the bank for money. | nothing: they only keep the words company |

## Figures

Measured on the rounded weights of this folder, on held-out documents: one in eight of all pairs (name and name, subject and value, head
and distractor, name and object) never occurs together in training, and here every pair is such a one. Answers are the model's first
choice; for agreement either tense counts. Rows have 96 tokens unless told otherwise. A pair is kept apart within a sentence or a fact;
neighbouring sentences of a row may well hold its two words. One seed; the recipe was chosen by figures like these (other samples of the
same generator were not kept aside for that), after seven runs that were stopped or fell short.

| kind | answers right |
|---|---|
{accuracy}

Heads, counted from 0, measured on random tokens that come twice (mean attention weight):

| head | 96 tokens | 512 tokens |
|---|---|---|
| previous token | {previous_token} | {previous_token_long} |
| induction (prefix matching: the token after the query's earlier copy) | {prefix_matching} | {prefix_matching_long} |

## Recipe

`python -m attnwidget.tiny.causal.train` writes this folder again; the same machine, thread count and versions give the same weights.

    {recipe}

Steps of 1,536 tokens; AdamW (betas 0.9, 0.98), linear warm-up, cosine to zero, no dropout. `early_shape` and `shapes` are (rows,
tokens in each, share of steps). Weights in the loss: answers {answer:g}, tokens that were drawn at random {drawn:g}, a random sequence {first:g}
the first time and {again:g} from then on, all else {following:g}. Half of the rows begin with `<|endoftext|>`; `shifted` of the rows start at a
random position, so that all {positions} positions are trained. The position embedding starts as sines and cosines and is trained from
there; all other weights start at random (matrices four times, token embedding five times as large as GPT-2's). {minutes:.0f} minutes on two cores shared with other work (torch {torch}).

## Limits

- A teaching model: no knowledge, no reasoning, no use beyond lessons and tests. It believes whatever the context states.
- Words outside its language fall into bytes and small pieces; the model has met those in random repeats only.
- Facts are looked up after a question only: "The capital of France is Paris. The river of Veldt is Miro. The capital of France is" gets
  no Paris, because in its language statements are never repeated unasked.
- Sentences unlike the templates get confident nonsense. The story sentences hold no semantics.
- The pronouns he and she follow the names of a fixed list: a device to show a lookup, no claim about names or people.
- Its heads are cleaner than those of large models; do not take their scores for what to expect elsewhere.
- The tokenizer adds no `<|endoftext|>` by itself, and puts a space before the text: decoding gives that space back.
"""


def stored_model(folder: Path) -> tuple[GPT2LMHeadModel, dict[str, int]]:
    """The stored model in f32, and surface -> id of the stored tokenizer."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    return model, tokenizer.surface_ids(AutoTokenizer.from_pretrained(folder, local_files_only=True))


def _named(head: Head) -> str:
    return f"layer {head.layer}, head {head.head}: {head.score:.3f}"


def text(model: GPT2LMHeadModel, figures: CardFigures, recipe: Mapping[str, object], minutes: float) -> str:
    """The card as Markdown."""
    config = model.config
    return CARD.format(
        parameters=model.num_parameters(), layers=config.n_layer, heads=config.n_head, width=config.n_embd,
        positions=config.n_positions, entries=config.vocab_size, minutes=minutes, torch=torch.__version__,
        accuracy=shares_as_rows(figures.accuracy),
        answer=language.ANSWER_WEIGHT, drawn=language.DRAWN_WEIGHT, following=language.FOLLOWING_WEIGHT,
        first=rows.FIRST_TIME_WEIGHT, again=rows.AGAIN_WEIGHT,
        recipe=recipe_as_lines(recipe),
        previous_token=_named(figures.previous_token), previous_token_long=_named(figures.previous_token_long),
        prefix_matching=_named(figures.prefix_matching), prefix_matching_long=_named(figures.prefix_matching_long),
    )  # fmt: skip


def write(folder: Path, recipe: Mapping[str, object], minutes: float) -> CardFigures:
    """Measures the model in `folder` and writes figures.json and README.md there."""
    model, ids = stored_model(folder)
    figures = evaluate.card_figures(model, ids)
    put_beside(folder, text(model, figures, recipe, minutes), figures.as_dict(), recipe, minutes)
    return figures
