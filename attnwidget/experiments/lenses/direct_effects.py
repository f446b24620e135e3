"""Direct logit attribution: what each layer, head and token adds to the logit of the answer."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from attnwidget.arguments import one_of
from attnwidget.engine import Additions, Block, Trace, additions, fit_index, head_named, weights
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.effects.answers import Asked, answer_of, logits_at
from attnwidget.experiments.lenses.contributions import HeadContributions, LayerContributions, TokenContributions
from attnwidget.measures.given_trace import said_setting

SPLIT_BY = ("layer", "head", "token")


def direct_effects(
    model: Any, trace: Trace, *, answer: Any = None, at: Any = None, by: Any = "head", head: Any = None
) -> LayerContributions | HeadContributions | TokenContributions:
    """What each part of the model adds to the logit of the answer, in logits: parts that sum to it.

    `by` is "layer" (attention and MLP of each), "head" (layer head) or "token" (key: what the heads carry from each token
    to the answer's position; with `head`, for example "L5H3", by that head alone). `rest` of the result names what is not
    in its numbers, for example the embedding and biases. `answer` is None (what the model says itself), a token as text or
    id, or a pair (the first rather than the second: the difference of logits); `at` is its position, the last by default.

    Direct: what a part does through later layers is not in its number, and what it adds may be undone by them. The
    division by the deviation in the norm before the head is taken from the run. Runs the model twice, whatever the number
    of heads. Raises AttnWidgetError for a model whose residual stream is no sum of what its layers add (they scale or
    norm it before), whose head is not linear or that predicts no tokens, and for an answer that is a function.
    Source: Ferrando et al. 2023 (arXiv 2305.12535), logit differences of each part; Elhage et al. 2021 for heads.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> trace = model.trace("The capital of Veldt is Miro. The capital of Veldt is")
    >>> found = aw.direct_effects(model, trace, by="head")
    >>> found.shape, abs(found.total - found.logit) < 1e-4
    ((4, 4), True)
    """
    one_of("by", by, SPLIT_BY)
    if head is not None and by != "token":
        raise AttnWidgetError('head= chooses whose tokens are counted: give it with by="token".')
    split = split_logit(model, trace, answer=answer, at=at)
    if by == "layer":
        return split.by_layer()
    return split.by_head() if by == "head" else split.by_token(head)


def split_logit(model: Any, trace: Trace, *, answer: Any = None, at: Any = None) -> "Split":
    """The logit of an answer as a sum, for any of the ways to count its parts. Raises what `direct_effects` raises."""
    asked = answer_of(model, trace, answer, at, "logit")
    if asked.function is not None:
        raise AttnWidgetError("A function of the logits cannot be split into parts. Give a token, or a pair of them.")
    return Split(trace, asked, additions(model, trace, asked.row, asked.ids))


@dataclass(frozen=True, eq=False)
class Split:
    """The logit of an answer, and the additions that it is the sum of."""

    trace: Trace
    asked: Asked
    parts: Additions

    def by_layer(self) -> LayerContributions:
        """Attention and MLP of every layer."""
        attention, mlp = self._of_layers()
        return LayerContributions(
            np.stack([attention, mlp], -1), self._recipe("each attention and MLP"), self._ends(), self._logit()
        )

    def by_head(self) -> HeadContributions:
        """Every head; the bias of the output projection belongs to none."""
        counts = self.trace.heads()
        values = np.full((len(counts), max(counts)), np.nan)
        for layer in np.flatnonzero(counts).tolist():
            values[layer, : counts[layer]] = self._of_heads(self.trace.block(layer))
        return HeadContributions(values, self._recipe("each head"), self._beside_heads(values), self._logit())

    def by_token(self, head: Any = None) -> TokenContributions:
        """What heads carry from every token, all of them or one."""
        tokens = self.trace.text
        chosen = None
        if head is not None:
            layer, number = head_named(head)
            block = self.trace.block(layer)
            chosen = (block.layer, fit_index("head", number, block.heads))
        values = np.zeros(len(tokens))
        for block in self.trace.blocks:
            if chosen is None or chosen[0] == block.layer:
                carried = self._of_tokens(block)
                values += carried.sum(0) if chosen is None else carried[chosen[1]]
        of_heads = self.by_head().values
        other = 0.0 if chosen is None else float(np.nansum(of_heads) - of_heads[chosen])
        rest = self._beside_heads(of_heads) | ({} if chosen is None else {"other heads": other})
        # What an edit gives in place of a head's output comes from no token.
        replaced = float(np.nansum(of_heads) - other - values.sum())
        if any(block.silenced for block in self.trace.blocks):
            rest["heads that edits replaced"] = replaced
        elif abs(replaced) > 1e-3 * max(1.0, float(np.abs(values).sum())):
            raise AttnWidgetError(
                f"What the heads of {self.trace.model.name} give is not the sum of what they carry from each token. Use "
                'by="head".'
            )
        whose = "all heads" if chosen is None else f"L{chosen[0]}H{chosen[1]}"
        return TokenContributions(values, self._recipe(f"each token, by {whose}"), tokens.pieces, rest, self._logit())

    def _of_layers(self) -> tuple[np.ndarray, np.ndarray]:
        direction = self.parts.direction.double()
        attention = self.parts.attention.double() @ direction
        both = self.parts.stream.double().diff(dim=0) @ direction
        return attention.numpy(), (both - attention).numpy()

    def _of_heads(self, block: Block) -> np.ndarray:
        given = self.parts.heads[block.layer]
        return np.zeros(block.heads) if given is None else (self._reads(block) * given.double()).sum(-1).numpy()

    def _of_tokens(self, block: Block) -> np.ndarray:
        """(head key) of one layer: the weight, times what the value adds to the answer."""
        if block.v is None:
            raise AttnWidgetError(f"{block!r} has no values (v), so what it carries from each token is not known.")
        reads = self._reads(block)
        values = block.v[0].double().cpu().repeat_interleave(block.heads // block.kv_heads, 0)
        own = weights(block, queries=self.asked.row)[:, 0].double()
        found = own * torch.einsum("hkd,hd->hk", values, reads)
        found[list(block.silenced)] = 0
        return found.numpy()

    def _reads(self, block: Block) -> torch.Tensor:
        """The direction of the answer as each head's output meets it (head dim)."""
        assert block.projection is not None  # noqa: S101  for the type checker: `additions` has asked
        matrices = block.projection.of_heads(block.heads).double().cpu()
        return torch.einsum("ohd,o->hd", matrices, self.parts.direction.double())

    def _beside_heads(self, of_heads: np.ndarray) -> dict[str, float]:
        attention, mlp = self._of_layers()
        biases = {"attention biases": float(attention.sum() - np.nansum(of_heads))}
        has_biases = any(
            block.projection is not None and block.projection.bias is not None for block in self.trace.blocks
        )
        return {**self._ends(), "MLPs": float(mlp.sum()), **(biases if has_biases else {})}

    def _ends(self) -> dict[str, float]:
        return {
            "embedding": float(self.parts.stream[0].double() @ self.parts.direction.double()),
            "final biases": self.parts.constant,
        }

    def _logit(self) -> float:
        return self.asked.score(logits_at(self.trace, self.asked))

    def _recipe(self, what: str) -> str:
        return (
            f"direct effect of {what} on {self.asked.recipe}, deviation of the final norm from the run"
            f"{said_setting(self.trace, None)}"
        )
