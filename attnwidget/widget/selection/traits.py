"""The synced traits: each turns user input into one plain value, or raises and keeps the old one."""

from typing import Any, TypeVar

from traitlets import HasTraits, TraitType

from attnwidget.arguments import whole_number
from attnwidget.engine import is_chat
from attnwidget.errors import AttnWidgetError, TooLarge
from attnwidget.frames.filter import read_filter
from attnwidget.text import LARGEST_TEXT, well_formed
from attnwidget.widget.selection.changing import turn
from attnwidget.widget.selection.look import PLAIN_LOOK, FixedLook, read_look, read_part
from attnwidget.widget.selection.what_if import PLAIN_QUESTION, FixedQuestion, read_question

Kept = TypeVar("Kept")
GivenValue = TypeVar("GivenValue")


class Shared(TraitType[Kept, GivenValue]):
    """A trait that threads, links and pages change in turn; what needs a forward pass is found out before."""

    def set(self, obj: HasTraits, value: GivenValue) -> None:
        """Set a value, with all its consequences, or raise and leave everything unchanged."""
        explorer: Any = obj
        explorer.prepare({self.name: value})
        with turn(explorer):
            super().set(obj, value)


def way_on(value: Any) -> str:
    """What to do with what is no text but can be read: token ids, other inputs."""
    if value is None or isinstance(value, str | int | float):
        return ""
    return " aw.view(model.trace(...)) shows whatever else a model reads."


class Text(Shared[str, Any]):
    """A text; lone surrogates become U+FFFD, which Jupyter can carry. Chat messages become what their template writes."""

    def validate(self, obj: Any, value: Any) -> str:
        if is_chat(value) and self.name == "text":
            value = obj.chat_text(value)
        if not isinstance(value, str):
            raise AttnWidgetError(f"{self.name} must be a string, not {type(value).__name__}.{way_on(value)}")
        if len(value) > LARGEST_TEXT:
            raise TooLarge(
                f"This text has {len(value):,} characters; at most {LARGEST_TEXT:,} are accepted. Give a shorter text."
            )
        return str(obj.fit_text(self.name, well_formed(value)))


class Index(Shared[int, int]):
    """A layer or head of the model, counted from 0; negative numbers count from the end."""

    def __init__(self, what: str, **options: Any) -> None:
        super().__init__(0, **options)
        self._what = what

    def validate(self, obj: Any, value: Any) -> int:
        return int(obj.fit(self._what, value))


class Part(Shared[str, str]):
    """The part of the model that is shown."""

    def validate(self, obj: Any, value: Any) -> str:
        return str(obj.fit_part(value))


class Query(Shared[tuple[int, int], Any]):
    """A half-open range of tokens; a single number means that token, negative ones count from the end."""

    def validate(self, obj: Any, value: Any) -> tuple[int, int]:
        token = whole_number(value)
        try:
            start, stop = map(whole_number, value) if token is None else (token, token + 1)
        except (TypeError, ValueError):
            start = stop = None
        if start is None or stop is None:
            raise AttnWidgetError(f"query must be a token number or (start, stop), not {value!r}.")
        return obj.fit_query((start, stop))


class Chart(Shared[int, int]):
    """The number of the figure last given to the explorer, or 0 for none."""

    def validate(self, obj: Any, value: Any) -> int:
        return int(obj._figures.fit(value))  # noqa: SLF001  not useful in public


class ChoiceTrait(Shared[str, str]):
    """One of a few strings."""

    def __init__(self, *words: str, **options: Any) -> None:
        super().__init__(words[0], **options)
        self._words = words

    def validate(self, obj: Any, value: Any) -> str:  # noqa: ARG002  traitlets' signature
        if value not in self._words:
            raise AttnWidgetError(f"{self.name} must be one of {', '.join(map(repr, self._words))}, not {value!r}.")
        return str(value)


class HeadsTrait(Shared[tuple[tuple[int, int], ...], Any]):
    """Heads that are shown together, each (layer, head) or a name like "L5H3"; a single one needs no list."""

    def validate(self, obj: Any, value: Any) -> tuple[tuple[int, int], ...]:
        fitted: tuple[tuple[int, int], ...] = obj.fit_heads(value)
        return fitted


class Filtering(Shared[str, Any]):
    """Which weights of a row are kept, in the notation used between page and kernel."""

    def validate(self, obj: Any, value: Any) -> str:  # noqa: ARG002  traitlets' signature
        return str(read_filter(value))


class LookTrait(Shared[FixedLook, Any]):
    """All settings of how maps are shown; those that are not named stay unchanged."""

    def __init__(self, **options: Any) -> None:
        super().__init__(FixedLook(PLAIN_LOOK), **options)

    def make_dynamic_default(self) -> FixedLook:
        return FixedLook(PLAIN_LOOK)

    def validate(self, obj: Any, value: Any) -> FixedLook:
        return read_look(value, {**PLAIN_LOOK, **(obj._trait_values.get(self.name) or {})})  # noqa: SLF001  the old value


class LookPart(Shared[Any, Any]):
    """One part of the look, under its own name in Python."""

    def __init__(self, part: str, **options: Any) -> None:
        super().__init__(PLAIN_LOOK[part], **options)
        self._part = part

    def validate(self, obj: Any, value: Any) -> Any:  # noqa: ARG002  traitlets' signature
        return read_part(self._part, value)


class EditsTrait(Shared[tuple[str, ...], Any]):
    """Edits of the computation in their text form, in brackets where they are switched off."""

    def validate(self, obj: Any, value: Any) -> tuple[str, ...]:
        fitted: tuple[str, ...] = obj.fit_edits(value)
        return fitted


class QuestionTrait(Shared[FixedQuestion, Any]):
    """The answer that is asked about: what, rather than what, and at which token."""

    def __init__(self, **options: Any) -> None:
        super().__init__(FixedQuestion(PLAIN_QUESTION), **options)

    def make_dynamic_default(self) -> FixedQuestion:
        return FixedQuestion(PLAIN_QUESTION)

    def validate(self, obj: Any, value: Any) -> FixedQuestion:  # noqa: ARG002  traitlets' signature
        return read_question(value)
