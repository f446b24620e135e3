"""A call of the attention function -> the block of a trace."""

from torch import Tensor

from attnwidget.engine.capture.attention_function import Call
from attnwidget.engine.capture.roles import Role
from attnwidget.engine.trace.projection import Projection
from attnwidget.engine.trace.records import Block


def block_of(call: Call, role: Role, projection: Projection | None = None) -> Block:
    """The block of one attention call, and the linear layer that its output went into."""
    size = (call.q.shape[2], call.k.shape[2])
    return Block(
        part=role.part,
        layer=role.layer,
        path=call.path,
        heads=call.q.shape[1],
        kv_heads=call.k.shape[1],
        q=call.q,
        k=call.k,
        v=call.v,
        scale=call.scale,
        softcap=call.softcap,
        sinks=call.sinks,
        mask=_over(call.mask, size),
        bias=_over(call.bias, size),
        causal=call.causal,
        projection=projection,
    )


def _over(tensor: Tensor | None, size: tuple[int, int]) -> Tensor | None:
    # Masks of padding alone have one row for all queries.
    return None if tensor is None else tensor.expand(-1, -1, *size)
