"""The vectors that a probe learns from: what stands at labelled texts or places, after each layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from attnwidget.arguments import whole_number
from attnwidget.engine import AttentionModel, HiddenStates, go_on, hidden_states
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.probes.given_texts import GivenText, tokens_at
from attnwidget.experiments.probes.kept_states import KeptStates
from attnwidget.experiments.probes.labels import Labelled
from attnwidget.experiments.progress import ToldStep

POOLINGS = ("mean", "first", "last")

MOST_BYTES = 3 * 2**30
"""What the vectors may take in memory."""

EMBEDDING = "embedding"


@dataclass(frozen=True, eq=False)
class ProbedVectors:
    """`values` is (layer example dim); `kept` are the examples that have a vector, `unread` (number, reason) of texts."""

    values: np.ndarray
    names: tuple[str, ...]
    kept: tuple[Labelled, ...]
    unread: tuple[tuple[int, str], ...]


def vectors_of(
    model: AttentionModel,
    texts: Sequence[GivenText],
    examples: Sequence[Labelled],
    pooling: str,
    layers: Any,
    batch: int,
    store: KeptStates | None,
    told: ToldStep,
) -> ProbedVectors:
    """The vectors of all examples, read text by text in batches.

    Raises AttnWidgetError for layers that are not there, and for more vectors than memory is given to.
    """
    wanted = {one.text for one in examples}
    read = [text for text in texts if text.number in wanted]
    of_text: dict[int, list[int]] = {}
    for at, one in enumerate(examples):
        of_text.setdefault(one.text, []).append(at)
    values: np.ndarray | None = None
    chosen: list[int] = []
    every: tuple[str, ...] = ()
    kept: list[int] = []
    unread: list[tuple[int, str]] = []
    known = (store.known, store.keep) if store is not None else ()
    for start in range(0, len(read), batch):
        go_on()
        told(start, len(read))
        part = read[start : start + batch]
        for text, found in zip(part, hidden_states(model, [one.given for one in part], *known), strict=True):
            if isinstance(found, AttnWidgetError):
                unread.append((text.number, str(found)))
                continue
            if values is None:
                every = (EMBEDDING, *(f"L{layer}" for layer in range(len(found.values) - 1)))
                chosen = _chosen(every, layers)
                values = _room(len(chosen), len(examples), found.values.shape[-1])
            for at in of_text[text.number]:
                tokens = _tokens_of(found, text, examples[at], pooling)
                if tokens:
                    values[:, at] = found.values[chosen][:, tokens].mean(1).numpy()
                    kept.append(at)
    told(len(read), len(read))
    if values is None:
        raise AttnWidgetError(f"None of these texts could be read. Of the first: {unread[0][1]}")
    names = tuple(every[at] for at in chosen)
    return ProbedVectors(values[:, kept], names, tuple(examples[at] for at in kept), tuple(unread))


def _tokens_of(found: HiddenStates, text: GivenText, one: Labelled, pooling: str) -> list[int]:
    tokens = found.tokens
    if one.place is not None:
        places = tokens_at(tokens, text, one.place)
    elif pooling == "mean":
        places = [at for at in range(len(tokens)) if not (tokens.special[at] or tokens.padding[at])]
    else:
        places = list(range(len(tokens)))
    return places if pooling == "mean" else places[:1] if pooling == "first" else places[-1:]


def _chosen(names: Sequence[str], layers: Any) -> list[int]:
    if layers is None:
        return list(range(len(names)))
    several = layers if isinstance(layers, list | tuple | range) else [layers]
    found = []
    for one in several:
        number = whole_number(one)
        name = one if number is None else f"L{number + len(names) - 1 if number < 0 else number}"
        if name not in names:
            raise AttnWidgetError(
                f"layers={layers!r:.60}: there is no layer {one!r:.30}. Give some of {EMBEDDING!r}, 'L0' to {names[-1]!r}."
            )
        found.append(names.index(name))
    if not found:
        raise AttnWidgetError("layers= is empty. Leave it out for all layers.")
    return sorted(set(found))


def _room(layers: int, examples: int, width: int) -> np.ndarray:
    size = 4 * layers * examples * width
    if size > MOST_BYTES:
        raise AttnWidgetError(
            f"{examples:,} labels at {layers} layers of width {width:,} take {size / 2**30:.1f} GiB, and a probe is given "
            f"{MOST_BYTES / 2**30:.0f}. Choose fewer layers, for example layers=['L0', 'L5'], or fewer labels."
        )
    return np.zeros((layers, examples, width), np.float32)
