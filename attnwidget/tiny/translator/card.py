"""The model card: measures the folder as it lies on disk and writes README.md and figures.json next to the weights."""

from collections.abc import Mapping
from pathlib import Path

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, MarianMTModel

from attnwidget.tiny.cards import put_beside, recipe_as_lines, shares_as_rows
from attnwidget.tiny.translator import evaluate, tokenizer
from attnwidget.tiny.translator import vocabulary as v
from attnwidget.tiny.translator.evaluate import TranslatorFigures

TRANSLATOR_CARD = """---
library_name: transformers
pipeline_tag: translation
language: [en, fr]
tags: [teaching-model, attention, interpretability]
---

# tiny-translator, a teaching model

An encoder-decoder of the Marian kind with {parameters:,} parameters ({layers} + {layers} layers x {heads} heads, d = {width}, {entries:,} tokens) that
comes with attnwidget, so that a lesson on cross-attention needs no download. It translates a made-up corner of English into French:
phrases with adjectives and owners, simple sentences, dates and numbers. It is a **teaching model**: what it is good for is that the
right translation, the alignment of the words and the words that decide the next one are known by construction.

    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
    model = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32)   # the file holds f16
    tokenizer = AutoTokenizer.from_pretrained(folder)

## Its language

Written by `attnwidget/tiny/translator/language.py` and translated by `grammar.py`, a translator by rule; no text of others was used.

| kind | example | what is to be seen |
|---|---|---|
| phrase | the small red car of my sister: la petite voiture rouge de ma sœur | adjectives before and behind; the noun decides the article |
| owner | my sister's red car: la voiture rouge de ma sœur | the owner changes its place |
| action | The dog does not see the ice cream.: Le chien ne voit pas la glace. | one word becomes two, two become one |
| state | the church of the king is not round: l'église du roi n'est pas ronde | agreement across another noun; of the: du |
| date | May 3, 2021, or the third of May 2021: le 3 mai 2021 | day and month change places |
| number | ninety-two red cars: quatre-vingt-douze voitures rouges | ninety and two share -douze |

## Figures

Measured on the rounded weights of this folder, on held-out texts: one in eight of all pairs (noun and adjective, noun and owner, subject
and verb, verb and object, day and month, number and what it counts) never occurs together in training, and here every such pair is one
of them. Exact: the greedy translation is the rule's, word for word. One seed; the recipe was chosen by figures like these.

| kind | translated exactly |
|---|---|
{exact}
| all kinds | {overall:.3f} |

Alignment error rate (Och and Ney 2003, all links sure) of every head of the cross-attention: a word of the French is linked to the
English word that a row of the head reads most, with the right translation given. The row is the one that writes the word, or, after the
slash, the one that reads it as the decoder's input a step later. {floor:.3f} is the least that one link for each word can have;
linking every word to the one at its own place has {diagonal:.3f}.

| layer | {columns} |
|---|{rules}|
{errors}

## Recipe

`python -m attnwidget.tiny.translator.train` writes this folder again; the same machine and versions give the same weights.

    {recipe}

AdamW (betas 0.9, 0.98), linear warm-up, cosine to zero, no dropout, cross entropy of every next word. All weights start at random; the
positions are the sines and cosines of the architecture. {minutes:.0f} minutes of one processor core (torch {torch}).

## Limits

- A teaching model: {nouns} nouns, {adjectives} adjectives, {verbs} verbs. Other words fall into small pieces and get confident nonsense.
- The sentences hold no sense ("the empty door sells a blue uncle"): words go together at random, grammar alone is learned.
- No pronouns, no past, one verb a text; phrases only, sentences in the present. `her` and `his` are one word in French.
- One translation of each text is right, the rule's; a person would accept others.
- The known alignment is that of the rule: du is linked to both of and the. Where a head looks instead is not wrong for that.
- Its heads are cleaner than those of large models; do not take their error rates for what to expect elsewhere.
- No text longer than {positions} tokens was ever met, and few longer than 20.
"""


def stored_translator(folder: Path) -> tuple[MarianMTModel, dict[str, int]]:
    """The stored model in f32, and surface -> id of the stored tokenizer."""
    model = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    return model.eval(), tokenizer.ids_of_surfaces(AutoTokenizer.from_pretrained(folder, local_files_only=True))


def as_markdown(model: MarianMTModel, figures: TranslatorFigures, recipe: Mapping[str, object], minutes: float) -> str:
    """The card."""
    config, errors = model.config, figures.errors
    heads = range(config.decoder_attention_heads)
    rows = zip(errors.writing, errors.reading, strict=True)
    return TRANSLATOR_CARD.format(
        parameters=model.num_parameters(), layers=config.encoder_layers, heads=len(heads), width=config.d_model,
        entries=config.vocab_size, positions=config.max_position_embeddings, minutes=minutes, torch=torch.__version__,
        exact=shares_as_rows(figures.exact), overall=figures.overall,
        floor=errors.floor, diagonal=errors.diagonal, columns=" | ".join(f"head {head}" for head in heads),
        rules="|".join("---" for _ in heads),
        errors="\n".join(
            f"| {layer} | " + " | ".join(f"{now:.3f} / {later:.3f}" for now, later in zip(*row, strict=True)) + " |"
            for layer, row in enumerate(rows)
        ),
        nouns=len(v.NOUNS), adjectives=len(v.DESCRIBING), verbs=len(v.DOING),
        recipe=recipe_as_lines(recipe),
    )  # fmt: skip


def written_beside(folder: Path, recipe: Mapping[str, object], minutes: float) -> TranslatorFigures:
    """Measures the model in `folder` and writes figures.json and README.md there."""
    model, ids = stored_translator(folder)
    figures = evaluate.translator_figures(model, ids)
    put_beside(folder, as_markdown(model, figures, recipe, minutes), figures.as_dict(), recipe, minutes)
    return figures
