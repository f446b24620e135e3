"""q and k of the pinned head: what the Neuron view of a saved page is computed from."""

from typing import Any

import numpy as np

from attnwidget.engine import Trace
from attnwidget.errors import BadRequest
from attnwidget.export.held import EXACT
from attnwidget.frames.neuron import NeuronQuestion, compose_neuron

_FACTS = ("layer", "head", "part", "key_head", "key_heads", "group", "scale", "softcap", "sink")


def saved_neuron(trace: Trace, layer: int, head: int, part: str) -> tuple[dict[str, Any] | None, dict[str, np.ndarray]]:
    """The facts of the head and its arrays; empty for a trace without q and k, or with more than 512 tokens.

    `neuron_q` [query, dim] and `neuron_k` [key, dim] in f32; `neuron_masked` u8 [query, key]; `neuron_bias` f32 if
    something is added to the scores; `neuron_sink` f32 [query] where keys are left out, which take part in the softmax all the same.

    >>> import attnwidget as aw
    >>> facts, arrays = saved_neuron(aw.load().trace("The cat sat on the mat."), 1, 2, "self")
    >>> facts["head"], arrays["neuron_k"].shape
    (2, (7, 32))
    """
    queries, keys = (len(tokens) for tokens in trace.tokens(part))
    if max(queries, keys) > EXACT:
        return None, {}
    try:
        every = [compose_neuron(trace, NeuronQuestion(layer, head, query, part=part)) for query in range(queries)]
        whole = compose_neuron(trace, NeuronQuestion(layer, head, 0, tuple(range(keys)), part))
    except BadRequest:
        return None, {}
    arrays = {
        "neuron_q": np.stack([frame.blocks["q"] for frame in every]),
        "neuron_k": whole.blocks["k"],
        "neuron_masked": np.stack([np.isinf(frame.blocks["logit"]) for frame in every]).astype(np.uint8),
    }
    if any("bias" in frame.blocks for frame in every):
        none = np.zeros(keys, np.float32)
        arrays["neuron_bias"] = np.stack([frame.blocks.get("bias", none) for frame in every])
    if trace.block(layer, part).beyond is not None:
        # What lies behind a sound adds something else to every row.
        arrays["neuron_sink"] = np.array([frame.header["sink"] for frame in every], np.float32)
    return {name: whole.header[name] for name in _FACTS}, arrays
