"""The families of the parity matrix: tiny random models of every kind of attention that transformers has.

Sliding windows, chunks and buckets are smaller than 20 tokens, so that they act in a short text.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

import pytest
from torch import Tensor

from tests.model.families import (
    decoders,
    encoder_decoders,
    encoders,
    hybrids,
    mixtures,
    multimodal,
    outsiders,
    refusals,
    senses,
    towers,
)

from .family import Family
from .reference import eager, maps_of, seeded

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        *encoders.FAMILIES,
        *decoders.FAMILIES,
        *mixtures.FAMILIES,
        *hybrids.FAMILIES,
        *encoder_decoders.FAMILIES,
        *senses.FAMILIES,
        *towers.FAMILIES,
        *multimodal.FAMILIES,
        *outsiders.FAMILIES,
        *refusals.FAMILIES,
    )
}

EVERY_WAY = {
    *("bert-masked-lm", "bert-classes", "albert", "gpt2", "llama-grouped", "mistral-window", "gemma2-soft-cap"),
    *("granite-sink-gate", "gpt-oss-sinks", "deepseek-v3", "qwen3-next", "jamba", "t5", "bart", "whisper", "vit"),
    *("clip", "llava-clip", "bloom", "falcon-alibi", "deberta-v2", "vilt"),
}
"""One or two families of every way that attention is computed and read."""


def others_long(names: Iterable[str]) -> list[Any]:
    """Parameters for one more question of every family: those of `EVERY_WAY` always, all others by `make test-long`.

    What is asked first of a family, its exact weights, is asked of all of them every time.
    """
    return [name if name in EVERY_WAY else pytest.param(name, marks=pytest.mark.long) for name in names]


def build(name: str) -> Any:
    """The random model of a family, the same every time."""
    return seeded(FAMILIES[name])


@cache
def reference(name: str) -> Any:
    """The same model with eager attention; always the same object."""
    return eager(FAMILIES[name])


def eager_maps(name: str, inputs: dict[str, Tensor]) -> dict[str, list[Tensor]]:
    """Part -> one map (head query key) for each layer that attends, by transformers' own eager attention."""
    return maps_of(FAMILIES[name], reference(name), inputs)


__all__ = ["EVERY_WAY", "FAMILIES", "Family", "build", "eager_maps", "others_long", "reference"]
