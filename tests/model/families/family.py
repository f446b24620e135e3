"""What a family of the parity matrix is, and the inputs that its members read."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import transformers
from packaging.version import Version
from torch import Tensor

VOCABULARY = 100
POSITIONS = 300
PAD, BOS, EOS = 0, 1, 2

NEWEST = Version("5.23")
"""The release of transformers that `Family.path` speaks of. Older ones have fewer families in the interface."""
INSTALLED = Version(transformers.__version__)
NAMES = frozenset(dir(transformers))  # without importing what has them

SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
}
"""What most configurations call these things."""

TEXT = {**SIZES, "max_position_embeddings": POSITIONS, "pad_token_id": PAD, "bos_token_id": BOS, "eos_token_id": EOS}

Inputs = Callable[[int], dict[str, Tensor]]


@dataclass(frozen=True)
class Family:
    """One tiny configuration, and what is promised of it.

    `path` is how its attention can be read with the newest transformers: "interface", "eager" or "refused". `maps`
    says where transformers shows each part's maps: an attribute of the output ("cross_attentions",
    "text_model_output.attentions"), or "within:<pattern>" for what eager attention computes for the modules of that
    name, where the output does not carry it, or "inner:<module>.<field>" for what a module of the model returns. `layers` are the true numbers of the layers that attend, where not all
    do. `gain` multiplies every matrix, so that attention is far from uniform. `calls` is how often a layer asks for
    the same weights. `newer` says why a transformers older than the newest cannot be the judge, where it cannot.
    """

    name: str
    model: str
    options: Mapping[str, Any]
    path: str
    inputs: Inputs
    maps: Mapping[str, str]
    tolerance: float
    layers: Mapping[str, tuple[int, ...]] | None
    gain: float
    calls: int
    newer: str

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.maps)

    def known(self) -> bool:
        """Whether the installed transformers has this model and can show its maps; old ones lack some."""
        return self.model in NAMES and (not self.newer or INSTALLED >= NEWEST)

    def build(self, **attention: str) -> Any:
        """The model as its own initialisation leaves it."""
        kind = getattr(transformers, self.model)
        # Configurations take apart what they are given.
        return kind._from_config(kind.config_class(**copy.deepcopy(dict(self.options))), **attention)


def text(tokens: int) -> dict[str, Tensor]:
    """Forward inputs of a text."""
    return {"input_ids": ids(tokens)}


def text_and_target(tokens: int) -> dict[str, Tensor]:
    """Forward inputs of an encoder-decoder; the target is shorter than the source, so that cross maps are not square."""
    return {"input_ids": ids(tokens), "decoder_input_ids": ids(tokens // 2 + 1, seed=8)}


def ids(tokens: int, seed: int = 7) -> Tensor:
    return torch.randint(3, VOCABULARY, (1, tokens), generator=torch.Generator().manual_seed(seed))


def noise(*shape: int, seed: int = 9) -> Tensor:
    """Pixels, sounds and spectrograms: standard normal."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def image(size: int = 24) -> Inputs:
    """Forward inputs of one square image, whatever the number of tokens."""
    return lambda _tokens: {"pixel_values": noise(1, 3, size, size)}


def family(
    name: str,
    model: str,
    /,
    *,
    path: str = "interface",
    inputs: Inputs = text,
    maps: Mapping[str, str] | None = None,
    tolerance: float = 1e-5,
    layers: Mapping[str, tuple[int, ...]] | tuple[int, ...] | None = None,
    gain: float = 10.0,
    calls: int = 1,
    newer: str = "",
    **options: Any,
) -> Family:
    """A family with the usual answers filled in. A bare tuple of `layers` is that of the only part."""
    where = {"self": "attentions"} if maps is None else maps
    if isinstance(layers, tuple):
        layers = {next(iter(where)): layers}
    if path == "refused":
        where = {}
    return Family(name, model, options, path, inputs, where, tolerance, layers, gain, calls, newer)


outside = partial(family, path="eager")
refused = partial(family, path="refused")

ENCODER_DECODER = {"encoder": "encoder_attentions", "decoder": "decoder_attentions", "cross": "cross_attentions"}
TWO_TOWERS = {"text": "text_model_output.attentions", "vision": "vision_model_output.attentions"}
