"""The explorer: one widget, its traits, and the questions that its page asks."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import anywidget

from attnwidget.engine.live import LiveSession
from attnwidget.engine.load import AttentionModel, shared
from attnwidget.engine.trace import Trace, fit_index, parse_head
from attnwidget.errors import AttnWidgetError, BadRequest, TooLong
from attnwidget.frames.caret import clamped
from attnwidget.tiny import EXAMPLES, FIRST_HEAD
from attnwidget.widget.answers import Answer, about, answer
from attnwidget.widget.requests import Request, parse_request
from attnwidget.widget.traits import Choice, Index, Query, Text
from attnwidget.widget.worker import Job, worker_of

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent.parent / "static"
PLAIN_EXAMPLES = (
    ("A cat on a mat", "The cat sat on the mat because it was tired."),
    ("Two banks", "The river bank was quiet, so she walked to the bank for money."),
    ("A fact in the text", "The capital of France is Paris. What is the capital of France?"),
    ("Negation", "The movie was unexpectedly not boring."),
)
PROGRESS_EVERY = 0.1
"""Seconds between two progress messages; a pass that is quicker than this sends none."""


def _bundle(name: str) -> Path:
    path = STATIC / name
    if not path.is_file():
        raise AttnWidgetError(
            f"The page's bundle {name} is missing from this installation. In a checkout, `make js` builds it; "
            "elsewhere, reinstall attnwidget."
        )
    return path


class Explorer(anywidget.AnyWidget):
    """A live view of a model's attention. Traits go both ways: read, set or observe them.

    Observers may run off the main thread: the page's messages arrive on a thread of the kernel's own.
    A bad value raises AttnWidgetError and the old value stays.
    """

    _esm = _bundle("explorer.js")
    _css = _bundle("explorer.css")

    text = Text("").tag(sync=True, echo_update=False)
    """The text in the editor."""
    layer = Index("layer").tag(sync=True, echo_update=False)
    """The chosen layer, from 0."""
    head = Index("head").tag(sync=True, echo_update=False)
    """The chosen head, from 0."""
    query = Query((0, 1)).tag(sync=True, echo_update=False)
    """The tokens asked about, (start, stop); a single number is accepted."""
    direction = Choice("reads", "read_by").tag(sync=True, echo_update=False)
    """Whether colour shows what the query reads, or what reads it."""
    part = Choice("self").tag(sync=True, echo_update=False)
    """The kind of attention."""

    def __init__(
        self,
        model: AttentionModel,
        text: str,
        *,
        layer: int = 0,
        head: int = 0,
        query: Any = None,
        direction: str = "reads",
    ) -> None:
        self._model = model
        self._session = LiveSession(model)
        self._worker = worker_of(model.model)
        self._slot = object()
        self._cut_text: str | None = None  # the text of which the page shows only the first tokens
        super().__init__()
        # Before any observer of the user's: none may see a query that the new text does not have.
        self.observe(self._keep_query_inside, "text")
        try:
            self.text = text
            self.layer, self.head, self.direction = layer, head, direction
            self.query = self._last_word() if query is None else query
        except AttnWidgetError:
            self.close()  # ipywidgets keeps every widget that is not closed
            raise
        self.on_msg(self._on_request)

    def __repr__(self) -> str:
        shown = self.text if len(self.text) <= 40 else f"{self.text[:39]}…"
        return f"Explorer({self._model.name}, {shown!r}, layer {self.layer}, head {self.head})"

    @property
    def model(self) -> AttentionModel:
        """The model that is looked at."""
        return self._model

    @property
    def trace(self) -> Trace:
        """The trace of the newest text; waits until it has been read, with or without a page.

        Raises AttnWidgetError when the text cannot be read.
        """
        return self._read(None)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the newest text has been read, or has failed to be. False when the time (seconds) runs out."""
        try:
            self._read(timeout)
        except TimeoutError:
            return False
        except AttnWidgetError:
            return True  # it has been tried; ex.trace says what is wrong
        return True

    def show(self, head: str) -> "Explorer":
        """Choose a head by its name, `ex.show("L5H3")`, or a layer, `ex.show("L5")`. Returns the explorer."""
        layer, number = parse_head(head)
        for what, index in (("layer", layer), ("head", number)):
            if index is not None:
                fit_index(what, index, self.count(what))  # both, before either is changed
        with self.hold_sync():
            self.layer = layer
            if number is not None:
                self.head = number
        return self

    def count(self, what: str) -> int:
        """How many layers, or heads in a layer, the model has."""
        config = self._model.model.config.get_text_config()
        return int(config.num_hidden_layers if what == "layer" else config.num_attention_heads)

    def fit_query(self, query: tuple[int, int]) -> tuple[int, int]:
        """A query as it may be kept: counted from 0 and inside the text. Raises AttnWidgetError for one outside."""
        start, stop = query
        size = self._size()
        if size is None:
            return (max(0, start), max(1, stop, start + 1))
        if not (-size <= start < size) or (start >= 0 and not start < stop <= size):
            raise AttnWidgetError(f"There are no tokens {start} to {stop}: the text has {size}, counted from 0.")
        return clamped(query, size)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the page has set: the text first, as a query may speak of the new one, then the rest.

        The page clamps against the text it has, which may be newer than ours, so its query is clamped and not refused.
        """
        state = dict(sync_data)
        if "text" in state:
            super().set_state({"text": state.pop("text")})
        query, size = state.get("query"), self._size() if "query" in state else None
        if size is not None and isinstance(query, list) and [type(item) for item in query] == [int, int]:
            state["query"] = clamped((query[0], query[1]), size)
        super().set_state(state)

    def _keep_query_inside(self, _change: Any) -> None:
        size = self._size()
        if size is not None:
            self.query = clamped(self.query, size)

    def _size(self) -> int | None:
        try:
            return len(self._model.tokens(self.text))
        except AttnWidgetError:
            return None

    def _last_word(self) -> tuple[int, int]:
        try:
            special = self._model.tokens(self.text).special
        except AttnWidgetError:
            return 0, 1
        last = max((i for i, mark in enumerate(special) if not mark), default=0)
        return last, last + 1

    def _read(self, timeout: float | None) -> Trace:
        text = self.text
        first = text == self._cut_text
        if self._worker.here:
            return self._session.read(text, first=first).trace
        ended = threading.Event()
        outcome: list[Any] = []

        def end(result: Any) -> None:
            outcome.append(result)
            ended.set()

        # Of its own slot: several cells may wait at once, and none may supersede another.
        slot = (self._slot, "trace", object())
        job = Job(lambda stop: self._session.read(text, first=first, cancelled=stop).trace, end, end, ended.set, text)
        self._worker.submit(slot, job)
        if not ended.wait(timeout):
            raise TimeoutError
        if isinstance(outcome[0], Exception):
            raise outcome[0]
        return outcome[0]

    def _on_request(self, _widget: Any, content: Any, _buffers: Any) -> None:
        try:
            request = parse_request(content)
        except BadRequest as error:
            number = content.get("id") if isinstance(content, dict) else None
            log.warning("attnwidget dropped a message: %s", error)
            if isinstance(number, str):
                self._answer_error(number, error)
            return
        if request.kind == "about":
            self._answer(request.id, about(self._session, self._examples()))
            return
        if request.kind == "frame":
            self._cut_text = request.text if request.first else None
        self._worker.submit((self._slot, request.kind), self._job(request))

    def _job(self, request: Request) -> Job:
        progress = self._progress(request.id)
        return Job(
            run=lambda stop: answer(self._session, request, stop, progress),
            done=lambda result: self._answer(request.id, result),
            failed=lambda error: self._answer_error(request.id, error),
            superseded=lambda: self.send({"id": request.id, "status": "superseded"}),
            topic=(request.text, request.first),
        )

    def _answer(self, number: str, result: Answer) -> None:
        self.send({"id": number, "status": "ok", **result.content}, result.buffers)

    def _answer_error(self, number: str, error: Exception) -> None:
        content: dict[str, Any] = {"id": number, "status": "error", "code": "failed", "message": str(error)}
        if isinstance(error, AttnWidgetError):
            content["code"] = error.code
        else:
            log.error("attnwidget could not answer", exc_info=error)
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            content["message"] = f"This text could not be read: {reason} The kernel's log has the details."
        if isinstance(error, TooLong):
            content |= {"tokens": error.tokens, "limit": error.limit}
        self.send(content)

    def _progress(self, number: str) -> Callable[[int], None]:
        total = self.count("layer")
        said = monotonic()

        def progress(done: int) -> None:
            nonlocal said
            if monotonic() - said > PROGRESS_EVERY:
                said = monotonic()
                self.send({"id": number, "status": "progress", "done": done, "total": total})

        return progress

    def _examples(self) -> tuple[tuple[str, str], ...]:
        return EXAMPLES if self._model.facts.teaching else PLAIN_EXAMPLES


def explore(
    model: Any = None,
    text: str | None = None,
    *,
    tokenizer: Any = None,
    layer: int | None = None,
    head: int | None = None,
    query: Any = None,
    direction: str = "reads",
) -> Explorer:
    """A live explorer under the cell: type in its text and watch attention follow.

    `model` is anything that `aw.load` takes; without one, the bundled teaching model is shown at a head that is worth
    seeing. `query` is a token number or (start, stop), by default the last word. Raises AttnWidgetError for a model
    that cannot be loaded or read, and for values outside it.

    >>> import attnwidget as aw
    >>> ex = aw.explore(text="The cat sat on the mat.", layer=1, head=2)
    >>> ex.trace.weights(ex.layer, ex.head).shape
    torch.Size([7, 7])
    """
    loaded = shared(model, tokenizer)
    if loaded.tokenizer is None:
        raise AttnWidgetError(
            f"{loaded.name} came without a tokenizer, and the explorer shows what is typed. "
            "Pass one: aw.explore(model, text, tokenizer=tokenizer)."
        )
    teaching = loaded.facts.teaching
    shown = (EXAMPLES if teaching else PLAIN_EXAMPLES)[0][1] if text is None else text
    best = FIRST_HEAD if teaching and layer is None and head is None else (0, 0)
    return Explorer(
        loaded,
        shown,
        layer=best[0] if layer is None else layer,
        head=best[1] if head is None else head,
        query=query,
        direction=direction,
    )
