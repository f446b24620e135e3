"""Messages from the page -> requests, or one BadRequest. The mirror of js/src/wire/types.ts."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

from attnwidget.engine import edits_of
from attnwidget.errors import AttnWidgetError, BadRequest
from attnwidget.frames.frame import Direction, Fusion, HeadFusion, HeadName, MapSource, SinkChoice, Weight
from attnwidget.text import well_formed
from attnwidget.version import __version__

REQUEST_KINDS = (
    "program",
    "about",
    "frame",
    "preview",
    "predict",
    "verify",
    "strip",
    "flow",
    "lens",
    "direct",
    "compare",
    "changes",
    "expected",
    "tile",
    "cell",
    "neuron",
    "picture",
    "spectrogram",
    "sound",
    "metric",
    "similar",
    "effects",
    "evidence",
    "variants",
    "counterfactual",
    "continue",
    "page",
    "finding",
    "still",
    "upload",
    "chart",
    "bokeh",
    "cancel",
)
BACKGROUND = frozenset({"metric", "similar", "changes", "effects", "evidence", "variants", "counterfactual", "still"})
"""The kinds of requests that give way to everything else."""
Theme = Literal["light", "dark"]
Shows = Literal["after", "difference"]
"""What is shown of a text with edits: it after them, or what they change. Before them, a page asks without edits."""


UploadedMedium = Literal["", "picture", "sound"]
"""What a file is that a page sends; "" for what its model reads."""


class AskedAnswer(NamedTuple):
    """An answer that is asked about: what, rather than what else, and at which token. None is what the trait says."""

    answer: str | int | None = None
    rather: str | int | None = None
    at: int | None = None


LEFT_TO_THE_MODEL = AskedAnswer()


@dataclass(frozen=True)
class Request:
    """One request from the page, answered once. `caret` is in UTF-16 units of text number `field`, `query` in tokens.

    `edits` are those that are switched on; the text `against` is read under the same, unless `against_edits` says others.

    `asker` is the view of a page that waits for it: only the newest request of each counts. `reading` is the reading
    that it is about, "" for the current one. With `partial` it hears parts of the answer before the whole. "cancel" is
    no question: it lets go of the one that has its id.
    """

    id: str
    kind: str
    asker: str = ""
    reading: str = ""
    text: str = ""
    pair: str = ""
    against: str = ""
    edits: tuple[str, ...] = ()
    against_edits: tuple[str, ...] | None = None
    shows: Shows = "after"
    question: AskedAnswer = LEFT_TO_THE_MODEL
    first: bool = False
    layer: int = 0
    head: int = 0
    part: str = "self"
    direction: Direction = "reads"
    source: MapSource = "head"
    heads: tuple[HeadName, ...] = ()
    fusion: Fusion = "mean"  # for a strip: of a layer's heads; otherwise of the shown map, where it is never "single"
    words: bool = False
    sinks: SinkChoice = "show"
    weight: Weight = "attention"
    caret: tuple[int, int] | None = None
    field: int = 0
    query: tuple[int, int] | None = None
    position: int = 0
    rows: tuple[int, int] | None = None
    columns: tuple[int, int] | None = None
    keys: tuple[int, ...] = ()
    exact: bool = False
    theme: Theme = "light"
    name: str = ""
    count: int = 5
    partial: bool = False
    caption: str = ""
    texts: tuple[str, ...] = ()
    medium: UploadedMedium = ""

    @property
    def topic(self) -> tuple[Any, ...]:
        """What a job is about: a newer job on another topic stops it midway. A strip is work beyond its text."""
        read = (self.text, self.pair, self.first, self.edits)
        if self.kind == "strip":
            return *read, self.part, self.query, self.direction, self.head, *self._look
        if self.kind in {"lens", "direct"}:
            return *read, self.part, self.rows, self.position, self.question
        if self.kind in {"tile", "cell"}:
            place = (self.layer, self.head, self.heads, self.rows, self.columns, self.exact)
            return *read, self.part, self.source, *place, *self._look
        if self.kind == "changes":
            return *read, self.against, self.against_edits, self.part
        if self.kind in BACKGROUND:
            numbers = (self.layer, self.head, self.count, self.position)
            return *read, self.part, self.name, *numbers, self.question, self.exact, self.texts
        if self.kind == "compare":
            return *read, self.against, self.against_edits, self.part, self.layer, self.head
        if self.kind == "expected":
            return *read, self.against, self.against_edits, self.part, self.position
        return *read, *((self.part, self.position) if self.kind == "flow" else ())

    @property
    def _look(self) -> tuple[Any, ...]:
        return self.fusion, self.words, self.sinks, self.weight, self.shows


def parse_request(content: Any) -> Request:
    """Check every field of a message. Raises BadRequest, naming the first invalid one."""
    if not isinstance(content, dict) or not isinstance(content.get("id"), str):
        raise BadRequest("A request must be an object with an id.")
    kind = content.get("kind")
    if kind not in REQUEST_KINDS:
        raise BadRequest(
            f"There is no request {kind!r} in attnwidget {__version__}; the kinds are {', '.join(REQUEST_KINDS)}. If "
            "the page comes from another version, reload it."
        )
    caret, query, rows, columns = (_pair(content, name) for name in ("caret", "query", "rows", "columns"))
    return Request(
        id=content["id"],
        kind=kind,
        asker=_typed(content, "asker", str, ""),
        reading=_typed(content, "reading", str, ""),
        text=well_formed(_typed(content, "text", str, "")),
        pair=well_formed(_typed(content, "pair", str, "")),
        against=well_formed(_typed(content, "against", str, "")),
        edits=_edits(content, "edits") or (),
        against_edits=_edits(content, "against_edits"),
        shows=_choice(content, "shows", Shows),
        question=_question(content),
        first=_typed(content, "first", bool, default=False),
        layer=_typed(content, "layer", int, 0),
        head=_typed(content, "head", int, 0),
        part=_typed(content, "part", str, "self"),
        direction=_choice(content, "direction", Direction),
        source=_choice(content, "source", MapSource),
        heads=_heads(content),
        fusion=_choice(content, "fusion", Fusion if kind == "strip" else HeadFusion),
        words=_typed(content, "words", bool, default=False),
        sinks=_choice(content, "sinks", SinkChoice),
        weight=_choice(content, "weight", Weight),
        caret=caret,
        field=_typed(content, "field", int, 0),
        query=query,
        position=_typed(content, "position", int, 0),
        rows=rows,
        columns=columns,
        keys=_numbers(content, "keys"),
        exact=_typed(content, "exact", bool, default=False),
        theme=_choice(content, "theme", Theme),
        name=_typed(content, "name", str, ""),
        count=_typed(content, "count", int, 5),
        partial=_typed(content, "partial", bool, default=False),
        caption=well_formed(_typed(content, "caption", str, "")),
        texts=_texts(content),
        medium=_choice(content, "medium", UploadedMedium),
    )


def _typed(content: dict[str, Any], name: str, kind: type, default: Any) -> Any:
    value = content.get(name, default)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise BadRequest(f"{name} must be {kind.__name__}, not {value!r}.")
    return value


def _choice(content: dict[str, Any], name: str, alternatives: Any) -> Any:
    possible = get_args(alternatives)
    value = content.get(name, possible[0])
    if not isinstance(value, str) or value not in possible:
        raise BadRequest(f"{name} must be one of {', '.join(possible)}, not {value!r}.")
    return value


def _pair(content: dict[str, Any], name: str) -> tuple[int, int] | None:
    value = content.get(name)
    if value is None:
        return None
    if not _is_pair(value):
        raise BadRequest(f"{name} must be two whole numbers, not {value!r}.")
    return value[0], value[1]


def _heads(content: dict[str, Any]) -> tuple[HeadName, ...]:
    value = content.get("heads", ())
    if not isinstance(value, list | tuple) or not all(_is_pair(item) for item in value):
        raise BadRequest(f"heads must be pairs of whole numbers (layer, head), not {value!r}.")
    return tuple((layer, head) for layer, head in value)


def _is_pair(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(type(item) is int for item in value)


def _edits(content: dict[str, Any], name: str) -> tuple[str, ...] | None:
    """Edits in their text form, None if there is no such field. Whether the text has room for them is seen as it is read."""
    value = content.get(name)
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise BadRequest(f"{name} must be texts, not {value!r:.80}.")
    try:
        return tuple(map(str, edits_of(value)))
    except AttnWidgetError as error:
        raise BadRequest(f"{name}: {error}") from None


def _texts(content: dict[str, Any]) -> tuple[str, ...]:
    value = content.get("texts", ())
    if not (isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)):
        raise BadRequest(f"texts must be texts, not {value!r:.80}.")
    return tuple(map(well_formed, value))


def _question(content: dict[str, Any]) -> AskedAnswer:
    value = content.get("question")
    if value is None:
        return LEFT_TO_THE_MODEL
    if not isinstance(value, dict) or not value.keys() <= set(AskedAnswer._fields):
        raise BadRequest(f"question must be an object with {', '.join(AskedAnswer._fields)}, not {value!r:.80}.")
    at = value.get("at")
    if at is not None and type(at) is not int:
        raise BadRequest(f"question.at must be a whole number, not {at!r:.80}.")
    for name in ("answer", "rather"):
        if value.get(name) is not None and type(value[name]) not in (str, int):
            raise BadRequest(f"question.{name} must be a text or a whole number, not {value[name]!r:.80}.")
    answer, rather = (
        well_formed(item) if isinstance(item, str) else item for item in (value.get("answer"), value.get("rather"))
    )
    return AskedAnswer(answer, rather, at)


def _numbers(content: dict[str, Any], name: str) -> tuple[int, ...]:
    value = content.get(name, ())
    if not (isinstance(value, list | tuple) and all(type(item) is int for item in value)):
        raise BadRequest(f"{name} must be whole numbers, not {value!r}.")
    return tuple(value)
