"""A request -> its answer. Pure but for the forward pass: no comm, no trait, no thread."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from attnwidget.engine.live import LiveSession, Reading
from attnwidget.engine.verify import LONGEST
from attnwidget.errors import BadRequest
from attnwidget.frames.caret import clamped, tokens_at
from attnwidget.frames.codec import encode_frame
from attnwidget.frames.compose import compose_frame
from attnwidget.frames.frame import Selection
from attnwidget.frames.predictions import predictions
from attnwidget.version import __version__
from attnwidget.widget.requests import Request


@dataclass(frozen=True)
class Answer:
    """The fields of an `ok` message and its buffers."""

    content: dict[str, Any]
    buffers: list[bytes] = field(default_factory=list)


def about(session: LiveSession, examples: tuple[tuple[str, str], ...]) -> Answer:
    """What the page needs to know before any text is read."""
    model = session.model
    facts = asdict(model.facts)
    config = model.model.config.get_text_config()
    described = {key: facts[key] for key in ("name", "kind", "limit", "predicts", "teaching")}
    described |= {
        "layers": config.num_hidden_layers,
        "heads": [config.num_attention_heads] * config.num_hidden_layers,
        "parts": ["self"],
        "path": "interface",
    }
    shown = [{"title": name, "text": text} for name, text in examples]
    return Answer({"about": {"version": __version__, "model": described, "examples": shown, "editable": True}})


def answer(
    session: LiveSession, request: Request, cancelled: Callable[[], bool], progress: Callable[[int], None]
) -> Answer:
    """Answer a request about a text. Raises AttnWidgetError, and Cancelled when a newer text made it pointless."""
    if request.kind == "verify":
        return _verify(session, request)
    reading = session.read(request.text, first=request.first, cancelled=cancelled, progress=progress)
    if request.kind == "predict":
        if not 0 <= request.position < len(reading.trace.text):
            raise BadRequest(f"There is no token {request.position}: the text has {len(reading.trace.text)}.")
        found = predictions(reading.trace, request.position, session.model.piece)
        return Answer({"predictions": found})
    return _frame(session, request, reading)


def _frame(session: LiveSession, request: Request, reading: Reading) -> Answer:
    text = reading.trace.text
    if request.caret is not None:
        query = tokens_at(text, *request.caret)
    else:
        query = clamped(request.query or (-1, 0), len(text))
    selection = Selection(request.layer, request.head, query, request.direction, request.source, request.part)
    frame = compose_frame(
        reading.trace,
        selection,
        session.model.piece,
        overview=request.kind == "frame",
        truncated=reading.truncated,
        traced_in=reading.milliseconds,
    )
    return Answer({}, [encode_frame(frame)])


def _verify(session: LiveSession, request: Request) -> Answer:
    if len(session.model.tokens(request.text)) > LONGEST:
        return Answer({"verify": None})
    found = session.model.verify(request.text)
    return Answer({"verify": {"error": found.error, "path": found.path}})
