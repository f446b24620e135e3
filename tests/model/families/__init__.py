"""The families of the parity matrix: tiny random models of every kind of attention that transformers has.

Sliding windows, chunks and buckets are smaller than 20 tokens, so that they act in a short text.
"""

from functools import cache
from typing import Any

from torch import Tensor

from . import decoders, encoder_decoders, encoders, hybrids, mixtures, multimodal, outsiders, refusals, senses, towers
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


__all__ = ["FAMILIES", "Family", "build", "eager_maps", "reference"]
