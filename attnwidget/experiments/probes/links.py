"""Links between words of a text, and what every head gives each word that a link could lead to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from attnwidget.engine import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.probes.given_texts import GivenText, TextPlace, place_of, tokens_at

WordLink = tuple[TextPlace, TextPlace]
"""Where a link begins, and where it leads to."""


@dataclass(frozen=True, eq=False)
class LinkedWords:
    """The words that a link of a text could lead to.

    `weights` is (direction layer head word): what the words where the link begins give to each (reads), and get from it
    (read by); NaN for heads that a layer lacks. `right` are the words it leads to, `offsets` how many words away each is.
    """

    text: int
    weights: np.ndarray
    right: np.ndarray
    offsets: np.ndarray


def links_of(text: GivenText, given: Any) -> list[WordLink]:
    """The links of a text: pairs of places, or a mapping from one to the other. Raises AttnWidgetError for anything else."""
    pairs = list(given.items()) if isinstance(given, Mapping) else given
    if pairs is None:
        return []
    if isinstance(pairs, str) or not hasattr(pairs, "__iter__"):
        raise AttnWidgetError(f"{given!r:.60} are no links of {text.said}. Give a list of pairs (from, to) of places.")
    found = []
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise AttnWidgetError(f"{pair!r:.60} is no link of {text.said}. Give a pair of places: (from, to).")
        begin, end = (place_of(text, one) for one in pair)
        if begin[0] < end[1] and end[0] < begin[1]:
            raise AttnWidgetError(f"A link of {text.said} leads from {pair[0]!r:.40} to itself. Give two places.")
        found.append((begin, end))
    return found


def linked_words(trace: Trace, part: str | None, text: GivenText, links: list[WordLink]) -> list[LinkedWords]:
    """What every head gives the words of a text, for each link; weights to a word's pieces are summed, those of its own
    pieces averaged.
    """
    tokens = trace.tokens(part)[0]
    pieces = [tokens_at(tokens, text, place) for place in text.words]
    member = torch.zeros(len(pieces), len(tokens), dtype=torch.float32, device="cpu")
    for word, own in enumerate(pieces):
        member[word, own] = 1
    mean = member / member.sum(1, keepdim=True).clamp_min(1)
    counts = trace.heads(part)
    every = np.full((len(counts), max(counts), len(pieces), len(pieces)), np.nan, np.float32)
    for block in trace.part_blocks(part):
        maps = trace.weights(block.layer, part=part)
        every[block.layer, : block.heads] = (mean @ maps.cpu() @ member.T).numpy()
    found = []
    for begin, end in links:
        own, right = _words_in(text, begin), set(_words_in(text, end))
        others = [word for word in range(len(pieces)) if word not in own and pieces[word]]
        if not own or not right & set(others):
            continue
        weights = np.stack([every[:, :, own].mean(2)[..., others], every[:, :, :, own].mean(3)[..., others]])
        offsets = [word - (own[0] if word < own[0] else own[-1]) for word in others]
        found.append(LinkedWords(text.number, weights, np.array([word in right for word in others]), np.array(offsets)))
    return found


def _words_in(text: GivenText, place: TextPlace) -> list[int]:
    start, stop = place
    return [number for number, (begin, end) in enumerate(text.words) if begin < stop and end > start]
