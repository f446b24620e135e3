"""A survey here and on Ray: texts per second of one and of two workers of one thread each."""

import time
from itertools import islice

import torch

import attnwidget as aw
from tests.benchmarks.geometry import minilm_folder
from tests.benchmarks.report import machine, table

TEXTS = 640
BATCH = 32
WARM = 4
"""Batches that do not count: until they have come, workers are still loading torch and the model."""

WORDS = "The quick brown fox jumps over a lazy dog while seven wise old owls watch them from the trees nearby".split()


def texts():
    """Sentences of 10 to 20 words."""
    for number in range(TEXTS):
        yield " ".join(islice(WORDS, number % 11, None)) + f", for the time number {number}."


class Rate:
    """Texts per second, from the end of the first batches to that of the last."""

    def __init__(self):
        self.told = []

    def __call__(self, done, _total):
        self.told.append((done, time.perf_counter()))

    @property
    def value(self):
        (first, start) = next(told for told in self.told if told[0] >= WARM * BATCH)
        (last, end) = self.told[-1]
        return (last - first) / (end - start)


def rate(model, **options):
    heard = Rate()
    began = time.perf_counter()
    aw.survey(model, texts(), aw.entropy, controls=[], batch=BATCH, progress=heard, **options)
    return heard.value, time.perf_counter() - began


def section() -> str:
    try:
        import ray
    except ImportError:
        return 'Not measured: Ray is not installed here (`pip install "attnwidget[ray]"`).'
    model = aw.load(minilm_folder())
    torch.set_num_threads(1)
    found = {"this process": rate(model)}
    ray.init(address="local", num_cpus=2, include_dashboard=False, object_store_memory=200_000_000, log_to_driver=False)
    try:
        for workers in (1, 2):
            found[f"{workers} worker{'s' * (workers > 1)} of Ray"] = rate(
                model, engine={"name": "ray", "workers": workers}
            )
    finally:
        ray.shutdown()
    rows = [[name, f"{per_second:.0f}", f"{whole:.0f} s"] for name, (per_second, whole) in found.items()]
    return f"""The entropy of every head of all-MiniLM-L6-v2 on {TEXTS} sentences, {BATCH} at a time, one thread each. Texts per second are counted
from the {WARM}th batch on; until then a worker loads torch and gets the model. Two cores, shared with Ray's own processes, prove nothing about scale.

{table(["asked by", "texts per second", "all of it"], rows)}
{machine("ray")}
"""
