"""The words for axes, used everywhere: layer head query key dim. The query attends, the key is attended to."""

from typing import TypeAlias

from jaxtyping import Bool, Float, Int
from torch import Tensor

HeadMap: TypeAlias = Float[Tensor, "query key"]
"""One head, or one fusion of heads: how much each query reads each key."""

LayerMaps: TypeAlias = Float[Tensor, "head query key"]
"""All heads of one layer."""

LayerHeadScores: TypeAlias = Float[Tensor, "layer head"]
"""One number per head."""

TokenVector: TypeAlias = Float[Tensor, " token"]
"""One number per token."""

Queries: TypeAlias = Float[Tensor, "batch head query dim"]
Keys: TypeAlias = Float[Tensor, "batch kv_head key dim"]
Values: TypeAlias = Float[Tensor, "batch kv_head key value_dim"]
Mask: TypeAlias = Bool[Tensor, "#batch #head query key"] | Float[Tensor, "#batch #head query key"]
Bias: TypeAlias = Float[Tensor, "#batch #head query key"]
Indices: TypeAlias = Int[Tensor, " index"]
Logits: TypeAlias = Float[Tensor, "position vocabulary"]
