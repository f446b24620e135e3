"""The explorer: one widget, its traits, and the questions that its page asks."""

import logging
from contextlib import suppress
from typing import Any

import anywidget
from traitlets import default

from attnwidget.engine.live import LiveSession, Reading
from attnwidget.engine.load import shared
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.names import parse_head
from attnwidget.engine.trace import Trace
from attnwidget.errors import AttnWidgetError, BadRequest, EmptyText, TooLarge, TooLong
from attnwidget.frames.caret import clamped
from attnwidget.tiny import FIRST_HEAD
from attnwidget.widget.answers import Answer, about, answer, problem
from attnwidget.widget.beside import Figures
from attnwidget.widget.bundle import bundle
from attnwidget.widget.examples import examples
from attnwidget.widget.progress import progress_message, sparing
from attnwidget.widget.requests import Request, parse_request
from attnwidget.widget.shown import Shown, last_word, not_shown, presumed, refuse_without_text, seen
from attnwidget.widget.traits import Chart, Choice, Index, Part, Query, Text
from attnwidget.widget.worker import Job, worker_of

log = logging.getLogger(__name__)


class Explorer(anywidget.AnyWidget):
    """A live view of a model's attention. Traits go both ways: read, set or observe them.

    Observers may run off the main thread: the page's messages arrive on a thread of the kernel's own.
    A bad value raises AttnWidgetError and the old value stays.
    """

    _esm = bundle("explorer.js")
    _css = bundle("explorer.css")

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
    part = Part("self").tag(sync=True, echo_update=False)
    """The part of the model that reads the text: "self", "encoder" of an encoder-decoder, "text" of two towers."""
    chart = Chart(0).tag(sync=True, echo_update=False)
    """Which of the figures given to `beside` is shown, counted from 1; 0 for none."""
    view = Choice("matrix", "lines", "layers", "flow").tag(sync=True, echo_update=False)
    """What the stage shows: one map as a matrix or as lines, or the query through all layers."""

    def __init__(
        self,
        model: AttentionModel,
        text: str,
        *,
        layer: int | None = None,
        head: int = 0,
        query: Any = None,
        direction: str = "reads",
        part: str | None = None,
        view: str = "matrix",
    ) -> None:
        refuse_without_text(model)
        self._model = model
        self._shown = presumed(model)
        self._session = LiveSession(model)
        self._worker = worker_of(model.model)
        self._slot = object()
        self._figures = Figures()
        self._cut_text: str | None = None  # the text of which the page shows only the first tokens
        super().__init__()
        # Before any observer of the user's: none may see a query that the new text does not have.
        self.observe(self._keep_query_inside, "text")
        self.observe(self._keep_head_inside, "layer")
        try:
            self.text = text
            self._known()
            self.layer = self._first_layer() if layer is None else layer
            self.head, self.direction, self.view = head, direction, view
            self.part = self._shown.part if part is None else part
            self.query = last_word(model, self.text) if query is None else query
        except AttnWidgetError:
            self.close()  # ipywidgets keeps every widget that is not closed
            raise
        self.on_msg(self._on_request)

    @default("layer")
    def _first_layer(self) -> int:
        return next(iter(self._shown.attending), 0)

    @default("part")
    def _presumed_part(self) -> str:
        return self._shown.part

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
        layer = self._known().fit_layer(layer)
        if number is not None:
            self._shown.fit_head(number, layer)  # both, before either is changed
        with self.hold_sync():
            self.layer = layer
            if number is not None:
                self.head = number
        return self

    def beside(self, figure: Any) -> None:
        """Show a Bokeh figure or layout next to the stage, instead of the one before; None closes it.

        Its sources named "attnwidget.heads" (columns layer, head) and "attnwidget.tokens" (position) are linked both ways.

        >>> import attnwidget as aw
        >>> from bokeh.plotting import figure
        >>> aw.explore(text="The cat sat on the mat.").beside(figure())
        """
        self.chart = self._figures.put(figure)

    def fit(self, what: str, value: Any) -> int:
        """A layer or head as it may be kept, counted from 0. Raises AttnWidgetError for one that is not there."""
        shown = self._known()
        if not shown.heads and type(value) is int and value == 0:
            return 0  # where to begin, whatever the first text shows
        return shown.fit_layer(value) if what == "layer" else shown.fit_head(value, self.layer)

    def fit_part(self, part: Any) -> str:
        """The part as it may be kept. Raises AttnWidgetError for any that does not read the typed text."""
        if part != self._shown.part:
            raise AttnWidgetError(not_shown(part, self._shown))
        return str(part)

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
        """Take what the page has set: text and layer first, as query and head may speak of the new ones, then the rest.

        The page clamps against the text it has, which may be newer than ours, so its query is clamped and not refused.
        """
        state = dict(sorted(sync_data.items(), key=lambda item: item[0] != "layer"))
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

    def _keep_head_inside(self, change: Any) -> None:
        self.head = min(self.head, self._shown.heads[change["new"]] - 1)

    def _known(self) -> Shown:
        """What is shown; where nothing else tells how many layers and heads there are, the text is read for it."""
        if not self._shown.heads:
            # The next text will tell.
            with suppress(EmptyText, TooLarge, TooLong):
                self._read(None)
        return self._shown

    def _size(self) -> int | None:
        try:
            return len(self._model.tokens(self.text))
        except AttnWidgetError:
            return None

    def _read(self, timeout: float | None) -> Trace:
        text = self.text
        first = text == self._cut_text
        trace: Trace = self._worker.result(
            lambda stop: self._take(text, first=first, cancelled=stop).trace, topic=text, timeout=timeout
        )
        self._follow_reading()
        return trace

    def _take(self, text: str, **how: Any) -> Reading:
        """Read a text, and remember which layers and heads that showed."""
        reading = self._session.read(text, **how)
        self._shown = seen(reading.trace)
        return reading

    def _follow_reading(self) -> None:
        # What was presumed of the model need not hold. Where there is a page, it says so itself.
        part, place = self._shown.part, self._shown.nearest(self.layer, self.head)
        if (self.part, self.layer, self.head) != (part, *place):
            self.part, (self.layer, self.head) = part, place

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
            self._answer(request.id, about(self._model, self._shown, examples(self._model.facts)))
        elif request.kind in {"chart", "bokeh"}:
            self.send(*self._figures.message(request))
        else:
            if request.kind == "frame":
                self._cut_text = request.text if request.first else None
            self._worker.submit((self._slot, request.kind), self._job(request))

    def _job(self, request: Request) -> Job:
        progress = sparing(lambda done: self.send(progress_message(request.id, done, self._shown.calls)))
        return Job(
            run=lambda stop: answer(self._model, self._take, request, stop, progress),
            done=lambda result: self._answer(request.id, result),
            failed=lambda error: self._answer_error(request.id, error),
            superseded=lambda: self.send({"id": request.id, "status": "superseded"}),
            topic=request.topic,
        )

    def _answer(self, number: str, result: Answer) -> None:
        self.send({"id": number, "status": "ok", **result.content}, result.buffers)

    def _answer_error(self, number: str, error: Exception) -> None:
        if not isinstance(error, AttnWidgetError):
            log.error("attnwidget could not answer", exc_info=error)
        self.send({"id": number, "status": "error", **problem(error)})


