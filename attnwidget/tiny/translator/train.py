"""Trains tiny-translator from a seed: `python -m attnwidget.tiny.translator.train [--out FOLDER] [--texts N] [--seed N]`."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import MarianConfig, MarianMTModel

from attnwidget.tiny import BUNDLED
from attnwidget.tiny.training import Descent, command_line, descended
from attnwidget.tiny.translator import card, evaluate, tokenizer
from attnwidget.tiny.translator.evaluate import BEGIN, END_OF_TEXT, PAD, Parallel, parallel
from attnwidget.tiny.translator.language import translation


@dataclass(frozen=True)
class TranslatorRecipe:
    """All that decides the weights, apart from the machine. `shares`: kind of text -> share; `sorted_batches` are sorted by
    length at a time, so that little of a batch is padding.
    """

    seed: int = 0
    texts: int = 144_000
    batch: int = 96
    sorted_batches: int = 20
    peak: float = 2e-3
    warmup: int = 300
    decay: float = 0.01
    clip: float = 1.0
    layers: int = 3
    width: int = 96
    inner: int = 256
    spread: float = 0.1
    shares: tuple[tuple[str, float], ...] = (
        ("phrase", 0.22), ("owner", 0.18), ("action", 0.24), ("state", 0.2), ("date", 0.06), ("number", 0.1),
    )  # fmt: skip

    @property
    def steps(self) -> int:
        """Steps of one batch each."""
        return max(1, self.texts // self.batch)


def batches(recipe: TranslatorRecipe, rng: Random, ids: Mapping[str, int]) -> Iterator[Parallel]:
    """Batches without end, none of a held-out pair."""
    kinds, shares = zip(*recipe.shares, strict=True)
    while True:
        drawn = rng.choices(kinds, shares, k=recipe.batch * recipe.sorted_batches)
        texts = sorted(
            (translation(rng, kind, False) for kind in drawn), key=lambda made: (len(made.english), len(made.french))
        )
        starts = list(range(0, len(texts), recipe.batch))
        rng.shuffle(starts)
        yield from (parallel(texts[start : start + recipe.batch], ids) for start in starts)


def untrained(recipe: TranslatorRecipe, entries: int) -> MarianMTModel:
    """tiny-translator before training: as many layers read as write, 4 heads each."""
    return MarianMTModel(
        MarianConfig(
            vocab_size=entries, decoder_vocab_size=entries, max_position_embeddings=tokenizer.LONGEST_INPUT, d_model=recipe.width,
            encoder_layers=recipe.layers, decoder_layers=recipe.layers, encoder_attention_heads=4, decoder_attention_heads=4,
            encoder_ffn_dim=recipe.inner, decoder_ffn_dim=recipe.inner, activation_function="gelu", scale_embedding=True,
            dropout=0.0, init_std=recipe.spread, pad_token_id=PAD, bos_token_id=BEGIN, eos_token_id=END_OF_TEXT,
            decoder_start_token_id=BEGIN, forced_eos_token_id=None, share_encoder_decoder_embeddings=True,
            tie_word_embeddings=True, attn_implementation="sdpa",
        )
    )  # fmt: skip


def mean_loss(model: MarianMTModel, given: Parallel) -> Tensor:
    """Mean cross entropy of the words of the translation, each after all before it."""
    out = model(
        input_ids=given.source,
        attention_mask=(given.source != PAD).long(),
        decoder_input_ids=given.read,
        use_cache=False,
    )
    return cross_entropy(out.logits.flatten(0, 1), given.target.flatten(), ignore_index=PAD)


def trained(recipe: TranslatorRecipe, ids: Mapping[str, int], entries: int, every: int = 500) -> MarianMTModel:
    """The trained model, f32; prints loss and speed, and held-out figures `every` so many steps."""
    torch.manual_seed(recipe.seed)
    model = untrained(recipe, entries).train()
    given = batches(recipe, Random(f"tiny-translator {recipe.seed}"), ids)
    started = time.perf_counter()
    how = Descent(recipe.steps, recipe.peak, recipe.warmup, recipe.decay, recipe.clip)
    for done, loss in descended(model, how, lambda _step: mean_loss(model, next(given))):
        if done % 100 == 0:
            print(f"{done:6} steps  loss {loss:.4f}  {time.perf_counter() - started:.0f} s", flush=True)
        if done % every == 0:
            print(evaluate.in_one_line(evaluate.translator_figures(model, ids, count=32)), flush=True)
            model.train()
    return model.eval()


def store(model: MarianMTModel, out: Path) -> None:
    """Writes weights (f16) and tokenizer."""
    model.generation_config.update(max_length=tokenizer.LONGEST_INPUT, num_beams=1)
    model.half().save_pretrained(out)
    tokenizer.built().save_pretrained(out)


def train_translator() -> None:
    """The command line."""
    parser = command_line(
        "attnwidget.tiny.translator.train",
        __doc__,
        BUNDLED["tiny-translator"].folder,
        TranslatorRecipe(),
        "texts",
    )
    asked = parser.parse_args()
    torch.set_num_threads(1)
    recipe = TranslatorRecipe(seed=asked.seed, texts=asked.texts)
    asked.out.mkdir(parents=True, exist_ok=True)
    started = time.process_time()
    made = tokenizer.built()
    store(trained(recipe, tokenizer.ids_of_surfaces(made), len(made)), asked.out)
    figures = card.written_beside(asked.out, asdict(recipe), minutes=(time.process_time() - started) / 60)
    print(evaluate.in_one_line(figures))


if __name__ == "__main__":
    train_translator()
