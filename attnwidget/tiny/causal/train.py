"""Trains tiny-causal from a seed: `python -m attnwidget.tiny.causal.train [--out FOLDER] [--tokens N] [--seed N] [--keep N]`."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import GPT2Config, GPT2LMHeadModel

from attnwidget.tiny.causal import FOLDER, card, evaluate, rows, tokenizer
from attnwidget.tiny.training import Descent, command_line, descended, waves


@dataclass(frozen=True)
class Recipe:
    """All that decides the weights, apart from the machine. `shares`: kind of row -> share; `shapes`: (rows, length, share
    of steps), after the `early` share of the steps, which has `early_shape`.
    """

    seed: int = 0
    tokens: int = 12_000_000
    peak: float = 1.5e-3
    warmup: int = 300
    decay: float = 0.01
    clip: float = 1.0
    shifted: float = 0.5
    shares: tuple[tuple[str, float], ...] = (
        ("facts", 0.34), ("repeats", 0.30), ("two_names", 0.14), ("agreement", 0.06), ("pronouns", 0.04), ("enclosed", 0.04),
        ("story", 0.02), ("mixed", 0.06),
    )  # fmt: skip
    shapes: tuple[tuple[int, int, float], ...] = ((16, 96, 0.76), (6, 256, 0.14), (3, 512, 0.10))
    early: float = 0.15
    early_shape: tuple[int, int, float] = (32, 48, 1.0)

    @property
    def steps(self) -> int:
        """Steps of 1,536 tokens each, whatever the shape."""
        rows_, length, _ = self.shapes[0]
        return max(1, self.tokens // (rows_ * length))


@dataclass(frozen=True)
class Batch:
    """ids, positions, weights: each [row token]."""

    ids: Tensor
    positions: Tensor
    weights: Tensor


def batch(recipe: Recipe, rng: Random, ids: dict[str, int], step: int) -> Batch:
    """The batch of a step: short rows early on, where little else surrounds an answer. Half of the rows sit somewhere in the
    512 positions, so that all positions learn what the first ones do.
    """
    entries = max(ids.values()) + 1
    shapes = (recipe.early_shape,) if step < recipe.early * recipe.steps else recipe.shapes
    count, length, _ = rng.choices(shapes, [share for *_, share in shapes])[0]
    kinds = rng.choices([kind for kind, _ in recipe.shares], [share for _, share in recipe.shares], k=count)
    made = rows.stacked([rows.row(rng, kind, length, ids, entries) for kind in kinds])
    room = tokenizer.POSITIONS - length
    shifts = [rng.randint(0, room) if rng.random() < recipe.shifted else 0 for _ in range(count)]
    positions = torch.arange(length)[None] + torch.tensor(shifts)[:, None]
    return Batch(torch.from_numpy(made.ids), positions, torch.from_numpy(made.weights))


def fresh_model(entries: int) -> GPT2LMHeadModel:
    """tiny-causal before training: 4 layers x 4 heads, d = 128."""
    config = GPT2Config(
        vocab_size=entries, n_positions=tokenizer.POSITIONS, n_embd=128, n_layer=4, n_head=4, activation_function="gelu_pytorch_tanh",
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=0, eos_token_id=0, attn_implementation="sdpa",
    )  # fmt: skip
    model = GPT2LMHeadModel(config)
    for name, parameter in model.named_parameters():
        if parameter.ndim == 2:
            # GPT-2's 0.02 suits d = 768. At 128 attention would start out flat, and what tells one name from another would soon be
            # lost under what the optimizer adds to all names alike.
            parameter.data *= 5 if "wte" in name else 4
    model.transformer.wpe.weight.data = waves(tokenizer.POSITIONS, config.n_embd)
    return model


def loss_of(model: GPT2LMHeadModel, given: Batch) -> Tensor:
    """Mean cross entropy of the next tokens, weighted."""
    logits = model(given.ids[:, :-1], position_ids=given.positions[:, :-1], use_cache=False).logits
    losses = cross_entropy(logits.flatten(0, 1), given.ids[:, 1:].flatten(), reduction="none")
    weights = given.weights[:, 1:].flatten()
    return (losses * weights).sum() / weights.sum()


def kept_steps(steps: int, keep: int) -> frozenset[int]:
    """`keep` evenly spaced steps, the untrained model and the finished one among them."""
    return frozenset(round(steps * number / (keep - 1)) for number in range(keep)) if keep > 1 else frozenset()


def _keep(model: GPT2LMHeadModel, out: Path, step: int, tokens: int) -> None:
    folder = out / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    # The output matrix is the token embedding (tied) and is not stored twice.
    tensors = {
        name: t.detach().half().contiguous() for name, t in model.state_dict().items() if name != "lm_head.weight"
    }
    save_file(
        tensors,
        folder / f"step-{step:05d}.safetensors",
        metadata={"format": "pt", "step": str(step), "tokens": str(tokens)},
    )


def train(recipe: Recipe, ids: dict[str, int], out: Path, keep: int = 0, every: int = 500) -> GPT2LMHeadModel:
    """The trained model, f32; prints tokens, loss and speed, and held-out figures `every` so many steps."""
    torch.manual_seed(recipe.seed)
    rng = Random(f"tiny-causal {recipe.seed}")
    model = fresh_model(max(ids.values()) + 1)
    marked, started = kept_steps(recipe.steps, keep), time.perf_counter()
    per_step = recipe.shapes[0][0] * recipe.shapes[0][1]
    if 0 in marked:
        _keep(model, out, 0, 0)
    how = Descent(recipe.steps, recipe.peak, recipe.warmup, recipe.decay, recipe.clip)
    for done, loss in descended(model, how, lambda step: loss_of(model, batch(recipe, rng, ids, step))):
        if done % 100 == 0:
            speed = done * per_step / (time.perf_counter() - started)
            print(f"{done * per_step / 1e6:6.2f}M tokens  loss {loss:.3f}  {speed:,.0f} tokens/s", flush=True)
        if done % every == 0:
            print(evaluate.one_line(evaluate.card_figures(model, ids, count=32)), flush=True)
            model.train()
        if done in marked:
            _keep(model, out, done, done * per_step)
    return model


def finish(model: GPT2LMHeadModel, out: Path) -> None:
    """Writes weights (f16) and tokenizer, measures what was written, and writes the card from that."""
    model.half().save_pretrained(out)
    tokenizer.build().save_pretrained(out)


def main() -> None:
    """The command line."""
    parser = command_line("attnwidget.tiny.causal.train", __doc__, FOLDER, Recipe(), "tokens")
    parser.add_argument("--keep", type=int, default=0, help="keep so many evenly spaced checkpoints in OUT/checkpoints")
    asked = parser.parse_args()
    torch.set_num_threads(2)
    recipe = Recipe(seed=asked.seed, tokens=asked.tokens)
    asked.out.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    model = train(recipe, tokenizer.surface_ids(tokenizer.build()), asked.out, asked.keep)
    finish(model, asked.out)
    figures = card.write(asked.out, asdict(recipe), minutes=(time.perf_counter() - started) / 60)
    print(evaluate.one_line(figures))


if __name__ == "__main__":
    main()
