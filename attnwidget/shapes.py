"""The words for axes, used everywhere: layer head query key dim. The query attends, the key is attended to."""

from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int, UInt8
from torch import Tensor

AttentionMap: TypeAlias = Float[Tensor, "query key"]
"""One head, or one fusion of heads: how much each query attends to each key."""

QueryMap: TypeAlias = Float[Tensor, "query query"]
KeyMap: TypeAlias = Float[Tensor, "key key"]
"""Of a part that reads across: the tokens that ask among themselves, and those that are read."""

LayerMaps: TypeAlias = Float[Tensor, "head query key"]
"""All heads of one layer."""

TokenVector: TypeAlias = Float[Tensor, " token"]
"""One number per token."""

Indices: TypeAlias = Int[Tensor, " index"]
Logits: TypeAlias = Float[Tensor, "position vocabulary"]

Pixels: TypeAlias = UInt8[np.ndarray, "row column channel"]
"""The colours of a picture, from the upper left corner."""

Samples: TypeAlias = Float[np.ndarray, " sample"]
"""A sound in one channel, from -1 to 1."""

Loudness: TypeAlias = UInt8[np.ndarray, "frequency time"]
"""How loud a sound is, low frequencies first."""
