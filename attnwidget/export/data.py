"""Trace + state of the explorer -> everything that a saved page answers from, as one container in the wire format."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch.nn.functional import max_pool2d

from attnwidget.engine import Texts, Trace, kept_whole
from attnwidget.errors import AttnWidgetError
from attnwidget.export.head_numbers import head_numbers, nearest_heads
from attnwidget.export.held import EXACT, Held, held
from attnwidget.export.log_scale import as_steps, least, steps_for, worst
from attnwidget.export.neuron import saved_neuron
from attnwidget.frames.axes import axes_of
from attnwidget.frames.compose import compose_frame
from attnwidget.frames.frame import Frame, Question, Selection
from attnwidget.frames.maps.readers import value_lengths
from attnwidget.frames.maps.shown_map import readers_of_units
from attnwidget.frames.maps.strip import compose_strip
from attnwidget.frames.maps.thumbnails import thumbnails
from attnwidget.frames.predictions import predictions
from attnwidget.frames.units import sides_of
from attnwidget.frames.words import CAUTIONS
from attnwidget.measures.given_trace import said_setting
from attnwidget.plots.labels import piece_label

FIXED = "Saved page: the text cannot be changed."
FIXED_PICTURE = "Saved page: the picture cannot be changed."

PICTURE_SIDE = 64
"""The most cells per side in the picture of a map that is not held whole."""

LOGITS_AT_ONCE = 2**26
"""Logits that are computed together."""

_SHARED = (
    *("tokens", "layers", "heads", "part", "parts", "path", "causal", "truncated"),
    *("notes", "turns", "edits", "refused", "pictures", "edges", "untold", "padding_share", "spoken"),
)
_FACTS = ("title", "recipe", "sinks", "peak", "stats")


@torch.no_grad()
def page_data(
    trace: Trace,
    about: Mapping[str, Any],
    traits: Mapping[str, Any],
    decode: Callable[[int], str],
    *,
    texts: Texts | None = None,
    truncated: tuple[int, int] | None = None,
    sound: bool = False,
) -> Frame:
    """The records and arrays of a saved page. Every number is one that the kernel would have sent.

    `about` is what the page knows about the model, `traits` the state of the explorer. The pinned head's map and, in
    every head, the row and column of the query are exact; other maps come in steps of a logarithmic scale. With `sound`, a sound can be
    listened to. Raises
    AttnWidgetError for a text that is too long, for cross-attention, and for weights that are NaN.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> traits = {"layer": 1, "head": 2, "query": (3, 4), "direction": "reads", "part": "self"}
    >>> page_data(model.trace("The cat sat on the mat."), {}, traits, model.piece).blocks["maps"].shape
    (16, 7, 7)
    """
    chosen = Selection(
        traits["layer"], traits["head"], tuple(traits["query"]), traits["direction"], "head", traits["part"]
    )
    if not axes_of(trace, chosen.part).square:
        own = [part for part in trace.parts if axes_of(trace, part).square]
        choose = f" Choose a self-attention part, for example {own[0]!r}, or" if own else ""
        raise AttnWidgetError(
            f"Part {chosen.part!r} is between two texts, which a page cannot hold.{choose} save the trace: "
            "ex.trace.save(path)."
        )
    keeps = held(trace, chosen.part, chosen.layer, chosen.head)
    # Predictions are computed once, not for every head.
    silent = replace(trace, model=replace(trace.model, predicts=None))
    selections = _selections(silent, chosen, keeps)
    frames = {
        name: compose_frame(silent, selection, decode, texts=texts, overview=False, truncated=truncated)
        for name, selection in selections.items()
    }
    pinned = frames[f"{chosen.layer} {chosen.head}"]
    size = len(pinned.header["tokens"]["pieces"])
    exact = size <= EXACT
    maps = torch.stack([silent.weights(*pair, chosen.part) for pair in keeps.whole])
    steps = steps_for(maps)
    norms = _norms(silent, chosen.part)
    neuron, vectors = saved_neuron(trace, chosen.layer, chosen.head, chosen.part)
    metrics, numbers = head_numbers(silent, chosen.part)
    header = {
        "about": _about(about, chosen.part, FIXED_PICTURE if trace.tokens(chosen.part)[0].pictured else FIXED),
        "traits": {**traits, "chart": 0, "view": _view(traits.get("view"))},
        "frame": {
            **{name: pinned.header[name] for name in _SHARED if name in pinned.header},
            **_heard(pinned, keeps=sound),
        },
        "query": list(chosen.query),
        "exact": [chosen.layer, chosen.head] if exact else [-1, -1],
        "held": [list(pair) for pair in keeps.whole],
        "facts": {name: _facts(frame) for name, frame in frames.items()},
        "cautions": CAUTIONS,
        "words": _words(silent, chosen, decode, texts),
        "readers": _readers(silent, chosen),
        "normless": norms if isinstance(norms, str) else None,
        "metrics": metrics,
        "similar": nearest_heads(silent, chosen.part),
        "predictions": _predictions(trace, chosen.part, size, chosen.query[1] - 1, decode),
        "sinks": _strip_sinks(silent, chosen),
        "sampled": not kept_whole(size),
        "steps": steps,
        "note": f" · saved in steps of {100 / steps:.3g} %",
        "part_note": said_setting(silent, chosen.part),
        "missing": missing(pinned, keeps),
        **({} if neuron is None else {"neuron": neuron}),
    }
    blocks = {"maps": as_steps(maps, steps), **_blocks(silent, chosen, keeps, frames, steps), **vectors}
    blocks["metrics"] = numbers
    blocks |= {f"picture {own.name}": np.frombuffer(own.encoded[0], np.uint8) for own in trace.pictures}
    blocks |= _of_sounds(trace, keeps=sound)
    return Frame(header, blocks if isinstance(norms, str) else {**blocks, "norms": norms})


def _heard(pinned: Frame, *, keeps: bool) -> dict[str, Any]:
    """The sounds of a frame, as far as the page can play them."""
    told = pinned.header.get("sounds")
    silent = {} if keeps else {"playable": False, "played": 0.0}
    return {} if told is None else {"sounds": [{**own, **silent} for own in told]}


def _of_sounds(trace: Trace, *, keeps: bool) -> dict[str, np.ndarray]:
    """The spectrograms of a trace, and what can be listened to."""
    found = {f"spectrogram {own.name}": own.picture for own in trace.sounds}
    played = {f"sound {own.name}": own.beginning for own in trace.sounds if keeps and own.beginning is not None}
    return {name: np.frombuffer(file, np.uint8) for name, file in (found | played).items()}


def precision(data: Frame) -> str:
    """The note about the numbers of a saved page: which are exact, and how far off the others can be."""
    header = data.header
    (layer, head), steps = header["exact"], header["steps"]
    one = f"Head L{layer}H{head} and what" if layer >= 0 else "What"
    nothing = f", and as 0 below {least(steps):.6f}" if least(steps) > 1e-6 else ""
    return (
        f"{one} {query_name(header['frame'], header['query'])} attends to and is attended to by are exact; other "
        f"weights are saved in steps of {100 / steps:.3g} %, at most "
        f"{100 * worst(steps):.1f} % off{nothing}; twice that where a row is divided by its sum."
    )


def query_name(frame: Mapping[str, Any], query: Any) -> str:
    """“bank” (token 4), or the first and the last of a span, as the page writes them.

    >>> query_name({"tokens": {"pieces": ["bank", " "]}}, (1, 2))
    '“␣” (token 1)'
    """
    pieces = [piece_label(piece, 40) for piece in frame["tokens"]["pieces"][slice(*query)]]
    last = query[1] - 1
    if len(pieces) == 1:
        return f"“{pieces[0]}” (token {last})"
    return f"“{pieces[0]} … {pieces[-1]}” (tokens {query[0]} to {last})"


def missing(pinned: Frame, keeps: Held) -> str:
    """The message for what was not saved."""
    header = pinned.header
    name = query_name(header, header["query"])
    what = {"all": "all heads", "layer": f"layer {header['layer']}", "head": f"L{header['layer']}H{header['head']}"}
    return (
        f"This saved page holds {what[keeps.kind]} completely; for other heads it has a small picture, and the weights "
        f"of {name}."
    )


def _about(about: Mapping[str, Any], part: str, fixed: str) -> dict[str, Any]:
    """The model as before, marked as a saved page of one part."""
    model = {**about.get("model", {}), "parts": [part]}
    return {**about, "model": model, "examples": [], "editable": False, "fixed": fixed}


def _view(name: Any) -> Any:
    """Comparing needs another text, testing many runs, and both a kernel."""
    return "matrix" if name in {"compare", "lens", "test"} else name


def _selections(trace: Trace, chosen: Selection, keeps: Held) -> dict[str, Selection]:
    """Name -> every map with facts in the file."""
    counts = trace.heads(chosen.part)
    found = {
        f"{layer} {head}": replace(chosen, layer=layer, head=head)
        for layer, count in enumerate(counts)
        for head in range(count)
    }
    whole = {layer for layer, _ in keeps.whole} if keeps.kind != "head" else set()
    found |= {f"{layer}": replace(chosen, layer=layer, source="layer") for layer in sorted(whole)}
    if len(trace.tokens(chosen.part)[0]) <= EXACT:
        found["rollout"] = replace(chosen, source="rollout")
    return found


def _facts(frame: Frame) -> dict[str, Any]:
    facts = {name: frame.header[name] for name in _FACTS}
    facts["recipe"] = facts["recipe"].partition(" · a cell is")[0]  # the page pools by itself
    return facts


def _blocks(
    trace: Trace, chosen: Selection, keeps: Held, frames: Mapping[str, Frame], steps: int
) -> dict[str, np.ndarray]:
    counts = trace.heads(chosen.part)
    size = len(trace.tokens(chosen.part)[0])
    every = [(layer, head) for layer, count in enumerate(counts) for head in range(count)]
    blocks = {
        axis: _by_head(counts, {pair: frames["{} {}".format(*pair)].blocks[block] for pair in every}, np.float32)
        for axis, block in (("rows", "row"), ("columns", "column"))
    }
    if size <= EXACT:
        blocks["exact"] = frames[f"{chosen.layer} {chosen.head}"].blocks["matrix"]
        blocks["rollout"] = as_steps(torch.from_numpy(frames["rollout"].blocks["matrix"]), steps)
    if keeps.kind != "all":
        small = {pair: as_steps(_pooled(trace.weights(*pair, chosen.part)), steps) for pair in every}
        blocks["pooled"] = _by_head(counts, small, np.uint8)
        blocks["thumbnails"] = thumbnails(trace, chosen.part)
    return blocks


def _words(trace: Trace, chosen: Selection, decode: Callable[[int], str], texts: Texts | None) -> dict[str, Any]:
    """What is shown instead of tokens when words are shown."""
    by_words = replace(chosen, words=True)
    header = compose_frame(trace, by_words, decode, texts=texts, overview=False).header
    return {"tokens": header["tokens"], "ranges": header["units"], "readers": _readers(trace, by_words)}


def _readers(trace: Trace, chosen: Selection) -> dict[str, list[int]]:
    """How many others can see each unit, in layers where other masks than causality and padding apply."""
    sides = sides_of(axes_of(trace, chosen.part), words=chosen.words)
    return {
        str(block.layer): readers_of_units(trace, replace(chosen, layer=block.layer, source="layer"), sides).tolist()
        for block in trace.part_blocks(chosen.part)
        if block.mask is not None
    }


def _norms(trace: Trace, part: str) -> np.ndarray | str:
    """(layer head key) what each head writes for each key, as a share of the maximum; the reason if that is unknown."""
    try:
        lengths = {block.layer: value_lengths(trace, block) for block in trace.part_blocks(part)}
    except AttnWidgetError as error:
        return str(error)
    counts = trace.heads(part)
    most = max(float(rows.max()) for rows in lengths.values()) or 1.0
    by_head = {
        (layer, head): (rows[head] / most).numpy() for layer, rows in lengths.items() for head in range(counts[layer])
    }
    return _by_head(counts, by_head, np.float16)


def _by_head(counts: tuple[int, ...], arrays: Mapping[tuple[int, int], np.ndarray], dtype: Any) -> np.ndarray:
    """(layer head ...) of arrays with one shape; zeros if a layer has fewer heads."""
    first = next(iter(arrays.values()))
    found = np.zeros((len(counts), max(counts), *first.shape), dtype)
    for pair, array in arrays.items():
        found[pair] = array
    return found


def _pooled(weights: torch.Tensor) -> torch.Tensor:
    factor = -(-len(weights) // PICTURE_SIDE)
    return max_pool2d(weights[None], factor, ceil_mode=True)[0]


def _predictions(trace: Trace, part: str, size: int, position: int, decode: Callable[[int], str]) -> list[Any]:
    """For every token; a single one if the whole text has one; for a long text only those of the query."""
    first = predictions(trace, part, position, decode)
    if first is None or first["position"] is None:
        return [first]
    if size > EXACT:
        return [first if at == position else None for at in range(size)]
    if trace.scores is None and size * trace.logits(0).shape[-1] <= LOGITS_AT_ONCE:
        trace = replace(trace, scores=trace.logits(slice(None)))
    return [predictions(trace, part, at, decode) for at in range(size)]


def _strip_sinks(trace: Trace, chosen: Selection) -> dict[str, list[list[int]]]:
    found = {}
    for fusion in ("mean", "max"):
        strip = compose_strip(trace, Question(chosen.query, "reads", fusion, chosen.head, chosen.part))
        found[fusion] = [list(sinks) for sinks in strip.sinks]
    return found
