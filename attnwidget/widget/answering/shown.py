"""What an explorer shows of a model: one of its parts, with its layers and heads."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from attnwidget.engine import (
    AttentionModel,
    Conversation,
    Tokens,
    Trace,
    fit_index,
    forward_names,
    kept_of,
    parse_head,
    towers_of,
)
from attnwidget.errors import AttnWidgetError, BadRequest
from attnwidget.frames.axes import axes_of
from attnwidget.frames.frame import MOST_HEADS, HeadName
from attnwidget.measures.places import words_said
from attnwidget.widget.given import GivenModel

READING = ("self", "encoder", "text")
"""The names of parts with square maps over the typed text: shown by default."""

WRITING = ("decoder", "cross")
"""The parts of an encoder-decoder besides its encoder."""


@dataclass(frozen=True)
class Shown:
    """`heads` of every layer of `part`, 0 for a layer without attention, () if unknown before a forward pass.

    `calls` is the number of attention calls in a whole forward pass, over all parts; 0 if unknown. `parts` has the
    heads of every part that can be shown.
    """

    part: str
    heads: tuple[int, ...]
    calls: int
    parts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def of(self, part: str) -> "Shown":
        """The same for another part; unchanged if there is no such part.

        >>> Shown("encoder", (4,), 3, {"encoder": (4,), "cross": (2, 2)}).of("cross").heads
        (2, 2)
        """
        return replace(self, part=part, heads=self.parts[part]) if part in self.parts else self

    def fit_part(self, value: Any) -> str:
        """A valid part. Raises AttnWidgetError for one that cannot be shown."""
        if not isinstance(value, str) or value not in (self.parts or (self.part,)):
            raise AttnWidgetError(not_shown(value, self))
        return value

    def asked(self, part: str) -> "Shown":
        """The part that a page asks for; the page may not know its name yet. Raises BadRequest for any other."""
        if part in READING and part not in self.parts:
            return self
        if part not in self.parts:
            raise BadRequest(not_shown(part, self))
        return self.of(part)

    @property
    def attending(self) -> tuple[int, ...]:
        """The numbers of the layers that have attention.

        >>> Shown("self", (0, 4, 0, 4), 2).attending
        (1, 3)
        """
        return tuple(layer for layer, heads in enumerate(self.heads) if heads)

    def nearest(self, layer: int, head: int) -> tuple[int, int]:
        """The layer with attention nearest to `layer`, the lower of two; and `head` brought inside it.

        >>> Shown("self", (0, 4, 0, 4), 2).nearest(0, 9), Shown("self", (0, 4, 0, 4), 2).nearest(2, 1)
        ((1, 3), (1, 1))
        """
        found = min(self.attending, key=lambda number: (abs(number - layer), number))
        return found, min(max(head, 0), self.heads[found] - 1)

    def has(self, head: HeadName) -> bool:
        """Whether a head exists.

        >>> Shown("self", (0, 4), 1).has((1, 3)), Shown("self", (0, 4), 1).has((0, 0))
        (True, False)
        """
        return 0 <= head[0] < len(self.heads) and 0 <= head[1] < self.heads[head[0]]

    def fit_layer(self, value: Any) -> int:
        """A valid layer, counted from 0. Raises AttnWidgetError for one that cannot be shown."""
        layer = fit_index("layer", value, self._count())
        if not self.heads[layer]:
            there = ", ".join(map(str, self.attending))
            raise AttnWidgetError(f"Layer {layer} has no attention. Choose one of the layers {there}.")
        return layer

    def fit_head(self, value: Any, layer: int) -> int:
        """A valid head of a layer, counted from 0. Raises AttnWidgetError for one that does not exist."""
        self._count()
        return fit_index("head", value, self.heads[layer])

    def fit_heads(self, value: Any) -> tuple[HeadName, ...]:
        """Valid heads to show together, each once. Raises AttnWidgetError if one does not exist, or for none at all.

        >>> Shown("self", (4, 4), 2).fit_heads(["L0H1", (1, -1), (0, 1)])
        ((0, 1), (1, 3))
        """
        named = [value] if isinstance(value, str) else value
        if not isinstance(named, list | tuple) or not named:
            raise AttnWidgetError(
                f"heads={value!r} is not valid: give at least one head, for example ['L1H2', (1, 3)]."
            )
        # A pair of numbers is one head.
        if len(named) == 2 and all(hasattr(item, "__index__") for item in named):
            named = [named]
        found = tuple(dict.fromkeys(self._fit_named(item) for item in named))
        if len(found) > MOST_HEADS:
            raise AttnWidgetError(f"{len(found)} heads are too many to show together. Give at most {MOST_HEADS}.")
        return found

    def _fit_named(self, item: Any) -> HeadName:
        layer, head = parse_head(item) if isinstance(item, str) else _pair(item)
        if head is None:
            raise AttnWidgetError(f"{item!r} is a layer. Name heads like 'L5H3', or set source to 'layer'.")
        layer = self.fit_layer(layer)
        return layer, self.fit_head(head, layer)

    def _count(self) -> int:
        if not self.heads:
            raise AttnWidgetError("The number of layers and heads is known after the first text. Give a text first.")
        return len(self.heads)


def _pair(item: Any) -> tuple[Any, Any]:
    if isinstance(item, list | tuple) and len(item) == 2:
        return item[0], item[1]
    raise AttnWidgetError(f"{item!r} is not a head. Give (layer, head), or a name like 'L5H3'.")


def presumed(model: AttentionModel) -> Shown:
    """What will be shown, as far as known before the first forward pass."""
    heads, part = model.facts.heads, _presumed_part(model)
    others = WRITING if model.facts.kind == "encoder-decoder" else ()
    return Shown(part, heads, sum(count > 0 for count in heads), {part: heads, **dict.fromkeys(others, ())})


def _presumed_part(model: AttentionModel) -> str:
    if model.facts.kind == "encoder-decoder":
        return "encoder"
    return "text" if towers_of(model.model) else "self"


def seen(trace: Trace) -> Shown:
    """What can be shown of a trace, starting with the part for the text."""
    part = next((name for name in trace.parts if name in READING), trace.parts[0])
    return Shown(part, trace.heads(part), len(trace.blocks), {name: trace.heads(name) for name in trace.parts})


def query_tokens(model: AttentionModel | GivenModel, text: str, pair: str, part: str, direction: str) -> Tokens:
    """The tokens that a query refers to. Raises AttnWidgetError if the texts cannot be encoded."""
    if isinstance(model, GivenModel):
        return axes_of(model.given, part).asked(direction)
    texts = model.sequences(text, pair)
    writes = part == "decoder" or (part == "cross" and direction == "reads")
    asked = texts.get("target" if writes and "target" in texts else "text")
    if asked is None:
        raise AttnWidgetError("The tokens of a picture or a sound are known once it is read.")
    return asked[: kept_of(asked)]


def last_word(tokens: Tokens) -> tuple[int, int]:
    """The last token with a letter or a digit, as a query; without any, the last that is not special.

    Of a picture, the token that stands for all of it, or else the patch in its middle; of a sound, its middle.
    """
    if tokens.sounded:
        return len(tokens) // 2, len(tokens) // 2 + 1
    if tokens.places:
        first = next((token for token, place in enumerate(tokens.places) if place is None), len(tokens) // 2)
        return first, first + 1
    last = words_said(tokens)[-1]
    return last, last + 1


def last_said(tokens: Tokens, chat: Conversation) -> tuple[int, int]:
    """The last token of the last turn, as a query; where an answer is to begin, the one that it follows."""
    last = chat.turns[-1]
    place = max(last.start, last.stop)
    found = max((at for at, (start, _) in enumerate(tokens.spans) if 0 <= start < place), default=0)
    return found, found + 1


def not_shown(asked: object, shown: Shown) -> str:
    """The error for a part that cannot be shown."""
    parts = " or ".join(map(repr, shown.parts or (shown.part,)))
    return f"part must be {parts}, not {asked!r}."


def refuse_what_reads_neither(model: AttentionModel) -> None:
    """Raise AttnWidgetError for a model that takes neither text, pictures nor sounds, or was loaded without what reads them."""
    if model.medium is not None:
        model.refuse_without_processor()
        return
    takes = forward_names(model.model)
    if takes is not None and "input_ids" not in takes:
        raise AttnWidgetError(
            f"{model.name} takes {getattr(model.model, 'main_input_name', 'no text')}, but the explorer shows typed "
            "text, a picture or a sound. Use aw.load(model).trace({...}) with the processor's output."
        )
    if model.tokenizer is None:
        raise AttnWidgetError(
            f"{model.name} was loaded without a tokenizer, but the explorer shows typed text. Pass one: "
            "aw.explore(model, text, tokenizer=tokenizer)."
        )
