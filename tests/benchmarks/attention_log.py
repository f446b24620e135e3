"""What AttentionLog costs per text, beside a plain forward pass and beside `model.trace`."""

import random
import tempfile
from functools import cache
from pathlib import Path
from time import process_time
from typing import Any

import torch
from transformers import AutoModel, AutoTokenizer

import attnwidget as aw
from tests.benchmarks.geometry import minilm_folder
from tests.benchmarks.report import machine, ms, ratio, table
from tests.benchmarks.timing import alternating
from tests.benchmarks.traces import WORDS

LENGTHS = {16: 5, 128: 2}
"""Words of a text, and how often each way runs."""

TEXTS, SHARE = 10, 0.1
SMOLLM = Path(__file__).parents[2] / "build" / "real_models" / "smollm2"
"""What `python scripts/real_models.py smollm2` makes."""


@cache
def sampled(words: int) -> list[str]:
    """Texts of so many words, of which a log with this share takes exactly this share, whatever the model."""
    draw = random.Random(words)  # noqa: S311  sentences, not secrets
    taken: list[list[str]] = [[], []]
    most = round(TEXTS * (1 - SHARE)), round(TEXTS * SHARE)
    model = aw.load()
    with tempfile.TemporaryDirectory() as folder:
        log = aw.AttentionLog(f"{folder}/log.jsonl", share=SHARE)
        while tuple(map(len, taken)) != most:
            text, before = " ".join(draw.choices(WORDS, k=words)), log.written
            log(model.trace(text))
            side = int(log.written > before)
            if len(taken[side]) < most[side]:
                taken[side].append(text)
    return taken[0] + taken[1]


def measured(source: Any, words: int, runs: int, folder: str) -> list[str]:
    tokenizer = AutoTokenizer.from_pretrained(source)
    bare = AutoModel.from_pretrained(source, attn_implementation="sdpa").eval()
    model = aw.load(bare, tokenizer)
    texts = sampled(words)
    traces = [model.trace(text) for text in texts]
    given = [tokenizer(text, return_tensors="pt") for text in texts]
    logs = [aw.AttentionLog(f"{folder}/{words}-{share}.jsonl", share=share) for share in (1, SHARE)]

    def logged(log: Any) -> None:
        for _ in log.through(traces):
            pass

    ways = [
        lambda: [bare(**one) for one in given],
        lambda: [model.trace(text) for text in texts],
        lambda: logged(logs[0]),
        lambda: logged(logs[1]),
    ]
    forward, trace, every, some = (spent / TEXTS for spent in alternating(ways, runs, clock=process_time))
    if any(log.failed for log in logs) or logs[1].skipped != 9 * logs[1].written:
        raise AssertionError("not every text was logged as asked")
    size = logs[0].path.stat().st_size / logs[0].written / 1024
    ratios = [ratio(every / forward), ratio(every / trace), ratio(some / forward), ratio(some / trace)]
    tokens = round(sum(len(one.text) for one in traces) / TEXTS)
    return [str(tokens), *ratios, ms(every), ms(trace), ms(forward), f"{size:.1f} KiB"]


def section() -> str:
    sources = {"all-MiniLM-L6-v2, 6 x 12 heads": minilm_folder()}
    if SMOLLM.exists():
        sources["SmolLM2-135M, 30 x 9 heads"] = SMOLLM
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory() as folder:
            rows = [
                [name, *measured(source, words, runs, f"{folder}")]
                for name, source in sources.items()
                for words, runs in LENGTHS.items()
            ]
    finally:
        torch.set_num_threads(threads)
    columns = [
        "log / forward",
        "log / trace",
        f"share {SHARE}: log / forward",
        "log / trace",
        "log",
        "trace",
        "forward",
    ]
    return f"""What a line adds per text, on a trace at hand: four numbers of every head from one pass over its maps, and a line of JSON on the disk. With
`share={SHARE}` {SHARE:.0%} of the texts are logged, and the cost is per text that was read. Forward: the bare model, sdpa, without a head. One thread, processor time; the quickest
runs, taken in turns.

{table(["model", "tokens", *columns, "a line"], rows)}
{"" if SMOLLM.exists() else "SmolLM2 was not measured: `python scripts/real_models.py smollm2` makes it." + chr(10)}{machine()}
"""
