"""The explorer: one widget, its traits, and the questions that its page asks."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import anywidget
from traitlets import TraitError, default

from attnwidget.engine.live import LiveSession, Reading
from attnwidget.engine.load import shared
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.names import parse_head
from attnwidget.engine.second import second_of
from attnwidget.engine.trace import Trace
from attnwidget.errors import AttnWidgetError, BadRequest, EmptyText, TooLarge, TooLong
from attnwidget.frames.caret import clamped
from attnwidget.tiny import FIRST_HEAD
from attnwidget.widget.answers import Answer, about, answer, frame_of, problem
from attnwidget.widget.beside import Figures
from attnwidget.widget.bundle import bundle
from attnwidget.widget.examples import examples
from attnwidget.widget.given import GivenModel
from attnwidget.widget.link import Link, linked_names
from attnwidget.widget.look import PLAIN
from attnwidget.widget.progress import progress_message, sparing
from attnwidget.widget.requests import BACKGROUND, Request, parse_request
from attnwidget.widget.saving import page_name, page_of, write_page
from attnwidget.widget.shown import Shown, asked_of, last_word, presumed, refuse_without_text, seen
from attnwidget.widget.snapshot import Snapshot, snapshot_of
from attnwidget.widget.state import checked_state, model_of, request_of, state_of, unsaid
from attnwidget.widget.traits import Chart, Choice, Filtering, Heads, Index, Look, LookPart, Part, Query, Text
from attnwidget.widget.worker import Job, worker_of

log = logging.getLogger(__name__)

STILL = 0.3
"""Seconds that the display of a cell may wait for the picture that stays when the kernel is gone."""


class Explorer(anywidget.AnyWidget):
    """A live view of a model's attention. Traits go both ways: read, set or observe them.

    Observers may run off the main thread: the page's messages arrive on a thread of the kernel's own.
    A bad value raises AttnWidgetError and the old value stays.
    """

    _esm = bundle("explorer.js")
    _css = bundle("explorer.css")

    text = Text("").tag(sync=True, echo_update=False)
    """The text in the editor."""
    pair = Text("").tag(sync=True, echo_update=False)
    """The second text, "" for none: of a sentence pair, or what the decoder of an encoder-decoder reads (`target`)."""
    layer = Index("layer").tag(sync=True, echo_update=False)
    """The chosen layer, from 0."""
    head = Index("head").tag(sync=True, echo_update=False)
    """The chosen head, from 0."""
    query = Query((0, 1)).tag(sync=True, echo_update=False)
    """The tokens asked about, (start, stop); a single number is accepted.

    In a part that reads another text they are tokens that read, or with "read_by" tokens that are read.
    """
    direction = Choice("reads", "read_by").tag(sync=True, echo_update=False)
    """Whether colour shows what the query reads, or what reads it."""
    part = Part("self").tag(sync=True, echo_update=False)
    """The part of the model on show: "self"; "encoder", "decoder" and "cross"; "text" of two towers."""
    chart = Chart(0).tag(sync=True, echo_update=False)
    """Which of the figures given to `beside` is shown, counted from 1; 0 for none."""
    view = Choice("matrix", "lines", "layers", "flow", "neuron", "model", "compare").tag(sync=True, echo_update=False)
    """What the stage shows: one map, the query through all layers, what flows into it, or how its weights come about."""
    heads = Heads().tag(sync=True, echo_update=False)
    """The heads that are looked at together, ((layer, head), ...), (layer, head) among them. Names such as "L5H3" are
    accepted; the last one becomes the chosen head."""
    filter = Filtering("auto").tag(sync=True, echo_update=False)
    """Which weights of a row are kept: "auto", "all", "70 %" of the mass, "top 5", or a least weight such as 0.01."""
    look = Look().tag(sync=True, echo_update=False)
    """How maps are shown, all of it: the seven traits below as a dictionary."""
    source = LookPart("source")
    """Which map is shown: "head" (the chosen ones), "layer" (all of the layer's heads) or "rollout" (all layers)."""
    fusion = LookPart("fusion")
    """What several heads become: their "mean", or "max", the largest of them."""
    words = LookPart("words")
    """Whether words are shown instead of their pieces: sums over a word's keys, means over its queries."""
    sinks = LookPart("sinks")
    """What becomes of sinks: "show", "hide", or "renormalise" what is left of each row."""
    weight = LookPart("weight")
    """What is shown of a pair: its "attention", or attention weighted by the value's "norm"."""
    layers = LookPart("layers")
    """What the heads of each layer become in the view "layers": their "mean", the chosen one ("single"), or "max"."""
    against = LookPart("against")
    """The text that is held, with which the view "compare" compares the one in the editor; "" for none."""

    def __init__(
        self,
        model: AttentionModel | GivenModel,
        text: str,
        *,
        pair: str = "",
        layer: int | None = None,
        head: int = 0,
        query: Any = None,
        direction: str = "reads",
        part: str | None = None,
        view: str = "matrix",
        heads: Any = None,
        filter: Any = "auto",  # noqa: A002  the trait's name
        look: Any = None,
        **parts: Any,
    ) -> None:
        if isinstance(model, GivenModel):
            self._shown = seen(model.given)
        else:
            refuse_without_text(model)
            self._shown = presumed(model)
        self._model = model
        self._session = LiveSession(model)
        self._worker = worker_of(model.model)
        self._slot = object()
        self._figures = Figures()
        self._links: list[Link] = []
        self._source: str | None = None  # what names the model to explore(), "" for the bundled one
        self._choosing = False
        self._cut_text: tuple[str, str] | None = None  # the texts of which the page shows only the first tokens
        super().__init__()
        # Before any observer of the user's: none may see a query that the new text does not have.
        self.observe(self._keep_head_in_part, "part")
        self.observe(self._keep_query_inside, ["text", "pair", "part", "direction"])
        self.observe(self._keep_head_inside, "layer")
        self.observe(self._follow_place, ["layer", "head"])
        self.observe(self._follow_heads, "heads")
        self.observe(self._follow_look, "look")
        self.observe(self._follow_part, list(PLAIN))
        try:
            self._begin(text, pair, part)
            self._known()
            self.layer = self._first_layer() if layer is None else layer
            self.head, self.direction, self.view = head, direction, view
            self.query = self._last_word() if query is None else query
            if heads is not None:
                self.heads = heads
            self.filter = filter
            self.look = {**(look or {}), **parts}
        except AttnWidgetError:
            self.close()  # ipywidgets keeps every widget that is not closed
            raise
        self.on_msg(self._on_request)

    def _begin(self, text: str, pair: str, part: str | None) -> None:
        if not isinstance(self._model, GivenModel):
            self.text, self.pair = text, pair
        # Whoever gives a target wants to see how it reads the source.
        crossed = part is None and self.pair and "cross" in self._shown.parts
        self.part = "cross" if crossed else self._shown.part if part is None else part
        if isinstance(self._model, GivenModel):
            self._follow_given()

    def _follow_given(self) -> None:
        if isinstance(self._model, GivenModel):
            self.text, self.pair = self._model.texts_of(self.part)

    @default("text")
    def _first_text(self) -> str:
        return self._model.texts_of(self.part)[0] if isinstance(self._model, GivenModel) else ""

    @default("pair")
    def _first_pair(self) -> str:
        return self._model.texts_of(self.part)[1] if isinstance(self._model, GivenModel) else ""

    @default("layer")
    def _first_layer(self) -> int:
        return next(iter(self._shown.attending), 0)

    @default("heads")
    def _only_head(self) -> tuple[tuple[int, int], ...]:
        return ((self.layer, self.head),)

    @default("part")
    def _presumed_part(self) -> str:
        return self._shown.part

    def __repr__(self) -> str:
        shown = self.text if len(self.text) <= 40 else f"{self.text[:39]}…"
        return f"Explorer({self._model.name}, {shown!r}, layer {self.layer}, head {self.head})"

    @property
    def model(self) -> AttentionModel | None:
        """The model that is looked at; None over given weights."""
        return None if isinstance(self._model, GivenModel) else self._model

    @property
    def target(self) -> str:
        """`pair` by the name that it has beside an encoder-decoder."""
        return str(self.pair)

    @target.setter
    def target(self, text: str) -> None:
        self.pair = text

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
            if number is None:
                self.layer, self.source = layer, "layer" if self.source == "layer" else "head"
            else:
                self.heads, self.source = ((layer, number),), "head"
        return self

    def save(self, path: Any, *, title: str | None = None, lead: str | None = None) -> Path:
        """Save the explorer as it stands as one HTML file that works offline, for ever, without Python. Returns its path.

        Everything that needs no new forward pass stays live in it; the text cannot be changed. `title` is by
        default the model and the text, `lead` a paragraph under it. Raises AttnWidgetError for a text that cannot be read or is too long for a page,
        and for a path that cannot be written; what was there before is then still there.

        >>> import attnwidget as aw
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     aw.explore(text="The cat sat on the mat.").save(f"{folder}/lesson").name
        'lesson.html'
        """
        return write_page(path, self._page(title, lead))

    def beside(self, figure: Any) -> None:
        """Show a Bokeh figure or layout next to the stage, instead of the one before; None closes it.

        Its sources named "attnwidget.heads" (columns layer, head) and "attnwidget.tokens" (position) are linked both ways.

        >>> import attnwidget as aw
        >>> from bokeh.plotting import figure
        >>> aw.explore(text="The cat sat on the mat.").beside(figure())
        """
        self.chart = self._figures.put(figure)

    def close(self) -> None:
        """Take the explorer off every page, and let go of what it read and what it was asked."""
        if hasattr(self, "_slot"):  # ipywidgets closes also what could not be made
            self._worker.forget(lambda slot: isinstance(slot, tuple) and slot[0] is self._slot)
            self._session = LiveSession(self._model)
            self._figures.put(None)
            for link in self._links:
                link.unlink()
        super().close()

    def state(self) -> dict[str, Any]:
        """What is on screen as plain data, which JSON can carry: `aw.explore(model, state=...)` shows it again.

        >>> import attnwidget as aw
        >>> state = aw.explore(text="The cat sat on the mat.", layer=1, view="lines").state()
        >>> aw.explore(state=state).state() == state
        True
        """
        return state_of(self)

    def restore(self, state: Any) -> "Explorer":
        """Show what a state says; what it does not name stays. Raises AttnWidgetError for what cannot be shown here."""
        for name, value in checked_state(state).items():
            setattr(self, name, value)
        return self

    def link(self, other: Any, *names: str) -> Link:
        """Let another explorer move with this one, and this one with it, until `.unlink()`; it takes this one's place now.

        Linked are all traits that say what is looked at, but the text and the part, or those that are named. What the
        other one does not have (a layer, a token) becomes the nearest that it has. Raises AttnWidgetError for a name
        that cannot be linked, and for what is no explorer.

        >>> import attnwidget as aw
        >>> one, other = aw.explore(text="The cat sat."), aw.explore(text="The dog sat.")
        >>> link = one.link(other)
        >>> one.layer = 3
        >>> other.layer
        3
        """
        if not isinstance(other, Explorer) or other is self:
            raise AttnWidgetError(f"Another explorer is needed to link with, not {other!r:.60}.")
        made = Link(self, other, linked_names(names))
        for end in (self, other):
            end._links.append(made)  # noqa: SLF001  our own class
        return made

    def nearest(self, name: str, value: Any) -> Any:
        """The value of a trait that comes nearest to one of another explorer."""
        if name in {"layer", "head"}:
            layer, head = (value, self.head) if name == "layer" else (self.layer, value)
            return self._known().nearest(layer, head)[0 if name == "layer" else 1]
        if name == "heads":
            return tuple(dict.fromkeys(self._known().nearest(*pair) for pair in value))
        size = self._size() if name == "query" else None
        return value if size is None else clamped(value, size)

    def snapshot(self) -> Snapshot:
        """What is on screen as it is now, for pages that run nothing: HTML without a script, and a PNG of the map.

        The last line of a cell shows it; `.save("head.png")` writes it. Raises AttnWidgetError when the text cannot be
        read.

        >>> import attnwidget as aw
        >>> aw.explore(text="The cat sat on the mat.").snapshot()
        Snapshot(Layer 1 · Head 0)
        """
        return self._snapshot(None)

    def _snapshot(self, timeout: float | None) -> Snapshot:
        request = replace(request_of(self, "preview"), first=(self.text, self.pair) == self._cut_text)

        def run(stop: Callable[[], bool]) -> Snapshot:
            reading = self._take(request.text, request.pair, first=request.first, cancelled=stop)
            frame = frame_of(self._model, request, reading)
            text, pair = frame.header.get("texts") or (request.text, request.pair)
            return snapshot_of(frame, text, pair or "", self._model.name)

        found: Snapshot = self._worker.result(run, topic=request.topic, timeout=timeout)
        return found

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle: Any = super()._repr_mimebundle_(**options)
        # What GitHub and a notebook without a kernel show. A cell must not wait for it.
        with suppress(AttnWidgetError, TimeoutError):
            data, metadata = bundle
            bundle = {**data, **self._snapshot(STILL).mime}, metadata
        return bundle

    def fit(self, what: str, value: Any) -> int:
        """A layer or head as it may be kept, counted from 0. Raises AttnWidgetError for one that is not there."""
        shown = self._known()
        if not shown.heads and type(value) is int and value == 0:
            return 0  # where to begin, whatever the first text shows
        return shown.fit_layer(value) if what == "layer" else shown.fit_head(value, self.layer)

    def fit_heads(self, value: Any) -> tuple[tuple[int, int], ...]:
        """Heads as they may be kept, each once. Raises AttnWidgetError for what names none, or one that is not there."""
        shown = self._known()
        if not shown.heads and value == ((0, 0),):
            return ((0, 0),)  # where to begin, whatever the first text shows
        return shown.fit_heads(value)

    def fit_part(self, part: Any) -> str:
        """The part as it may be kept. Raises AttnWidgetError for one that is not there."""
        return self._shown.fit_part(part)

    def fit_text(self, name: str, text: str) -> str:
        """A text as it may be kept. Raises AttnWidgetError for one that nothing reads."""
        if isinstance(self._model, GivenModel):
            if text != self._model.texts_of(self.part)[name == "pair"]:
                self._model.refuse_editing()
        elif name == "pair" and text and second_of(self._model.facts) is None:
            raise AttnWidgetError(
                f"{self._model.name} reads one text. Sentence pairs are for encoders, targets for encoder-decoders."
            )
        return text

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
        """Take what the page has set: texts, part and layer first, as query and head may speak of them, then the rest.

        The page clamps against the text it has, which may be newer than ours, so its query is clamped and not refused.
        """
        state = dict(sync_data)
        self._choosing = True  # a new layer comes before its head
        try:
            for name in ("text", "pair", "part", "direction", "layer"):
                if name in state:
                    self._take_state({name: state.pop(name)})
            query, size = state.get("query"), self._size() if "query" in state else None
            if size is not None and isinstance(query, list) and [type(item) for item in query] == [int, int]:
                state["query"] = clamped((query[0], query[1]), size)
            self._take_state(state)
        finally:
            self._choosing = False
        self._follow_place(None)

    def _take_state(self, state: dict[str, Any]) -> None:
        """All together, so that observers see one change; what cannot be kept is dropped with a warning, and only that."""
        try:
            super().set_state(state)
        except (TraitError, ValueError, TypeError) as error:
            if len(state) == 1:
                log.warning("attnwidget dropped what the page set: %s", error)
                return
            for name, value in state.items():
                self._take_state({name: value})

    def _follow_place(self, _change: Any) -> None:
        if (self.layer, self.head) not in self.heads and not self._choosing:
            self.heads = ((self.layer, self.head),)

    def _follow_heads(self, change: Any) -> None:
        before, self._choosing = self._choosing, True  # between the layer and its head, nobody has chosen a head
        try:
            self.layer, self.head = change["new"][-1]
        finally:
            self._choosing = before

    def _follow_look(self, change: Any) -> None:
        for name, value in change["new"].items():
            setattr(self, name, value)

    def _follow_part(self, change: Any) -> None:
        self.look = {change["name"]: change["new"]}

    def _keep_query_inside(self, _change: Any) -> None:
        size = self._size()
        if size is not None:
            self.query = clamped(self.query, size)

    def _keep_head_in_part(self, change: Any) -> None:
        self._shown = self._shown.of(change["new"])
        self._follow_given()
        with suppress(AttnWidgetError):  # where the text cannot be read, the next one will tell
            shown = self._known()
            if shown.attending:
                self.layer, self.head = shown.nearest(self.layer, self.head)
                self._keep_heads_there(shown)

    def _keep_heads_there(self, shown: Shown) -> None:
        there = tuple(head for head in self.heads if shown.has(head))
        if there != self.heads:
            self.heads = there or ((self.layer, self.head),)

    def _keep_head_inside(self, change: Any) -> None:
        self.head = min(self.head, self._shown.heads[change["new"]] - 1)

    def _known(self) -> Shown:
        """What is shown; where nothing else tells how many layers and heads there are, the text is read for it."""
        if not self._shown.heads:
            # The next text will tell.
            with suppress(EmptyText, TooLarge, TooLong):
                self._read(None)
        return self._shown

    def _page(self, title: str | None = None, lead: str | None = None) -> str:
        trace = self.trace
        traits = {name: getattr(self, name) for name in self.trait_names(sync=True, echo_update=False)}
        cut = (len(trace.text), self._size() or 0) if (self.text, self.pair) == self._cut_text else None
        texts = {"title": title, "lead": lead, "source": self._source}
        return page_of(self._model, trace, self._shown, traits, **texts, truncated=cut)

    def _page_answer(self) -> Answer:
        return Answer({"name": page_name(self._model)}, [self._page().encode()])

    def _size(self) -> int | None:
        try:
            return len(asked_of(self._model, self.text, self.pair, self.part, self.direction))
        except AttnWidgetError:
            return None

    def _last_word(self) -> tuple[int, int]:
        try:
            return last_word(asked_of(self._model, self.text, self.pair, self.part, self.direction))
        except AttnWidgetError:
            return 0, 1

    def _read(self, timeout: float | None) -> Trace:
        texts = self.text, self.pair
        first = texts == self._cut_text
        trace: Trace = self._worker.result(
            lambda stop: self._take(*texts, first=first, cancelled=stop).trace, topic=texts, timeout=timeout
        )
        self._follow_reading()
        return trace

    def _take(self, text: str, pair: str, **how: Any) -> Reading:
        """Read a text, and remember which layers and heads that showed."""
        reading = self._session.read(text, pair, **how)
        self._shown = seen(reading.trace).of(self.part)
        return reading

    def _follow_reading(self) -> None:
        # What was presumed of the model need not hold. Where there is a page, it says so itself.
        part, place = self._shown.part, self._shown.nearest(self.layer, self.head)
        if (self.part, self.layer, self.head) != (part, *place):
            self.part, (self.layer, self.head) = part, place
        self._keep_heads_there(self._shown)

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
            self._answer(request.id, about(self._model, self._shown, examples(self._model.facts), self._source))
        elif request.kind in {"chart", "bokeh"}:
            self.send(*self._figures.message(request))
        else:
            if request.kind == "frame":
                self._cut_text = (request.text, request.pair) if request.first else None
            self._worker.submit((self._slot, request.kind), self._job(request))

    def _job(self, request: Request) -> Job:
        progress = sparing(lambda done: self.send(progress_message(request.id, done, self._shown.calls)))
        return Job(
            run=lambda stop: (
                self._page_answer()
                if request.kind == "page"
                else answer(self._model, self._take, request, stop, progress)
            ),
            done=lambda result: self._answer(request.id, result),
            failed=lambda error: self._answer_error(request.id, error),
            superseded=lambda: self.send({"id": request.id, "status": "superseded"}),
            topic=request.topic,
            yields=request.kind in BACKGROUND,
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
    pair: str | None = None,
    target: str | None = None,
    layer: int | None = None,
    head: int | None = None,
    query: Any = None,
    direction: str | None = None,
    part: str | None = None,
    view: str | None = None,
    heads: Any = None,
    filter: Any = None,  # noqa: A002  the trait's name
    look: Any = None,
    source: str | None = None,
    fusion: str | None = None,
    words: bool | None = None,
    sinks: str | None = None,
    weight: str | None = None,
    layers: str | None = None,
    against: str | None = None,
    state: Any = None,
) -> Explorer:
    """A live explorer under the cell: type in its text and watch attention follow.

    `model` is anything that `aw.load` takes; without one, the bundled teaching model is shown at a head that is worth
    seeing. `layer` is by default the first that has attention, `query` (a token number or (start, stop)) the last word.
    `pair` is a second text for an encoder that reads sentence pairs, `target` what the decoder of an encoder-decoder
    reads; both can be typed. `part` is "encoder", "decoder" or "cross" of an encoder-decoder, by default "cross" where
    there is a target. `view` is "matrix", "lines", "layers", "flow", "neuron", "model" or "compare". `heads` are several
    heads to look at together, `filter` is what is kept of each row, and `look` how maps are shown, whose parts may be
    given by name: `source, fusion, words, sinks, weight, layers, against` (see the traits of `Explorer`). `state` is what
    `ex.state()` gave, here or elsewhere: its model, if no other is given, and everything that no other argument says.
    Raises AttnWidgetError for a model that cannot be loaded or reads no text, and for values outside it.

    >>> import attnwidget as aw
    >>> ex = aw.explore(text="The cat sat on the mat.", layer=1, head=2)
    >>> ex.trace.weights(ex.layer, ex.head).shape
    torch.Size([7, 7])
    """
    if pair is not None and target is not None:
        raise AttnWidgetError("pair and target are two names of the second text. Give one of them.")
    kept = {} if state is None else checked_state(state)
    named = model_of(state) if model is None else model
    loaded = shared(named, tokenizer)
    first = kept.pop("text", examples(loaded.facts)[0][1])
    shown = first if text is None else text
    given = {"layer": layer, "head": head, "query": query, "direction": direction, "part": part, "view": view}
    given |= {"heads": heads, "filter": filter, "look": look, "source": source, "fusion": fusion, "words": words}
    given |= {"sinks": sinks, "weight": weight, "layers": layers, "against": against}
    given |= {"pair": target if pair is None else pair}
    chosen = {name: value for name, value in given.items() if value is not None}
    if loaded.facts.teaching and not {"layer", "head", "heads"} & {*chosen, *kept}:
        chosen |= {"layer": FIRST_HEAD[0], "head": FIRST_HEAD[1]}
    explorer = Explorer(loaded, shown, **chosen)
    if tokenizer is None and (named is None or isinstance(named, str | Path)):
        explorer._source = "" if named is None else str(named)  # noqa: SLF001  this is where explorers are made
    try:
        return explorer.restore(unsaid(kept, chosen))
    except AttnWidgetError:
        explorer.close()
        raise
