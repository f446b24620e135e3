"""The explorer: one widget, and the requests of its page."""

import logging
import sys
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Any
from weakref import WeakMethod, ref

from ipywidgets.widgets.widget import _instances

from attnwidget.arguments import truth_of
from attnwidget.engine import AttentionModel, LiveSession, Reading, Trace, parse_head
from attnwidget.errors import AttnWidgetError, BadRequest, Cancelled
from attnwidget.export.headline import headline
from attnwidget.export.kept_finding import KeptFinding, answer_in_words
from attnwidget.widget.answering.answers import (
    MEDIA_KINDS,
    Answer,
    Parts,
    about,
    answer,
    frame_of,
    no_parts,
    problem,
    unread,
)
from attnwidget.widget.answering.asked import tested_model
from attnwidget.widget.answering.progress import Pace, progress_message, sparing
from attnwidget.widget.answering.requests import BACKGROUND, Request, parse_request
from attnwidget.widget.answering.shown import presumed, refuse_what_reads_neither, seen
from attnwidget.widget.answering.worker import Job, worker_of
from attnwidget.widget.beside import Figures
from attnwidget.widget.boxes import watch_boxes
from attnwidget.widget.bundle import loader, program
from attnwidget.widget.closed import Closed
from attnwidget.widget.examples import examples
from attnwidget.widget.findings import finding_of
from attnwidget.widget.following import LOOP_WAITS, STILL_FOR, hold_until_the_cell_ends
from attnwidget.widget.given import GivenModel
from attnwidget.widget.kept_media import stored_media, take_media, uploaded
from attnwidget.widget.opening import Opening
from attnwidget.widget.output_cache import forget_output
from attnwidget.widget.page_picture import LONGEST_CAPTION, page_picture
from attnwidget.widget.saving import finding_name, page_name, page_of, write_page
from attnwidget.widget.selection.changing import TURN, turn
from attnwidget.widget.selection.link import Link, linked_names
from attnwidget.widget.selection.selecting import Selecting
from attnwidget.widget.selection.state import checked_state, explorer_state, request_of
from attnwidget.widget.selection.what_if import switched_off, switched_on
from attnwidget.widget.snapshot import Snapshot, snapshot_of
from attnwidget.widget.stills import Stills

log = logging.getLogger(__name__)

STILL = 0.3
"""Seconds that the display of a cell may wait for its still, in hosts that take none later (`stills.py`)."""


PAGES_FOLLOWED = 4
"""Pages that are sent a picture of a model in training: those that asked last. One that was left may still be among them."""

OTHER_PROGRAM = "This explorer is of another version of attnwidget than its kernel. Run the cell again."

program()  # now, beside the loader: an update of the installation may replace both while the kernel runs


