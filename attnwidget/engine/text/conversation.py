"""A text that a chat template has written -> its turns: who speaks, and where what they say stands in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from attnwidget.engine.text.chat import has_template

_SCRIPTS = (
    ("system", "user", "assistant", "user", "assistant"),
    ("user", "assistant", "user", "assistant"),
    ("system",),
    ("system", "user"),
    ("user",),
    ("user", "assistant", "tool", "assistant"),
    ("user", "user", "assistant", "assistant", "user"),
)
"""Conversations that a template is asked to write, so that its marks between any two roles are known."""

_KEPT = 256
"""Sequences of roles whose marks are kept."""


@dataclass(frozen=True)
class Turn:
    """One turn of a conversation, in code points of its text.

    What is said stands from `start` to `stop`; the template's own marks of the turn from `begin` to `start` and from
    `stop` to `end`.
    """

    role: str
    begin: int
    start: int
    stop: int
    end: int


@dataclass(frozen=True)
class Conversation:
    """A text that a chat template has written, divided into turns without gaps between them."""

    text: str
    turns: tuple[Turn, ...]

    @property
    def messages(self) -> list[dict[str, str]]:
        """The conversation as chat messages; an answer that has not begun is none."""
        said = [{"role": turn.role, "content": self.text[turn.start : turn.stop]} for turn in self.turns]
        return said[:-1] if self.waits else said

    @property
    def waits(self) -> bool:
        """Whether it ends where an answer is to begin."""
        last = self.turns[-1]
        return last.role == "assistant" and last.start == last.end


class ChatTemplate:
    """The marks that a tokenizer's chat template writes around what is said.

    They are learned, once they are needed, from conversations of placeholders. A text counts as a conversation only if the template, given its
    sequence of roles, writes exactly the marks that it has.
    """

    def __init__(self, tokenizer: Any | None) -> None:
        self._tokenizer = tokenizer
        self._around: dict[tuple[tuple[str, ...], bool], tuple[str, ...] | None] = {}

    def begins(self, text: str) -> bool:
        """Whether a text begins as this template begins, whatever follows."""
        return any(text.startswith(mark) for mark, _ in self._begins)

    def divided(self, text: str) -> Conversation | None:
        """The turns of a text; None if it is not what this template writes."""
        for mark, role in self._begins:
            if text.startswith(mark):
                # What begins an answer may be longer in the last turn than in those before it, where it is then said.
                for longest in (True, False):
                    turns = tuple(self._turns(text, role, len(mark), longest=longest))
                    if self._writes(text, turns):
                        return Conversation(text, turns)
        return None

    @cached_property
    def _known(self) -> tuple[dict[str, list[tuple[str, str]]], dict[str, list[str]]]:
        """By role: the marks that end it, with the role that they begin; and those that end it with the text."""
        then: dict[str, list[tuple[str, str]]] = {}
        ends: dict[str, list[str]] = {}
        if self._tokenizer is None or not has_template(self._tokenizer):
            return then, ends
        for roles in _SCRIPTS:
            for ready in (False, True):
                marks = self._marks(roles, ready=ready)
                if marks is None or (ready and roles[-1] == "assistant"):
                    continue
                for before, mark, role in zip(("", *roles), marks, roles, strict=False):
                    _note(then.setdefault(before, []), (mark, role))
                if ready:
                    _note(then.setdefault(roles[-1], []), (marks[-1], "assistant"))
                else:
                    _note(ends.setdefault(roles[-1], []), marks[-1])
        # What a default system prompt says is a turn of its own, rather than a part of the marks.
        then.get("", []).sort(key=lambda found: found[1] != "system")
        return then, ends

    @property
    def _begins(self) -> list[tuple[str, str]]:
        return self._known[0].get("", [])

    def _turns(self, text: str, role: str, start: int, *, longest: bool) -> Iterator[Turn]:
        """One turn after the other, each up to the next marks; `start` is where the first one's words begin."""
        sign = -1 if longest else 1
        follow, close = self._known
        begin = 0
        while True:
            found = [(text.find(mark, start), sign * len(mark), mark, then) for mark, then in follow.get(role, ())]
            at, _, mark, then = min((each for each in found if each[0] >= 0), default=(-1, 0, "", ""))
            ends = sorted(close.get(role, ()), key=len, reverse=True)
            if at < 0:
                closing = next((end for end in _and_stripped(ends) if text[start:].endswith(end)), "")
                yield Turn(role, begin, start, len(text) - len(closing), len(text))
                return
            end = at + len(next((end for end in ends if mark.startswith(end)), ""))
            yield Turn(role, begin, start, at, end)
            role, begin, start = then, end, at + len(mark)

    def _writes(self, text: str, turns: tuple[Turn, ...]) -> bool:
        """Whether the template writes these marks around these roles; the last turn may be open."""
        roles = tuple(turn.role for turn in turns)
        places = [0, *(turn.stop for turn in turns)]
        before = tuple(text[place : turn.start] for place, turn in zip(places, turns, strict=False))
        after = text[turns[-1].stop :]
        whole = self._marks(roles, ready=False)
        if whole is not None and whole[:-1] == before and after in {"", *_and_stripped([whole[-1]])}:
            return True
        asked = self._marks(roles[:-1], ready=True) if roles[-1] == "assistant" and len(roles) > 1 else None
        return asked == before and after in {"", *_and_stripped(self._known[1].get("assistant", []))}

    def _marks(self, roles: tuple[str, ...], *, ready: bool) -> tuple[str, ...] | None:
        """What the template writes before, between and after messages of these roles; None where it refuses them.

        `ready`: for an answer.
        """
        if (roles, ready) not in self._around:
            if len(self._around) >= _KEPT:
                self._around.clear()
            self._around[roles, ready] = self._written(roles, ready=ready)
        return self._around[roles, ready]

    def _written(self, roles: tuple[str, ...], *, ready: bool) -> tuple[str, ...] | None:
        said = [f"AW{number}WA" for number in range(len(roles))]
        messages = [{"role": role, "content": words} for role, words in zip(roles, said, strict=True)]
        try:
            text = str(
                self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=ready)  # type: ignore[union-attr]
            )
        except Exception:  # noqa: BLE001  templates may raise anything
            return None
        marks, place = [], 0
        for words in said:
            at = text.find(words, place)
            if at < 0 or text.count(words) > 1:
                return None  # said elsewhere, or not at all: as a system prompt that is put into the last question
            marks.append(text[place:at])
            place = at + len(words)
        return (*marks, text[place:])


def _note(known: list[Any], found: Any) -> None:
    """Add marks that can be told from what is said."""
    mark = found if isinstance(found, str) else found[0]
    if mark.strip() and found not in known:
        known.append(found)


def _and_stripped(ends: list[str]) -> list[str]:
    """The marks at the end of a text, and the same without the line break that a model does not write."""
    return [each for end in ends for each in dict.fromkeys((end, end.rstrip())) if each.strip()]
