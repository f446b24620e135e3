"""What is asked about: the answer of a model at a position, and how much of it there is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from attnwidget.arguments import one_of, real_number, whole_number
from attnwidget.engine import AttentionModel, Tokens, Trace, indices
from attnwidget.errors import AttnWidgetError

ANSWER_UNITS = {"log probability": "nats", "logit": "logits", "probability": "probability"}

PAIR = 2
"""A pair: the first rather than the second."""


@dataclass(frozen=True)
class Asked:
    """An answer at a position of the text (of an encoder-decoder: of its decoder; None for a class).

    `ids` are one token or class, or two: the first rather than the second; () for a function of the logits.
    """

    position: int | None
    ids: tuple[int, ...]
    unit: str
    words: str
    function: Callable[[Tensor], Any] | None = None

    def score(self, logits: Tensor) -> float:
        """How much of the answer there is in logits (vocabulary). Raises AttnWidgetError if a function gives no number."""
        if self.function is not None:
            found = real_number(self.function(logits.clone()))
            if found is None:
                raise AttnWidgetError("The function given as the answer gave no number. It takes logits (vocabulary).")
            return found
        return float(self._value(logits))

    def in_graph(self, logits: Tensor) -> Tensor:
        """The same as a number that can be followed back. Raises AttnWidgetError for a function whose number cannot."""
        found = self._value(logits) if self.function is None else self.function(logits.clone())
        if not isinstance(found, Tensor) or found.numel() != 1 or found.grad_fn is None:
            raise AttnWidgetError(
                "The function given as the answer gave a number without a gradient. Work it out with torch from the logits "
                'that it is given, without .item() or .detach(), or measure with how="exact".'
            )
        return found.reshape(())

    def _value(self, logits: Tensor) -> Tensor:
        scale: Callable[[Tensor], Tensor] = {
            "log probability": lambda given: given.log_softmax(-1),
            "logit": lambda given: given,
            "probability": lambda given: given.softmax(-1),
        }[self.unit]
        values = scale(logits.double())
        first = values[self.ids[0]]
        return first if len(self.ids) == 1 else first - values[self.ids[1]]

    @property
    def row(self) -> int:
        """The row of the logits that the answer is read from."""
        return -1 if self.position is None else self.position

    @property
    def given(self) -> Any:
        """The answer as experiments take it: a function, a token or class, or a pair of them."""
        return self.function or (self.ids if len(self.ids) > 1 else self.ids[0])

    @property
    def recipe(self) -> str:
        """The answer, its place and its unit in words."""
        where = "" if self.position is None else f" after token {self.position}"
        return f"{self.words}{where}, in {ANSWER_UNITS[self.unit] if self.function is None else 'its own unit'}"


def answer_of(model: Any, trace: Any, answer: Any = None, at: Any = None, unit: Any = "log probability") -> Asked:
    """The answer that is asked about.

    `answer` is None (what the model says itself), a token or class as text or id, a pair of them (the first rather than
    the second), or a function of the logits (vocabulary). Of a token as text, with and without a leading space, the
    likelier one is taken; of several tokens, the first. `at` is the position, by default the last one, or the only
    masked token. Raises AttnWidgetError for what the model cannot say, and for a position that does not exist.
    """
    refuse_what_cannot_run(model, trace)
    unit = one_of("unit", unit, ANSWER_UNITS)
    if trace.model.predicts in {None, "answer span"}:
        raise AttnWidgetError(
            f"{trace.model.name} predicts no token and no class, so there is no answer to ask about. Load it with its head, "
            "for example with AutoModelForCausalLM."
        )
    position = _position(model, trace, at)
    if callable(answer):
        return Asked(position, (), unit, "the function", answer)
    logits = trace.logits(-1 if position is None else position)[0]
    if answer is None:
        ids: tuple[int, ...] = (int(logits.argmax()),)
    elif isinstance(answer, tuple | list):
        if len(answer) != PAIR:
            raise AttnWidgetError(
                f"{answer!r:.60} is not a pair. Give one answer, or two: the first rather than the second."
            )
        ids = tuple(_number(model, trace, logits, one) for one in answer)
    else:
        ids = (_number(model, trace, logits, answer),)
    words = " rather than ".join(_words(model, trace, number) for number in ids)
    return Asked(position, ids, unit, words)


def refuse_what_cannot_run(model: Any, trace: Any) -> None:
    """Raise AttnWidgetError for anything but a model and a trace."""
    if not isinstance(model, AttentionModel):
        raise AttnWidgetError(f"This needs a model to run, not {type(model).__name__}. Make one with aw.load(...).")
    if not isinstance(trace, Trace):
        raise AttnWidgetError(f"This needs a Trace, not {type(trace).__name__}. Make one with model.trace(text).")


def logits_at(trace: Trace, answer: Asked) -> Tensor:
    """The logits (vocabulary) that an answer is read from."""
    return trace.logits(answer.row)[0]


def answering_tokens(trace: Trace) -> Tokens:
    """The tokens after which the model says something: those of the text, of an encoder-decoder what its decoder reads."""
    return trace.tokens("decoder")[0] if "decoder" in trace.parts else trace.text


def _position(model: AttentionModel, trace: Trace, at: Any) -> int | None:
    if trace.model.predicts == "class":
        return None
    tokens = answering_tokens(trace)
    if at is None:
        mask = getattr(model.tokenizer, "mask_token_id", None)
        masked = [place for place, number in enumerate(tokens.ids) if number == mask]
        return masked[0] if trace.model.predicts == "this token" and len(masked) == 1 else len(tokens) - 1
    found = indices(at, len(tokens), "position")
    if len(found) != 1:
        raise AttnWidgetError(f"at={at!r:.60} is not a single position. Give one, for example -1 for the last.")
    return int(found[0])


def _number(model: AttentionModel, trace: Trace, logits: Tensor, answer: Any) -> int:
    number = whole_number(answer)
    if number is not None:
        if not 0 <= number < len(logits):
            raise AttnWidgetError(
                f"There is no answer {number}: the model chooses between {len(logits):,}, counted from 0."
            )
        return number
    if not isinstance(answer, str) or not answer:
        raise AttnWidgetError(f"{answer!r:.60} is not an answer. Give a token or class as text or number.")
    if trace.model.predicts in {"class", "label"}:
        labels = trace.model.labels
        if answer not in labels:
            raise AttnWidgetError(
                f"{answer!r} is none of this model's classes: {', '.join(labels) or 'they have no names'}."
            )
        return labels.index(answer)
    if model.tokenizer is None:
        raise AttnWidgetError(
            f"{trace.model.name} has no tokenizer, so {answer!r} is no token of it. Give the token's number."
        )
    spaced = [answer] if answer[0].isspace() else [answer, f" {answer}"]
    # Where a space is put before every text, one glued to the word before is read behind a word.
    found = [model.tokenizer(text, add_special_tokens=False)["input_ids"] for text in (*spaced, f"a{answer}")]
    whole = [one for ids in found for one in ids if model.piece(one) in spaced]
    found = found[: len(spaced)]
    firsts = whole or [ids[0] for ids in sorted(found, key=len) if ids and len(ids) == min(map(len, found))]
    if not firsts:
        raise AttnWidgetError(f"{answer!r} is no token of {trace.model.name}.")
    return max(firsts, key=lambda one: float(logits[one]))


def _words(model: AttentionModel, trace: Trace, number: int) -> str:
    labels = trace.model.labels
    return repr(labels[number] if number < len(labels) else model.piece(number))