class Explorer(Selecting):
    """A live view of a model's attention. Traits are synced both ways: read, set or observe them.

    Observers are called once a change is complete, on the thread that made it; the page's messages arrive on a kernel
    thread. An invalid value raises AttnWidgetError, and the old value stays.
    """

    _esm = loader()  # a notebook stores it with every explorer; what it loads is an answer, which none stores
    findings: tuple[KeptFinding, ...] = ()  # kept here or in the page, the newest last
    variants: tuple[str, ...] = ()  # the texts kept in the page's Test view, as `aw.variants` takes them
    unseen = False  # a page showed it, and none does now
    _opening: Opening | None = None  # of whoever named no head: where there is something to be seen

    def __init__(
        self,
        model: AttentionModel | GivenModel,
        text: Any,
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
        edits: Any = None,
        question: Any = None,
        **parts: Any,
    ) -> None:
        if isinstance(model, GivenModel):
            self._seen, pictured = seen(model.given), bool(model.given.pictures or model.given.sounds)
        else:
            refuse_what_reads_neither(model)
            self._seen, pictured = presumed(model), model.medium is not None
        self._model = model
        self._session = LiveSession(model)
        self._worker = worker_of(model.model)
        self._slot = object()
        self._asked: dict[str, Request] = {}  # by page: what it was last shown
        self._figures = Figures()
        self._stills = Stills()
        self._drawn: tuple[dict[str, Any], tuple[bytes, str] | None] = ({}, None)  # what a page drew last, and of what
        self._source: str | None = None  # what names the model to explore(), "" for the bundled one
        self._cut_text: tuple[str, str] | None = None  # the texts of which the page shows only the first tokens
        watch_boxes(Explorer, Explorer._shown_by_cell)
        with TURN:
            _let_go_of_unseen()
        super().__init__(_view_count=0)  # from now on pages count their views of it
        try:
            self._begin(text, pair, part)
            self.prepare({"layer": layer})
            self.layer = self._first_layer() if layer is None else layer
            self.head, self.direction, self.view = head, direction, view
            self.query = self._last_word() if query is None else query
            if heads is not None:
                self.heads = heads
            self.filter = filter
            if look is not None:
                self.look = look
            # Of hundreds of patches or stretches each is read a little, which no eye tells over a picture.
            self.look = {"scale": "stretch", **parts} if pictured and look is None else parts
            if edits is not None:
                self.edits = edits
            if question is not None:
                self.question = question
        except AttnWidgetError:
            self.close()  # ipywidgets keeps every widget that is not closed
            raise
        self.on_msg(_weakly(self._on_request))

    def __repr__(self) -> str:
        return f"Explorer({self._model.name}, {headline(self.text, 40)!r}, layer {self.layer}, head {self.head})"

    @property
    def model(self) -> AttentionModel | None:
        """The shown model; None for given weights, and in a closed explorer."""
        return None if isinstance(self._model, GivenModel) else self._model

    @property
    def trace(self) -> Trace:
        """The trace of the newest text under the edits that are switched on; waits until it is ready, page or not.

        Raises AttnWidgetError if the text cannot be traced; an error of the model itself is its cause.
        """
        found = self._read(None)
        return found if found.whole is None else found.whole

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the newest text has been traced, or has failed. Returns False when the time (seconds) runs out."""
        try:
            self._read(timeout)
        except TimeoutError:
            return False
        except AttnWidgetError:
            return True  # it has been tried; ex.trace raises the error
        return True

    def refresh(self) -> "Explorer":
        """Show what the model does now: in the loop of a cell that trains it, after the optimiser's step.

        Runs one pass over the text and sends every page its picture; the loop waits for it, and for at most a second of
        what pages ask besides. From then until the next call, or until the cell ends, nothing that a page asks is answered
        from the model, so that nothing reads weights while they are written. Returns the explorer. Raises
        AttnWidgetError for given weights, and if the text cannot be traced.

        >>> import attnwidget as aw
        >>> import torch
        >>> model = aw.load().model
        >>> ex = aw.explore(model, "The cat sat on", tokenizer=aw.load().tokenizer)
        >>> before = ex.trace.weights(0, 0)
        >>> with torch.no_grad():
        ...     _ = model.transformer.h[0].attn.c_attn.weight.mul_(0.5)
        >>> bool((ex.refresh().trace.weights(0, 0) != before).any())
        True
        """
        if isinstance(self._model, Closed):
            self._model.refuse()
        if isinstance(self._model, GivenModel):
            raise AttnWidgetError("Given weights do not change. Explore the model itself to follow its training.")
        self._worker.release()
        try:
            self._read(None)
            for request in list(self._asked.values()):
                renew = partial(answer, self._model, self._take, request, lambda *_done: None, place=self._placed)
                answered = self._wait_for(renew, request.topic, None)
                self._answer(request.id, answered, "renewed")
            if self._view_count:
                self._worker.rest(STILL_FOR, LOOP_WAITS)
        finally:
            # A loop that catches what this raises goes on writing.
            hold_until_the_cell_ends(self._worker)
        return self

    def show(self, head: str) -> "Explorer":
        """Choose a head by its name, `ex.show("L5H3")`, or a layer, `ex.show("L5")`. Returns the explorer."""
        layer, number = parse_head(head)
        self.prepare({"layer": layer})
        with turn(self):
            if number is None:
                self.layer, self.source = layer, "layer" if self.source == "layer" else "head"
            else:
                self.heads, self.source = ((layer, number),), "head"
        return self

    def save(self, path: Any, *, title: str | None = None, lead: str | None = None, sound: Any = False) -> Path:
        """Save the explorer in its current state as one HTML file that works offline, without Python. Returns its path.

        Everything that needs no new forward pass stays interactive; the text cannot be changed. `title` is by default
        the model and the text, `lead` a paragraph under it; with `sound`, up to ten seconds of a sound can be listened to there. Raises AttnWidgetError for a text that cannot be traced or
        is too long for a page, and for a path that cannot be written; an existing file is then kept.

        >>> import attnwidget as aw
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     aw.explore(text="The cat sat on the mat.").save(f"{folder}/lesson").name
        'lesson.html'
        """
        return write_page(path, self._page(title, lead, sound=truth_of("sound", sound)))

    def beside(self, figure: Any) -> None:
        """Show a Bokeh figure or layout next to the stage, replacing the previous one; None closes it.

        Its sources named "attnwidget.heads" (columns layer, head) and "attnwidget.tokens" (position) are linked both ways.

        >>> import attnwidget as aw
        >>> from bokeh.plotting import figure
        >>> aw.explore(text="The cat sat on the mat.").beside(figure())
        """
        self.chart = self._figures.put(figure)

    def open(self) -> None:
        """Open the connection to the page. ipywidgets keeps every widget alive, but explorers only while shown."""
        super().open()
        self.comm.on_msg(_weakly(self._handle_msg))
        # ipykernel 7.4 takes what a page asks to where the kernel last wrote from: to a cell, behind which it would wait.
        self.comm._reply_subshell_for = _as_sent  # noqa: SLF001
        _instances.pop(self.model_id, None)

    def get_view_spec(self) -> Any:
        """What a page needs to show the explorer."""
        self._show_up()
        return super().get_view_spec()

    def _show_up(self) -> None:
        self.unseen = False
        if self.comm is not None:
            _instances[self.model_id] = self

    def notify_change(self, change: Any) -> None:
        """Also track how many views pages have."""
        super().notify_change(change)
        if change["name"] == "_view_count" and change["new"]:
            self._show_up()
        elif change["name"] == "_view_count":
            self.unseen = True  # a moved cell shows it again in a moment

    def forget_reading(self) -> None:
        """Drop cached readings: they are computed again on request."""
        self._session = LiveSession(self._model)

    def close(self) -> None:
        """Remove the explorer from every page, and release its model, its readings and pending requests.

        The selection can still be read, and `state()` can be given to another explorer; anything that needs the model
        raises AttnWidgetError.
        """
        if hasattr(self, "_slot"):  # ipywidgets also closes widgets whose construction failed
            self._model = Closed(self._model.name, self._model.facts)
            self._session = LiveSession(self._model)
            self._worker.forget(lambda slot: isinstance(slot, tuple) and slot[0] is self._slot)
            self._figures.put(None)
            for link in self.links:
                link.unlink()
        super().close()

    def __del__(self, _ending: Callable[[], bool] = sys.is_finalizing) -> None:
        # When Python exits there is nothing left to tell, and modules may be empty by now: hence a default.
        if not _ending():
            super().__del__()

    def state(self) -> dict[str, Any]:
        """What is on screen, as plain JSON data: `aw.explore(model, state=...)` shows it again.

        >>> import attnwidget as aw
        >>> state = aw.explore(text="The cat sat on the mat.", layer=1, view="lines").state()
        >>> aw.explore(state=state).state() == state
        True
        """
        # An edit whose token is gone is left out of every trace: here it is switched off, so that the state can be shown.
        state = {**explorer_state(self, self._model.name), "edits": list(self.those_that_fit(self.edits))}
        return {**state, **stored_media(self._model, self.text, self.look["against"])}

    def finding(self, said: Any = "", *, evidence: bool = False) -> KeptFinding:
        """What is on screen as a finding to keep: text, model, edits, the answer before and after, and your own sentence.

        The last line of a cell shows it as a card, `.save("finding.json")` writes it, and `aw.explore(state=finding)` opens
        it again; `ex.findings` has all that were kept, here and in the page. The answer is that of `question`. `evidence` measures the words too (see `aw.evidence`): that takes a run
        for each of them. Raises AttnWidgetError for given weights and for a model that predicts nothing.

        >>> import attnwidget as aw
        >>> ex = aw.explore(text="The capital of Veldt is Miro. The capital of Veldt is", edits="hide 5")
        >>> kept = ex.finding("Without Miro in sight, the answer falls.")
        >>> kept.answer["words"], kept.answer["after"] < kept.answer["before"]
        ("' Miro'", True)
        """
        model, state = tested_model(self._model), self.state()
        text, pair, edits = self._texts
        if not isinstance(said, str):
            raise AttnWidgetError(f"said={said!r:.60} is not a sentence. Give it as text.")
        before, after = self._read(None, (text, pair, ())), self._read(None, (text, pair, edits))
        kept: KeptFinding = self._wait_for(
            lambda: finding_of(model, before, after, said, state, measured=evidence), (text, pair, edits), None
        )
        self.findings = (*self.findings, kept)
        return kept

    def restore(self, state: Any) -> "Explorer":
        """Show a saved state; anything that it does not contain stays.

        Raises AttnWidgetError, naming the field, if something cannot be shown here; nothing is changed then.
        """
        wanted = checked_state(state)
        take_media(self._model, wanted)
        self.prepare(wanted)
        with turn(self):
            for name, value in wanted.items():
                try:
                    setattr(self, name, value)
                except AttnWidgetError as error:
                    raise AttnWidgetError(f"The {name} of this state cannot be shown here: {error}") from error
        return self

    def link(self, other: Any, *names: str) -> Link:
        """Link another explorer with this one, both ways, until `.unlink()`; it takes over this one's selection now.

        All traits of the selection are linked except the text and the part, or only the given names. What the other one
        lacks (a layer, a token) becomes the nearest that it has. Raises AttnWidgetError for a name that cannot be
        linked, and for anything but an explorer.

        >>> import attnwidget as aw
        >>> one, other = aw.explore(text="The cat sat."), aw.explore(text="The dog sat.")
        >>> link = one.link(other)
        >>> one.layer = 3
        >>> other.layer
        3
        """
        if not isinstance(other, Explorer) or other is self:
            raise AttnWidgetError(f"{other!r:.60} cannot be linked. Give another explorer.")
        for model in (self._model, other._model):  # noqa: SLF001  our own class
            if isinstance(model, Closed):
                model.refuse()
        return Link(self, other, linked_names(names))

    def snapshot(self) -> Snapshot:
        """What is on screen now, for pages without scripts: static HTML, and a PNG of the view.

        Views other than the matrix are drawn by a page: where none has drawn what is chosen now, the matrix stands for
        them, and the HTML says so. The last line of a cell shows it; `.save("head.png")` writes it. Raises AttnWidgetError if the text cannot be
        traced.

        >>> import attnwidget as aw
        >>> aw.explore(text="The cat sat on the mat.").snapshot()
        Snapshot(Layer 1 · Head 0)
        """
        chosen, drawn = self._drawn
        return self._snapshot(None, drawn if chosen == self._chosen() else None)

    def _chosen(self) -> dict[str, Any]:
        """All that a picture of the explorer depends on."""
        with TURN:
            return {name: getattr(self, name) for name in self.trait_names(sync=True, echo_update=False)}

    def _snapshot(self, timeout: float | None, drawn: tuple[bytes, str] | None = None) -> Snapshot:
        request = replace(request_of(self, "preview"), first=(self.text, self.pair) == self._cut_text)
        scale, view, over = self.scale, str(self.view), str(self.over)

        def run() -> Snapshot:
            how: dict[str, Any] = {"first": request.first}
            reading = self._take(request.text, request.pair, edits=request.edits, **how)
            before = self._take(request.text, request.pair, **how) if request.shows == "difference" else None
            frame = frame_of(self._model, self._placed(request), reading, before)
            text, pair = frame.header.get("texts") or (request.text, request.pair)
            pictures = reading.trace.pictures
            return snapshot_of(frame, text, pair or "", self._model.name, scale, drawn, view, pictures, over)

        found: Snapshot = self._wait_for(run, request.topic, timeout)
        self._open()
        return found

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self._shown_by_cell(super()._repr_mimebundle_(**options))

    def _shown_by_cell(self, bundle: Any) -> Any:
        """The running cell shows this explorer, alone or in a box: it is to keep a still."""
        self._show_up()
        # Whatever a model raises, the page makes its own request and shows the error.
        with suppress(Exception):
            if not self._stills.expect(self._snapshot):
                # Some other host: what it may show without a kernel goes into the same output, if no cell waits for it.
                data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
                more, about = self._snapshot(STILL).mime
                more["text/html"] = data.get("text/html", "") + more["text/html"]  # a box may show several
                bundle = {**data, **more}, {**metadata, **about}
        return bundle

    def _page(self, title: str | None = None, lead: str | None = None, *, sound: bool = False) -> str:
        # A page holds one reading: of a difference it is the text after the edits.
        before = self.shows == "before"
        text, pair, edits = self._texts
        trace = self._read(None, (text, pair, () if before else edits))
        traits = self._chosen()
        kept = switched_off(self.edits) if before else self.those_that_fit(self.edits)
        traits |= {"edits": list(kept), "look": {**self.look, "shows": "after"}}
        cut = (len(trace.text), self._size() or 0) if (self.text, self.pair) == self._cut_text else None
        said: dict[str, Any] = {"title": title, "lead": lead, "source": self._source, "sound": sound}
        return page_of(self._model, trace, self._shown, traits, **said, truncated=cut)

    def _page_answer(self) -> Answer:
        return Answer({"name": page_name(self._model)}, [self._page().encode()])

    def _finding_answer(self, request: Request) -> Answer:
        kept = self.finding(request.caption, evidence=request.exact)
        return Answer({"name": finding_name(self._model), "words": answer_in_words(kept.answer)}, [kept.json.encode()])

    def _still_answer(self, request: Request, buffers: Any) -> Answer:
        png = page_picture(buffers)
        drawn = None if png is None else (png, request.caption[:LONGEST_CAPTION])
        self._drawn = self._chosen(), drawn
        still = self._snapshot(None, drawn)
        return Answer({"stored": self._stills.put(still)})

    def _read(self, timeout: float | None, asked: tuple[str, str, tuple[str, ...]] | None = None) -> Trace:
        text, pair, edits = asked or self._texts
        first = (text, pair) == self._cut_text
        trace: Trace = self._wait_for(
            lambda: self._take(text, pair, first=first, edits=edits).trace, topic=(text, pair, edits), timeout=timeout
        )
        self._open()
        self.keep_inside()  # what was presumed about the model may be wrong; a page, if there is one, shows this itself
        return trace

    def _wait_for(self, run: Callable[[], Any], topic: Hashable, timeout: float | None) -> Any:
        """Let the worker do something and wait. Errors of the model itself become the cause of an AttnWidgetError."""

        def told() -> Any:
            try:
                return run()
            except (AttnWidgetError, Cancelled):
                raise
            except Exception as error:
                raise AttnWidgetError(unread(error)) from error

        return self._worker.result(told, topic=topic, timeout=timeout, owner=self._slot)

    @property
    def _texts(self) -> tuple[str, str, tuple[str, ...]]:
        with TURN:
            return self.text, self.pair, switched_on(self.edits)

    def _take(self, text: str, pair: str, **how: Any) -> Reading:
        """Read a text, and remember the layers and heads that this revealed."""
        reading = self._session.read(text, pair, **how)
        self._seen = seen(reading.trace)
        if self._opening is not None:
            self._opening = self._opening.read(reading.trace, text, pair)
        return reading

    def _open(self) -> None:
        """Choose the head that shows something, once it is known, if nobody has chosen another meanwhile."""
        opening = self._opening
        if opening is None or opening.found is None or opening.over:
            return
        with turn(self):
            stands = opening.stands(self)
            self._opening = replace(opening, over=True, found=opening.found if stands else ())
            for name, value in opening.place().items() if stands else ():
                setattr(self, name, value)

    def _placed(self, request: Request) -> Request:
        with TURN:
            return request if self._opening is None else self._opening.placed(request, self)

    def _on_request(self, _widget: Any, content: Any, buffers: Any) -> None:
        try:
            request = parse_request(content)
        except BadRequest as error:
            number = content.get("id") if isinstance(content, dict) else None
            log.warning("attnwidget dropped a message: %s", error)
            if isinstance(number, str):
                self._answer_error(number, error)
            return
        if request.kind == "about":
            known = examples(self._model)
            self._answer(request.id, about(self._model, self._shown, known, self._source, self.text, self.variants))
        elif request.kind == "program":
            self._answer_program(request)
        elif request.kind == "cancel":
            self._worker.cancel((self._slot, request.id))
        elif request.kind in {"chart", "bokeh"}:
            self.send(*self._figures.message(request))
        else:
            if request.kind == "frame":
                self._cut_text = (request.text, request.pair) if request.first else None
                self._asked.pop(request.asker, None)
                self._asked = dict([*self._asked.items(), (request.asker, request)][-PAGES_FOLLOWED:])
            elif request.kind == "variants":
                self.variants = request.texts
            # Each view of each page waits for its own newest request: views never displace each other's.
            # Of pictures that stand side by side every one is wanted.
            slot = (self._slot, request.asker, request.kind, request.name if request.kind in MEDIA_KINDS else "")
            self._worker.submit(slot, self._job(request, buffers))

    def _answer_program(self, request: Request) -> None:
        found = program()
        if request.name == found.name:
            self._answer(request.id, Answer({}, [found.script, found.style]))
        else:
            self._answer_error(request.id, BadRequest(OTHER_PROGRAM))

    def _job(self, request: Request, buffers: Any) -> Job:
        tell: Callable[[tuple[int, int]], None] = sparing(lambda said: self.send(progress_message(request.id, *said)))
        pace = Pace(lambda: self._shown.calls)

        def progress(done: int, total: int | None = None) -> None:
            pace(done)
            tell((done, self._shown.calls if total is None else total))

        parts: Parts = (
            sparing(lambda make: self._answer(request.id, make(), "partial")) if request.partial else no_parts
        )
        return Job(
            run=lambda: (
                self._page_answer()
                if request.kind == "page"
                else self._finding_answer(request)
                if request.kind == "finding"
                else self._still_answer(request, buffers)
                if request.kind == "still"
                else Answer({**uploaded(self._model, request.medium, buffers)})
                if request.kind == "upload"
                else answer(self._model, self._take, request, progress, parts, self._placed)
            ),
            done=lambda result: self._answer_shown(request, result),
            failed=lambda error: self._answer_error(request.id, error),
            superseded=lambda: self.send({"id": request.id, "status": "superseded"}),
            topic=request.topic,
            # A picture that is late is better than none while somebody types; numbers of an older text are worth nothing.
            rest=pace.rest if request.kind == "frame" else lambda: inf,
            yields=request.kind in BACKGROUND,
            name=(self._slot, request.id),
        )

    def _answer(self, number: str, result: Answer, status: str = "ok") -> None:
        self.send({"id": number, "status": status, **result.content}, result.buffers)

    def _answer_shown(self, request: Request, result: Answer) -> None:
        opening = self._opening
        if opening is None or request.kind != "frame":
            self._answer(request.id, result)
            return
        told = opening.told(self._placed(request))
        self._answer(
            request.id, result if told is None else replace(result, content={**result.content, "sights": told})
        )
        self._open()  # only now: the page takes this over from its frame, and need not ask again

    def _answer_error(self, number: str, error: Exception) -> None:
        if not isinstance(error, AttnWidgetError):
            log.error("attnwidget could not answer", exc_info=error)
        self.send({"id": number, "status": "error", **problem(error)})


def _let_go_of_unseen() -> None:
    """Stop ipywidgets and `Out` from keeping explorers alive that no page shows any more.

    Explorers referenced elsewhere stay available for a page that is opened again, and compute again on request.
    """
    unseen = [name for name, known in list(_instances.items()) if isinstance(known, Explorer) and known.unseen]
    for name in unseen:
        known: Any = _instances.pop(name, None)
        if known is None:
            continue
        known.forget_reading()
        forget_output(known)
        found = ref(known)
        del known
        if (held := found()) is not None:
            _instances[name] = held
        del held


def _as_sent(_data: Any, subshell: str | None) -> str | None:
    """Where the page has sent it."""
    return subshell


def _weakly(method: Callable[..., Any]) -> Callable[..., Any]:
    """The same bound method, but with a weak reference: an object in a cycle is freed late, and its model with it."""
    found = WeakMethod(method)

    def call(*given: Any) -> Any:
        alive = found()
        return None if alive is None else alive(*given)

    return call
