"""The request "continue": the model writes on in the text, and the page hears what it has written so far."""

from collections.abc import Callable
from typing import Any

from attnwidget.engine import AttentionModel
from attnwidget.errors import BadRequest
from attnwidget.widget.answering.requests import Request
from attnwidget.widget.given import GivenModel

MOST_AT_ONCE = 512
"""The most tokens that are written in one go."""

Written = dict[str, Any]


def continued_text(
    model: AttentionModel | GivenModel, request: Request, parts: Callable[[Callable[[], Written]], None]
) -> Written:
    """What the model writes after the text, or an encoder-decoder after its target: always its likeliest token.

    It ends early, with what there is, once nobody waits for it any more. Raises what `AttentionModel.write_on` raises,
    and BadRequest for a number of tokens that is not possible.
    """
    if isinstance(model, GivenModel):
        model.refuse_editing()
    if not 1 <= request.count <= MOST_AT_ONCE:
        raise BadRequest(f"count must be from 1 to {MOST_AT_ONCE}, not {request.count}.")

    def told(text: str, tokens: int) -> None:
        parts(lambda: _told(text, tokens, ended=False))

    text, tokens = model.write_on(request.text, request.pair, request.count, edits=request.edits, told=told)
    return _told(text, tokens, ended=tokens < request.count)


def _told(text: str, tokens: int, *, ended: bool) -> Written:
    return {"continued": {"text": text, "tokens": tokens, "ended": ended}}
