"""How alike the tokens of a text become through the layers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from attnwidget.engine import exactly, go_on, hidden_states
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.over_texts.set_of_texts import content_of, tokens_of_set
from attnwidget.measures.results import LayerScores


@dataclass(frozen=True, eq=False, repr=False)
class Smoothing(LayerScores):
    """Mean cosine similarity of two tokens of a text after each layer: `values` is (layer), `embedding` that of the input.

    `others` (layer) is the same for tokens of different texts: what is common to all states, whatever the text.
    """

    embedding: float = float("nan")
    others: np.ndarray | None = None


@exactly()
def smoothing(
    model: Any,
    texts: Any,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Smoothing:
    """How alike the tokens of a text are after each layer, (layer): the mean cosine similarity of any two, over the texts.

    Special tokens, the first token and texts with fewer than two others do not count. 1 means that all tokens have become one;
    it is read beside the input's (`embedding`), and beside that of tokens of different texts (`others`): where both are high, all
    states share a direction, which is usual in language models; where only the first is, a text has become one vector, as in
    models that give one vector for a text. The last layer is taken after the final norm. `progress` hears (texts done, of
    how many). Costs a pass a text. Raises AttnWidgetError for texts of which none can be read, and for a model that
    gives no hidden states; Cancelled inside `stopping_when`.
    Source: Shi et al. 2022 (arXiv 2202.08625), over-smoothing in BERT by token-wise cosine similarity.

    >>> import attnwidget as aw
    >>> found = aw.smoothing(aw.load(), ["The cat sat on the mat.", "Anna lost the key."])
    >>> found.shape, bool(found[-1] < 0.9)
    ((4,), True)
    """
    every = [one for one in tokens_of_set(model, texts) if len(content_of(one)) > 1]
    if not every:
        raise AttnWidgetError("None of these texts has two words to compare. Give longer texts.")
    within, units = [], []
    for done, tokens in enumerate(every):
        go_on()
        progress(done, len(every))
        (found,) = hidden_states(model, [list(tokens.ids)])
        if isinstance(found, AttnWidgetError):
            raise found
        states = torch.nn.functional.normalize(found.values[:, content_of(tokens)], dim=-1)
        count = states.shape[1]
        units.append(states.sum(1))
        within.append(((units[-1].square().sum(-1) - count) / (count * (count - 1))).numpy())
    progress(len(every), len(every))
    means = np.mean(within, axis=0)
    # Of all pairs of texts: the square of the sum, without each text's own.
    sums = torch.stack(units) / torch.tensor(
        [[[len(content_of(one))]] for one in every], dtype=torch.float32, device="cpu"
    )
    pairs = len(every) * (len(every) - 1)
    between = (
        (sums.sum(0).square().sum(-1) - sums.square().sum(-1).sum(0)) / pairs if pairs else sums.sum((0, 2)) * np.nan
    )
    recipe = f"mean cosine similarity of two tokens of a text after each layer, {len(every)} texts; in the input {means[0]:.2f}"
    return Smoothing(means[1:].astype(np.float32), recipe, float(means[0]), between[1:].numpy())
