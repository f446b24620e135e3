"""What an explorer looks at: the traits that say so, each kept inside what the model and the text have."""

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import TraitError, default

from attnwidget.engine.model import AttentionModel
from attnwidget.engine.second import second_of
from attnwidget.engine.trace import Trace
from attnwidget.errors import AttnWidgetError, EmptyText, TooLarge, TooLong
from attnwidget.frames.caret import clamped
from attnwidget.widget.beside import Figures
from attnwidget.widget.given import GivenModel
from attnwidget.widget.look import PLAIN
from attnwidget.widget.shown import Shown, asked_of, last_word
from attnwidget.widget.state import state_of
from attnwidget.widget.traits import Chart, Choice, Filtering, Heads, Index, Look, LookPart, Part, Query, Text

log = logging.getLogger(__name__)


class Selecting(anywidget.AnyWidget):
    """The traits of an explorer, and what happens to one when another changes. Reading texts is the explorer's."""

    _model: AttentionModel | GivenModel
    _shown: Shown
    _figures: Figures
    _choosing = False  # between a layer and its head

    if TYPE_CHECKING:

        def _read(self, timeout: float | None) -> Trace: ...

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

    def _watch(self) -> None:
        """Keep what is chosen inside what there is, from now on."""
        # Before any observer of the user's: none may see a query that the new text does not have.
        self.observe(self._keep_head_in_part, "part")
        self.observe(self._keep_query_inside, ["text", "pair", "part", "direction"])
        self.observe(self._keep_head_inside, "layer")
        self.observe(self._follow_place, ["layer", "head"])
        self.observe(self._follow_heads, "heads")
        self.observe(self._follow_look, "look")
        self.observe(self._follow_part, list(PLAIN))

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

    @property
    def target(self) -> str:
        """`pair` by the name that it has beside an encoder-decoder."""
        return str(self.pair)

    @target.setter
    def target(self, text: str) -> None:
        self.pair = text

    def state(self) -> dict[str, Any]:
        """What is on screen as plain data, which JSON can carry: `aw.explore(model, state=...)` shows it again.

        >>> import attnwidget as aw
        >>> state = aw.explore(text="The cat sat on the mat.", layer=1, view="lines").state()
        >>> aw.explore(state=state).state() == state
        True
        """
        return state_of(self)

    def nearest(self, name: str, value: Any) -> Any:
        """The value of a trait that comes nearest to one of another explorer."""
        if name in {"layer", "head"}:
            layer, head = (value, self.head) if name == "layer" else (self.layer, value)
            return self._known().nearest(layer, head)[0 if name == "layer" else 1]
        if name == "heads":
            return tuple(dict.fromkeys(self._known().nearest(*pair) for pair in value))
        size = self._size() if name == "query" else None
        return value if size is None else clamped(value, size)

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
