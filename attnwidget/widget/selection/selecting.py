"""The selection of an explorer: its traits, each kept within what the model and the text have."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from typing import Any

import anywidget
from traitlets import All, EventHandler, TraitError, default

from attnwidget.engine import (
    ARGUMENT_OF,
    AttentionModel,
    Conversation,
    GivenSound,
    GivenVideo,
    Medium,
    Trace,
    edits_of,
    refuse_what_does_not_fit,
    sizes_of,
)
from attnwidget.errors import AttnWidgetError, EmptyText, TooLarge, TooLong
from attnwidget.frames.caret import clamped, fitted
from attnwidget.widget.answering.shown import Shown, last_said, last_word, query_tokens
from attnwidget.widget.beside import Figures
from attnwidget.widget.given import GivenModel
from attnwidget.widget.selection.changing import (
    Tie,
    changed,
    holding,
    in_turn,
    set_by_page,
    spare,
    told_by_page,
    turn,
)
from attnwidget.widget.selection.look import KEPT_BY_EACH, PLAIN_LOOK
from attnwidget.widget.selection.state import as_lists
from attnwidget.widget.selection.traits import (
    Chart,
    ChoiceTrait,
    EditsTrait,
    Filtering,
    HeadsTrait,
    Index,
    LookPart,
    LookTrait,
    Part,
    Query,
    QuestionTrait,
    Shared,
    Text,
)
from attnwidget.widget.selection.what_if import is_off, read_edits, switched_off

log = logging.getLogger(__name__)

SPOKEN_OF = ("part", "text", "pair", "direction", "layer")
"""Traits from a page are applied in this order, then the rest: a query and a head depend on these."""


class Selecting(anywidget.AnyWidget):
    """The traits of an explorer, and how one affects another. Tracing texts is left to the explorer."""

    _model: AttentionModel | GivenModel
    _seen: Shown
    _figures: Figures
    _read: Callable[..., Trace]
    links: tuple[Tie, ...] = ()
    """The explorers linked with this one."""

    text = Text("").tag(sync=True, echo_update=False)
    """The text in the editor. Chat messages may be given for it: it becomes what the model's template makes of them."""
    pair = Text("").tag(sync=True, echo_update=False)
    """The second text, "" for none: of a sentence pair, or the decoder input of an encoder-decoder (`target`)."""
    layer = Index("layer").tag(sync=True, echo_update=False)
    """The chosen layer, from 0."""
    head = Index("head").tag(sync=True, echo_update=False)
    """The chosen head, from 0."""
    query = Query((0, 1)).tag(sync=True, echo_update=False)
    """The selected tokens, (start, stop); a single number is accepted.

    In a part that reads another text they are tokens that read, or with "read_by" tokens that are read.
    """
    direction = ChoiceTrait("reads", "read_by").tag(sync=True, echo_update=False)
    """Whether colour shows what the query attends to ("reads"), or what attends to it ("read_by")."""
    part = Part("self").tag(sync=True, echo_update=False)
    """The shown part of the model: "self"; "encoder", "decoder" and "cross"; "text" of two towers."""
    chart = Chart(0).tag(sync=True, echo_update=False)
    """Which of the figures given to `beside` is shown, counted from 1; 0 for none."""
    view = ChoiceTrait("matrix", "lines", "layers", "flow", "neuron", "model", "lens", "compare", "test").tag(
        sync=True, echo_update=False
    )
    """What the stage shows: one map, the query through all layers, what flows into it, how its weights are
    computed, or what the model's answer rests on."""
    heads = HeadsTrait().tag(sync=True, echo_update=False)
    """The heads that are shown together, ((layer, head), ...), including (layer, head). Names like "L5H3" are accepted;
    the last one becomes the chosen head."""
    filter = Filtering("auto").tag(sync=True, echo_update=False)
    """Which weights of a row are kept: "auto", "all", "70 %" of the mass, "top 5", or a smallest weight like 0.01."""
    look = LookTrait().tag(sync=True, echo_update=False)
    """How maps are shown: the twelve traits below as one dictionary."""
    edits = EditsTrait(()).tag(sync=True, echo_update=False)
    """What is changed in the computation, as text: "hide 4", "silence L5H3", "cut 9 reads 4", "paint L5H3 uniform"; one in
    brackets, "(hide 4)", is switched off. Records with a text form are accepted, and a single one."""
    question = QuestionTrait().tag(sync=True, echo_update=False)
    """The answer that is asked about: `answer` (a token, a class; None for what the model says), `rather` than which
    (None: any other), `at` which token (None: the last)."""
    source = LookPart("source")
    """Which map is shown: "head" (the chosen ones), "layer" (all of the layer's heads) or "rollout" (all layers)."""
    fusion = LookPart("fusion")
    """How several heads are fused: their "mean", or "max", the largest of them."""
    words = LookPart("words")
    """Whether words are shown instead of their pieces: sums over a word's keys, means over its queries."""
    sinks = LookPart("sinks")
    """How sinks are shown: "show", "hide", or "renormalise" the rest of each row."""
    weight = LookPart("weight")
    """What is shown of a pair: its "attention", or attention weighted by the value's "norm"."""
    layers = LookPart("layers")
    """How the heads of each layer are fused in the view "layers": their "mean", the chosen one ("single"), or "max"."""
    shows = LookPart("shows")
    """What is shown of a text with edits: it "after" them, "before" them, or the "difference", after minus before."""
    against = LookPart("against")
    """The held text, with which the view "compare" compares the one in the editor; "" for none."""
    scale = LookPart("scale")
    """The weight of the full tone: 1 by default, another number above 0, or "stretch", in each view the largest weight
    outside sinks."""
    over = LookPart("over")
    """How what is read is told over a picture: by a "colour", or by "light": what is not read goes dark."""

    size = LookPart("size")
    """How large letters and targets are: "normal", "compact" for a narrow column, or "projector" for a lecture room."""
    height = LookPart("height")
    """The height of the explorer in pixels; None for as high as its parts and the window suggest."""

    def _begin(self, text: Any, pair: str, part: str | None) -> None:
        if not isinstance(self._model, GivenModel):
            with turn(self):
                self.text, self.pair = text, pair
        # A user who gives a target wants to see its attention to the source.
        crossed = part is None and self.pair and "cross" in self._seen.parts
        self.part = "cross" if crossed else self._seen.part if part is None else part
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
        return self._seen.part

    @property
    def messages(self) -> list[dict[str, str]]:
        """The text as chat messages, [] for a plain text; setting them sets the text. An answer yet to come is none."""
        chat = self._chat()
        return [] if chat is None else chat.messages

    @messages.setter
    def messages(self, messages: Any) -> None:
        self.text = self.chat_text(messages)

    def chat_text(self, messages: Any) -> str:
        """Chat messages as the text that the model's template makes of them. Raises AttnWidgetError where it cannot."""
        return self._model.chat_text(messages)

    @property
    def image(self) -> Any:
        """The picture that is read, as a PIL image; None where a text is. Setting it shows another one.

        Takes what `model.trace(image=...)` takes. Raises AttnWidgetError for what is no picture, and for a model that reads text.
        """
        return getattr(self._medium(), "image", None)

    @image.setter
    def image(self, image: Any) -> None:
        self.text = self._reader_of("picture").put(image)

    @property
    def video(self) -> Any:
        """The frames that are read, as PIL images; None where no video is. Setting it shows another one.

        Takes what `model.trace(video=...)` takes. Raises AttnWidgetError for what is no video, and for a model that reads none.
        """
        found = self._medium()
        return list(found.frames) if isinstance(found, GivenVideo) else None

    @video.setter
    def video(self, video: Any) -> None:
        self.text = self._reader_of("video").put_video(video)

    @property
    def audio(self) -> Any:
        """The sound that is read, as (samples, samples a second); None where a text is. Setting it shows another one, with what is said of it.

        Takes what `model.trace(audio=...)` takes. Raises AttnWidgetError for what is no sound, and for a model that reads none.
        """
        found = self._medium()
        return (found.samples.copy(), found.rate) if isinstance(found, GivenSound) else None

    @audio.setter
    def audio(self, audio: Any) -> None:
        model = self._reader_of("sound")
        name = model.put_sound(audio)
        said = model.transcribe(name)
        with turn(self):
            self.text, self.pair = name, said

    def _medium(self) -> Medium | None:
        """What stands where a text would; None where a text does."""
        return None if isinstance(self._model, GivenModel) else self._model.shelf.get(self.text)

    def _reader_of(self, medium: str) -> AttentionModel:
        """The model, if it reads this. Raises AttnWidgetError otherwise."""
        model = self._model
        if isinstance(model, GivenModel):
            model.refuse_editing()
        if model.medium != medium:
            raise AttnWidgetError(f"{model.name} reads no {medium}s by themselves. Set ex.{_set_of(model)}.")
        return model

    def _chat(self) -> Conversation | None:
        return None if isinstance(self._model, GivenModel) else self._model.conversation(self.text)

    @property
    def target(self) -> str:
        """`pair` under its name for an encoder-decoder."""
        return str(self.pair)

    @target.setter
    def target(self, text: str) -> None:
        self.pair = text

    def nearest(self, name: str, value: Any) -> Any:
        """The value of a trait nearest to that of another explorer."""
        shown = self._shown
        if name in {"layer", "head", "heads"} and not shown.attending:
            return value
        if name in {"layer", "head"}:
            layer, head = (value, self.head) if name == "layer" else (self.layer, value)
            return shown.nearest(layer, head)[0 if name == "layer" else 1]
        if name == "heads":
            return tuple(dict.fromkeys(shown.nearest(*pair) for pair in value))
        if name == "edits":
            return self.those_that_fit(value)
        if name == "look":
            return {part: chosen for part, chosen in value.items() if part not in KEPT_BY_EACH}
        special = self._special() if name == "query" else None
        return value if special is None else fitted(value, special)

    def those_that_fit(self, edits: tuple[str, ...]) -> tuple[str, ...]:
        """Edits where they can be made: what is not there, in this text or model, is switched off."""
        found: list[str] = []
        for edit in edits:
            try:
                self._refuse_missing((edit,))
            except AttnWidgetError:
                found += switched_off([edit])
            else:
                found.append(edit)
        return tuple(found)

    def fit(self, what: str, value: Any) -> int:
        """A valid layer or head, counted from 0. Raises AttnWidgetError for one that does not exist."""
        shown = self._shown
        if not shown.heads and type(value) is int and value == 0:
            return 0  # the default, whatever the first text shows
        return shown.fit_layer(value) if what == "layer" else shown.fit_head(value, self.layer)

    def fit_heads(self, value: Any) -> tuple[tuple[int, int], ...]:
        """Valid heads, each once. Raises AttnWidgetError for none at all, or one that does not exist."""
        shown = self._shown
        if not shown.heads and value == ((0, 0),):
            return ((0, 0),)  # the default, whatever the first text shows
        return shown.fit_heads(value)

    def fit_part(self, part: Any) -> str:
        """A valid part. Raises AttnWidgetError for one that does not exist."""
        return self._seen.fit_part(part)

    def fit_text(self, name: str, text: str) -> str:
        """A valid text. Raises AttnWidgetError for one that the model cannot take."""
        if isinstance(self._model, GivenModel):
            if text != self._model.texts_of(self.part)[name == "pair"]:
                self._model.refuse_editing()
        elif name == "text" and "text" not in self._model.reads and text and self._model.shelf.get(text) is None:
            medium = self._model.medium or "picture"
            own = ARGUMENT_OF[medium]
            raise AttnWidgetError(
                f"{self._model.name} reads {medium}s, not text. Give one: ex.{own} = ..., or aw.explore(model, {own}=...)."
            )
        elif name == "pair" and text and self._model.second is None:
            raise AttnWidgetError(
                f"{self._model.name} takes a single text. Sentence pairs are for encoders, targets for "
                "encoder-decoders."
            )
        return text

    def fit_edits(self, value: Any) -> tuple[str, ...]:
        """Valid edits as text. Raises AttnWidgetError for one of what is not there, and names its place.

        Only those that are switched on have to fit; the page says of its own, with the next text, which are left out.
        """
        edits = read_edits(value)
        if isinstance(self._model, GivenModel):
            if edits:
                self._model.refuse_changing()
        elif not set_by_page(self, "edits"):
            self._refuse_missing(edits)
        return edits

    def _refuse_missing(self, edits: tuple[str, ...]) -> None:
        model, heads = self._model, self._seen.parts
        if isinstance(model, GivenModel):
            return
        model.refuse_what_cannot_be_edited(edits_of([edit for edit in edits if not is_off(edit)]))
        try:
            sizes = sizes_of({name: len(tokens) for name, tokens in model.sequences(self.text, self.pair).items()})
        except AttnWidgetError:
            sizes = {}  # a text that cannot be read says so itself
        if not heads or not all(heads.values()):
            return  # known after the first text; the answer says what does not fit
        counts = {part: {layer: count for layer, count in enumerate(own) if count} for part, own in heads.items()}
        depths = {part: len(own) for part, own in heads.items()}
        for place, edit in enumerate(edits, 1):
            if is_off(edit):
                continue
            try:
                refuse_what_does_not_fit(edits_of(edit)[0], counts, sizes, depths)
            except AttnWidgetError as error:
                raise AttnWidgetError(
                    f"Edit {place} of {len(edits)}: {error}" if len(edits) > 1 else str(error)
                ) from None

    def fit_query(self, query: tuple[int, int]) -> tuple[int, int]:
        """A valid query: counted from 0 and inside the text. Raises AttnWidgetError for one outside."""
        start, stop = query
        special = self._special()
        if special is None:
            return (max(0, start), max(1, stop, start + 1))
        size = len(special)
        if not (-size <= start < size) or (start >= 0 and not start < stop <= size):
            raise AttnWidgetError(f"There are no tokens {start} to {stop}: the text has {size}, counted from 0.")
        return clamped(query, size)

    # changes

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Apply what the page has set, all in one turn; only invalid values are dropped, with a warning.

        The page clamps against the text it has, which may be newer than ours, so its query is clamped and not refused.
        Nothing is computed for it, as this must not wait: a page knows layers and heads from an answer, after we do.
        """
        names = [*SPOKEN_OF, *(name for name in sync_data if name not in SPOKEN_OF)]
        state = {name: sync_data[name] for name in names if name in sync_data and name in CHOSEN}
        if state:  # to every other page of this explorer; the sender knows its own
            self._send({"method": "echo_update", "state": dict(state), "buffer_paths": []})
        with holding():
            told_by_page(self, state)
            with turn(self):
                for name, value in state.items():
                    fitting = self._inside(value) if name == "query" else value
                    state[name] = fitting
                    try:
                        setattr(self, name, fitting)
                    except (TraitError, ValueError, TypeError) as error:
                        log.warning("attnwidget dropped what the page set: %s", error)
            super().set_state({name: value for name, value in sync_data.items() if name not in state})

    def notify_change(self, change: Any) -> None:
        """Let a change affect the rest of the selection. The page and the observers are told once all is done."""
        if change["name"] not in CHOSEN:
            super().notify_change(change)  # layout and the like are ipywidgets' own
            return
        with turn(self):
            changed(self, change["name"], change["old"])
            self._follow(change["name"], change["new"])

    def hold_sync(self) -> AbstractContextManager[None]:
        """Announce changes inside at its end, to the page and to the observers."""
        return holding()

    hold_trait_notifications = hold_sync

    def values(self) -> dict[str, Any]:
        """The current values of all selection traits."""
        return {name: self._trait_values[name] for name in CHOSEN if name in self._trait_values}

    def put_back(self, values: Mapping[str, Any]) -> None:
        """Undo what has not been announced yet. Only within a turn."""
        for name in self.values().keys() - values.keys():
            del self._trait_values[name]
        self._trait_values.update(values)

    def tell_page(self, names: Iterable[str], known: Mapping[str, Any]) -> None:
        """Send the page what it does not know."""
        news = [name for name in names if name in self.keys]
        news = [name for name in news if name not in known or as_lists(getattr(self, name)) != as_lists(known[name])]
        if news:
            self.send_state(news)

    def tell_observers(self, change: Any) -> list[Exception]:
        """Tell every observer about a change, regardless of errors in others; return the errors."""
        errors = []
        for key in (change["name"], All):
            for kind in (change["type"], All):
                for observer in list(self._trait_notifiers.get(key, {}).get(kind, ())):
                    named = isinstance(observer, EventHandler) and observer.name is not None
                    try:
                        (getattr(self, observer.name) if named else observer)(change)
                    except Exception as error:  # noqa: BLE001  the user's own
                        errors.append(error)
        return errors

    def prepare(self, state: Mapping[str, Any]) -> None:
        """Find out how many layers and heads there are before they are chosen, which may need a forward pass.

        Raises AttnWidgetError for a text that cannot be traced, unless editing the text can fix it.
        """
        part = state.get("part", self.part)
        if in_turn() or not {"part", "layer", "head", "heads", "edits"} & state.keys():
            return
        known = isinstance(part, str) and bool(self._seen.of(part).heads)
        if state.get("edits"):
            known = all(self._seen.parts.values())
        if not isinstance(part, str) or known or isinstance(self._model, GivenModel):
            return
        text, pair = state.get("text", self.text), state.get("pair", self.pair)
        if isinstance(text, str) and isinstance(pair, str):
            with suppress(EmptyText, TooLarge, TooLong):
                self._read(None, (text, pair, ()))

    def settle(self, names: Collection[str]) -> None:
        """Settle, at the end of a turn, what depends on several traits. Only within a turn."""
        if not {"text", "pair", "part", "direction"}.isdisjoint(names):
            special, written = self._special(), {"text", "pair"}
            if special is not None:
                self.query = fitted(self.query, special, anew=not written.isdisjoint(names))
            # While someone types in the page, the caret is the query; the page sets it as soon as the text is traced.
            spare(self, written, "query", self.query)
        if (self.layer, self.head) not in self.heads:
            self.heads = ((self.layer, self.head),)

    def _follow(self, name: str, value: Any) -> None:
        if name == "part":
            self._follow_given()
            self.keep_inside()
        elif name == "layer" and self._shown.heads:
            self.head = min(self.head, self._shown.heads[value] - 1)
        elif name == "heads":
            self.layer, self.head = value[-1]
        elif name == "look":
            for part, chosen in value.items():
                setattr(self, part, chosen)
        elif name in PLAIN_LOOK:
            self.look = {name: value}

    def keep_inside(self) -> None:
        """Replace what does not exist by the nearest that does."""
        with turn(self):
            shown = self._shown
            if shown.part != self.part:
                self.part = shown.part
            if not shown.attending:
                return
            self.layer, self.head = shown.nearest(self.layer, self.head)
            there = tuple(head for head in self.heads if shown.has(head))
            if there != self.heads:
                self.heads = there or ((self.layer, self.head),)

    @property
    def _shown(self) -> Shown:
        """What exists of the shown part. There are two records, each with one writer: readings, and the trait."""
        return self._seen.of(self.part)

    def _inside(self, query: Any) -> Any:
        special = self._special()
        told = special is not None and isinstance(query, list) and [type(item) for item in query] == [int, int]
        return fitted((query[0], query[1]), special or ()) if told else query

    def _special(self) -> tuple[bool, ...] | None:
        try:
            return query_tokens(self._model, self.text, self.pair, self.part, self.direction).special
        except AttnWidgetError:
            return None

    def _last_word(self) -> tuple[int, int]:
        try:
            tokens, chat = query_tokens(self._model, self.text, self.pair, self.part, self.direction), self._chat()
            return last_word(tokens) if chat is None or self.pair else last_said(tokens, chat)
        except AttnWidgetError:
            return 0, 1


def _set_of(model: AttentionModel) -> str:
    """The attribute that gives a model another input."""
    return "text" if model.medium is None else ARGUMENT_OF[model.medium]


CHOSEN = frozenset(name for name, value in vars(Selecting).items() if isinstance(value, Shared))
"""The traits above: those that change within a turn."""
