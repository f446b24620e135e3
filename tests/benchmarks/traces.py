"""What many texts cost in shared passes, beside one by one and beside eager attention in the same batches."""

import random
from collections.abc import Callable
from typing import Any

from transformers import AutoModel, AutoTokenizer

import attnwidget as aw
from tests.benchmarks.geometry import minilm_folder
from tests.benchmarks.report import machine, ratio, table
from tests.benchmarks.timing import alternating

TEXTS, RUNS, BATCH = 1000, 3, 32
TOKENS = 10, 40
"""The shortest and the longest sentence, with its two special tokens."""

BUDGET = 3

WORDS = (
    "the a old small river bank house market doctor child cat teacher walked sold found saw asked closed before after because "
    "while near under with without quiet yellow money letter window garden slowly never often again and but"
).split()


def sentences(count: int) -> list[str]:
    """Sentences of words that are one token each."""
    draw = random.Random(0)  # noqa: S311  sentences, not secrets
    return [" ".join(draw.choices(WORDS, k=draw.randint(TOKENS[0] - 2, TOKENS[1] - 2))) for _ in range(count)]


def ways() -> dict[str, Callable[[], Any]]:
    source = minilm_folder()
    texts, tokenizer = sentences(TEXTS), AutoTokenizer.from_pretrained(source)
    bare = AutoModel.from_pretrained(source, attn_implementation="sdpa").eval()
    eager = AutoModel.from_pretrained(source, attn_implementation="eager").eval()
    model = aw.load(bare, tokenizer)

    def batches(run: Callable[[Any], Any]) -> None:
        for start in range(0, len(texts), BATCH):
            run(tokenizer(texts[start : start + BATCH], padding=True, return_tensors="pt"))

    def consumed(traces: Any) -> None:
        for _ in traces:
            pass

    return {
        "one by one: model.trace": lambda: consumed(model.trace(text) for text in texts),
        "model.traces": lambda: consumed(model.traces(texts, batch=BATCH)),
        "eager, output_attentions, in batches": lambda: batches(lambda given: eager(**given, output_attentions=True)),
        "bare sdpa, in batches": lambda: batches(lambda given: bare(**given)),
    }


def section() -> str:
    found = ways()
    taken = dict(zip(found, alternating(list(found.values()), RUNS), strict=True))
    alone = taken["one by one: model.trace"]
    rows = [
        [name, f"{1000 * TEXTS / spent:,.0f}", ratio(alone / spent), str(BUDGET) if name == "model.traces" else ""]
        for name, spent in taken.items()
    ]
    return f"""all-MiniLM-L6-v2, {TEXTS:,} sentences of {TOKENS[0]} to {TOKENS[1]} tokens, batches of {BATCH}; the quickest runs, taken in turns. A trace has all tokens,
references to what every weight is computed from, and its own share of the batch, copied; eager attention has the maps.

{table(["way", "texts / s", "texts per second / one by one", "budget"], rows)}
{machine()}
"""
