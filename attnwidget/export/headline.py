"""A text -> what stands of it in a headline: what somebody wrote, and not what a chat template wrote around it."""

import re

from attnwidget.engine import medium_named

_MARK = re.compile(r"(<\|[^<>|\s]{1,40}\|>|</?(?:s|bos|eos|start_of_turn|end_of_turn)>|\[/?INST\]|<</?SYS>>)")
"""What templates put between messages."""

_ROLE = re.compile(r"(system|developer|user|human|assistant|model|tool)\b:?\s*", re.IGNORECASE)
_WITHIN = re.compile(r"</.*|<\|(?:end_header_id|message)\|>|<</?SYS>>")
"""Marks after which it is still the same one who speaks."""

_USER = re.compile(r"(<\|)?(user|human)(\|>|\b)|\[INST\]", re.IGNORECASE)


def headline(text: str, longest: int = 80) -> str:
    r"""One line of a text; of a chat, its last message of the user; of a picture or a sound, that it is one.

    >>> headline("The cat\nsat."), headline("<|im_start|>system\nBe kind.<|im_end|><|im_start|>user\nHello!<|im_end|>")
    ('The cat sat.', 'Hello!')
    >>> headline("[INST] <<SYS>>Be kind.<</SYS>> Hello! [/INST] Hi.")
    'Hello!'
    """
    if (medium := medium_named(text)) is not None:
        return f"a {medium}"
    words = " ".join((_asked(text) or text).split())
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


def _asked(text: str) -> str:
    """The last message of the user, else the last one of anybody; "" in a text without marks."""
    parts = _MARK.split(text)
    asked = last = role = ""
    for mark, part in zip(parts[1::2], parts[2::2], strict=True):
        written = part.strip()
        said = _ROLE.match(written) if mark.startswith("<") else None
        if said is not None:
            role, written = said.group(), written[said.end() :]
        elif not _WITHIN.fullmatch(mark):
            role = mark
        last = written or last
        if mark != "<<SYS>>" and _USER.match(role):
            asked = written or asked
    return asked or last
