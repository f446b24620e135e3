"""What an answer changes with, at the embeddings of the tokens: passes in which these are given, several as one batch."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from attnwidget.engine.capture.shadow import Shadow, shadow_of
from attnwidget.engine.gradients.differentiable import (
    Score,
    differentiable,
    followed_back,
    logits_of,
    refuse_what_has_no_gradient,
)
from attnwidget.engine.inputs.several_runs import for_several_runs
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import AttnWidgetError


@dataclass(frozen=True, eq=False)
class EmbeddedTokens:
    """The tokens that a trace was read from, as the model embeds them, (token dim), before positions are added."""

    model: AttentionModel
    trace: Trace
    modules: tuple[nn.Embedding, ...]
    name: str
    values: Float[Tensor, "token dim"]
    instead: str

    @property
    def vocabulary(self) -> int:
        """How many tokens have an embedding."""
        return self.modules[0].num_embeddings

    def of(self, number: int) -> Float[Tensor, " dim"]:
        """The embedding of one token of the vocabulary."""
        ids = torch.tensor([[number]], dtype=torch.long, device=self.values.device)
        with torch.no_grad():
            return self.modules[0](ids)[0, 0]

    def gradients(
        self, texts: Float[Tensor, "text token dim"], position: int | None, score: Score
    ) -> tuple[Float[Tensor, " text"], Float[Tensor, "text token dim"]]:
        """The score of each of these texts, given as embeddings, and its gradient by them.

        Raises AttnWidgetError if the model computes something that has no gradient.
        """
        shadow = shadow_of(self.model.model)
        with differentiable(shadow):
            leaf = texts.clone().requires_grad_()
            forward = for_several_runs(self.trace.forward, len(texts))
            with self._given(leaf):
                logits = logits_of(shadow, forward, position, self.model.edited_pass(self.trace))
            scores = torch.stack([score(row) for row in logits])
            (gradient,) = followed_back(self.model, scores.sum(), [leaf], self.instead)
        return scores.detach(), gradient

    @contextmanager
    def _given(self, rows: Tensor) -> Iterator[None]:
        """Inside, the tokens are embedded as these rows."""
        ids, other = self.trace.forward[self.name], self.trace.forward.get("input_ids")
        # An encoder and a decoder may share their embedding, and begin with the encoder.
        waits = self.name != "input_ids" and other is not None and torch.equal(ids, other)
        met: list[bool] = []

        def embed(_module: Any, given: Any, named: Any, result: Tensor) -> Tensor | None:
            read = next(iter((*given, *named.values())), None)
            if not isinstance(read, Tensor) or read.shape[1:] != ids.shape[1:] or not torch.equal(read[:1], ids):
                return None
            met.append(True)
            return rows.to(result) if len(met) == 1 + waits else None

        hooks = [module.register_forward_hook(embed, with_kwargs=True) for module in self.modules]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
        if len(met) <= waits:
            raise AttnWidgetError(
                f"{self.model.name} does not read its tokens through its embedding, so no gradient reaches them. {self.instead}."
            )


def embedded_tokens(model: AttentionModel, trace: Trace, part: str | None, instead: str) -> EmbeddedTokens:
    """The embedded tokens of a trace, or of a part that reads them. Raises AttnWidgetError where there are none.

    `instead` is the end of the sentence that says that no gradient can be had.
    """
    refuse_what_has_no_gradient(model, trace, instead)
    name = "decoder_input_ids" if part == "decoder" else "input_ids"
    shadow = shadow_of(model.model)
    modules = _embeddings(shadow)
    if name not in trace.forward or not modules:
        raise AttnWidgetError(
            f"{model.name} was given no tokens to embed{'' if part is None else f' in its part {part!r}'}, so a gradient "
            f"by them cannot be had. {instead}."
        )
    with torch.inference_mode(mode=False), torch.no_grad():
        values = modules[-1 if part == "decoder" else 0](trace.forward[name].clone())[0]
    return EmbeddedTokens(model, trace, modules, name, values.clone(), instead)


def _embeddings(shadow: Shadow) -> tuple[nn.Embedding, ...]:
    """The modules that embed tokens: of the model, or of its encoder and its decoder."""
    found: dict[int, nn.Embedding] = {}
    owners = (shadow.module, *(getattr(shadow.module, name, lambda: None)() for name in ("get_encoder", "get_decoder")))
    for owner in owners:
        try:
            one = owner.get_input_embeddings()
        except (AttributeError, NotImplementedError, TypeError):
            continue
        if isinstance(one, nn.Embedding):
            found[id(one)] = one
    return tuple(found.values())