def explore(
    model: Any = None,
    text: str | None = None,
    *,
    tokenizer: Any = None,
    layer: int | None = None,
    head: int | None = None,
    query: Any = None,
    direction: str = "reads",
    part: str | None = None,
    view: str = "matrix",
) -> Explorer:
    """A live explorer under the cell: type in its text and watch attention follow.

    `model` is anything that `aw.load` takes; without one, the bundled teaching model is shown at a head that is worth
    seeing. `layer` is by default the first that has attention, `query` (a token number or (start, stop)) the last word.
    `part` is the one that reads the text, the encoder of an encoder-decoder; there is no other choice yet. `view` is
    "matrix", "lines" or "layers". Raises AttnWidgetError for a model that cannot be loaded or reads no text, and for
    values outside it.

    >>> import attnwidget as aw
    >>> ex = aw.explore(text="The cat sat on the mat.", layer=1, head=2)
    >>> ex.trace.weights(ex.layer, ex.head).shape
    torch.Size([7, 7])
    """
    loaded = shared(model, tokenizer)
    shown = examples(loaded.facts)[0][1] if text is None else text
    if loaded.facts.teaching and layer is None and head is None:
        layer, head = FIRST_HEAD
    chosen = {"query": query, "direction": direction, "part": part, "view": view}
    return Explorer(loaded, shown, layer=layer, head=head or 0, **chosen)
