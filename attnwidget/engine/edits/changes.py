"""What edits do to one attention layer: pairs that are not read, patterns, and heads whose output is replaced."""

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from attnwidget.engine.edits.records import AbsentRun, Cut, Edit, Hide, Paint, Patch, Silence, name_of
from attnwidget.errors import AttnWidgetError

READ_ACROSS = {"encoder", "vision", "audio"}
"""The parts whose tokens cross-attention reads, where there is any."""


@dataclass(frozen=True)
class Edges:
    """Queries that must not read some keys. `heads` and `queries` None stand for all of them.

    `itself` says that a query goes on reading its own token.
    """

    heads: frozenset[int] | None
    queries: tuple[int, ...] | None
    start: int
    keys: tuple[int, ...]
    itself: bool
    renormalise: bool


@dataclass(frozen=True, eq=False)
class Changes:
    """The edits of one layer. `offset` is the number of the first query, when earlier ones come from a cache."""

    edges: tuple[Edges, ...] = ()
    patterns: Mapping[int, Paint] = field(default_factory=dict)
    silenced: Mapping[int, Silence] = field(default_factory=dict)
    patched: Mapping[int, tuple[Patch, ...]] = field(default_factory=dict)
    offset: int = 0

    @property
    def replaced(self) -> frozenset[int]:
        """The heads whose whole output is replaced: no token reaches the stream through them."""
        return frozenset(self.silenced) | {
            head for head, edits in self.patched.items() if any(edit.at is None for edit in edits)
        }

    def starting_at(self, offset: int) -> "Changes":
        """The same for a pass whose first query is another token."""
        return self if offset == self.offset else replace(self, offset=offset)

    def of_every_head(self) -> "Changes | None":
        """What can be said in one mask for all heads; None if there is nothing of that kind."""
        own = tuple(edges for edges in self.edges if edges.heads is None and edges.renormalise)
        return Changes(own, offset=self.offset) if own else None

    def repainted(self, heads: int) -> list[int]:
        """The heads whose weights no mask for all heads gives."""
        if any(edges.heads is None and not edges.renormalise for edges in self.edges):
            return list(range(heads))
        chosen = {head for edges in self.edges for head in edges.heads or ()}
        return sorted(chosen | self.patterns.keys())

    def hidden(self, heads: slice, rows: Int[Tensor, " row"], width: int) -> Bool[Tensor, "head row key"] | None:
        """Which keys each query must not see before the softmax, for some heads (or one map for all of them)."""
        return self._pairs(heads, rows, width, renormalise=True)

    def paint(
        self,
        weights: Float[Tensor, "head row key"],
        heads: slice,
        rows: Int[Tensor, " row"],
        allowed: Bool[Tensor, "mask row key"],
        first_key: int,
    ) -> Float[Tensor, "head row key"]:
        """The weights after the softmax as they take effect. `allowed` says what each query may read."""
        painted = weights
        for head in range(heads.start, heads.stop):
            if head in self.patterns:
                painted = painted.clone() if painted is weights else painted
                at = head - heads.start
                may = allowed[0 if len(allowed) == 1 else at]
                painted[at] = _pattern(self.patterns[head], weights[at], head, rows + self.offset, may, first_key)
        dropped = self._pairs(heads, rows, first_key + weights.shape[2], renormalise=False)
        return painted if dropped is None else painted.masked_fill(dropped[..., first_key:].to(painted.device), 0.0)

    def _pairs(
        self, heads: slice, rows: Int[Tensor, " row"], width: int, *, renormalise: bool
    ) -> Bool[Tensor, "head row key"] | None:
        own = [edges for edges in self.edges if edges.renormalise == renormalise and _concerns(edges, heads)]
        if not own:
            return None
        queries, keys = rows.cpu() + self.offset, torch.arange(width, device="cpu")
        apart = any(edges.heads is not None for edges in own)
        found = torch.zeros(heads.stop - heads.start if apart else 1, len(rows), width, dtype=torch.bool, device="cpu")
        for edges in own:
            read = queries >= edges.start
            if edges.queries is not None:
                read &= torch.isin(queries, _tensor(edges.queries))
            pairs = read[:, None] & torch.isin(keys, _tensor(edges.keys))[None]
            if edges.itself:
                pairs &= queries[:, None] != keys[None]
            named = range(heads.start, heads.stop) if edges.heads is None else edges.heads
            places = [head - heads.start for head in named if heads.start <= head < heads.stop] if apart else [0]
            found[places] |= pairs
        return found.to(rows.device)


def changes_of(
    edits: Iterable[Edit], part: str, layer: int, depth: int, heads: int, parts: Iterable[str]
) -> Changes | None:
    """What the edits do to one layer; None if they leave it as it is. Raises AttnWidgetError for a head that it lacks."""
    known = tuple(parts)
    edges: list[Edges] = []
    patterns: dict[int, Paint] = {}
    silenced: dict[int, Silence] = {}
    patched: dict[int, tuple[Patch, ...]] = {}
    for edit in edits:
        if part not in _parts_of(edit, known):
            continue
        if isinstance(edit, Hide):
            edges.append(Edges(None, None, edit.start, edit.tokens, itself=part != "cross", renormalise=True))
        elif isinstance(edit, Cut):
            chosen = _chosen(edit.heads, layer, depth, heads)
            if chosen is None or chosen:
                edges.append(Edges(chosen, edit.queries, 0, edit.keys, itself=False, renormalise=edit.renormalise))
        elif not isinstance(edit, Patch) or edit.head is not None:
            own = _chosen(((edit.layer, edit.head),), layer, depth, heads)
            for head in range(heads) if own is None else own:
                if isinstance(edit, Paint):
                    _refuse_across(edit, part)
                    patterns[head] = edit
                elif isinstance(edit, Patch):
                    patched[head] = (*patched.get(head, ()), edit)
                else:
                    silenced[head] = edit
    found = Changes(tuple(edges), patterns, silenced, patched)
    return found if edges or patterns or silenced or patched else None


def _refuse_across(edit: Paint, part: str) -> None:
    if part == "cross" and edit.pattern in {"identity", "previous"}:
        raise AttnWidgetError(
            f"{str(edit)!r} is not possible: queries and keys of cross-attention are different tokens."
        )


def patches_of(edits: Iterable[Edit], part: str, layer: int, depth: int, parts: Iterable[str]) -> tuple[Patch, ...]:
    """The edits that replace what one layer hands on."""
    known = tuple(parts)
    return tuple(
        edit
        for edit in edits
        if isinstance(edit, Patch) and edit.head is None
        if part in _parts_of(edit, known) and edit.layer in {layer, layer - depth}
    )


def refuse_what_is_not_there(
    edits: Iterable[Edit], heads: Mapping[str, Mapping[int, int]], depths: Mapping[str, int]
) -> None:
    """Raise AttnWidgetError for an edit of a part, layer or head that the model lacks.

    `heads` has, for each part, the number of heads of every layer that attends; `depths` counts its layers of any kind.
    """
    known = tuple(heads)
    for edit in edits:
        for part in _parts_of(edit, known):
            depth = max(depths.get(part, 0), 1 + max(heads[part]))
            named = (
                ((edit.layer, edit.head),) if isinstance(edit, Silence | Paint | Patch) else getattr(edit, "heads", ())
            )
            for layer, head in named:
                number = layer % depth
                if not -depth <= layer < depth or number not in heads[part]:
                    raise AttnWidgetError(
                        f"{str(edit)!r}: there is no layer {layer} with attention; {_those(heads[part])}."
                    )
                count = heads[part][number]
                if head is not None and not -count <= head < count:
                    raise AttnWidgetError(
                        f"{str(edit)!r}: there is no head {head} in layer {number}; its heads are 0 to {count - 1}."
                    )


def refuse_edits_of(edits: Iterable[Edit], refused: Mapping[str, str]) -> None:
    """Raise AttnWidgetError for an edit of a part that is not shown; `refused` has such parts, with a sentence each."""
    for edit in edits:
        if edit.part is not None and edit.part in refused:
            raise AttnWidgetError(
                f"{str(edit)!r}: nothing can be changed in a part that is not shown. {refused[edit.part]}"
            )


def refuse_tokens_beyond(edits: Iterable[Edit], sizes: Mapping[str, tuple[int, int]]) -> None:
    """Raise AttnWidgetError for an edit of a token that the text lacks. `sizes` has queries and keys of each part."""
    known = tuple(sizes)
    for edit in edits:
        for part in _parts_of(edit, known):
            queries, keys = sizes[part]
            read = edit.tokens if isinstance(edit, Hide) else edit.keys if isinstance(edit, Cut) else ()
            by = (edit.queries if isinstance(edit, Cut) else edit.at if isinstance(edit, Patch) else None) or ()
            for number, size in [(max(read, default=0), keys), (max(by, default=0), queries)]:
                if number >= size:
                    raise AttnWidgetError(
                        f"{str(edit)!r}: there is no token {number}; they are numbered 0 to {size - 1}."
                    )
            other = _run_of(edit)
            if (
                other is not None
                and not isinstance(other, AbsentRun)
                and len(other.tokens(part if len(other.parts) > 1 else None)[0]) != queries
            ):
                raise AttnWidgetError(
                    f"{str(edit)!r}: the other run has {len(other.text)} tokens, and this text has {queries}. Give two texts of "
                    f"the same length{'' if isinstance(edit, Silence) else ', or the positions as at='}."
                )
            if isinstance(edit, Paint) and edit.matrix is not None and tuple(edit.matrix.shape) != (queries, keys):
                raise AttnWidgetError(
                    f"{str(edit)!r}: the matrix is {edit.matrix.shape[0]} x {edit.matrix.shape[1]}, but the pattern is "
                    f"{queries} x {keys} (query key)."
                )


def _run_of(edit: Edit) -> Any:
    """The run whose rows an edit takes one by one, all of them."""
    if isinstance(edit, Patch):
        return edit.of if edit.at is None else None
    return edit.of if isinstance(edit, Silence) and edit.by == "run" else None


def refuse_absent_runs(edits: Iterable[Edit]) -> None:
    """Raise AttnWidgetError for an edit that takes something from a run that is not at hand."""
    for edit in edits:
        if isinstance(edit, Silence | Patch) and isinstance(edit.of, AbsentRun):
            raise AttnWidgetError(
                f"{str(edit)!r}: that run was not saved with the trace. Give the edit anew, with a trace of it as of=."
            )


def first_changed(edits: Iterable[Edit]) -> int:
    """The first query that the edits can change, in a model where no query reads later tokens."""
    return min(map(_first_changed_by, edits), default=0)


def _first_changed_by(edit: Edit) -> int:
    if isinstance(edit, Hide):
        return max(edit.start, edit.tokens[0] + 1)
    if isinstance(edit, Cut):
        return edit.keys[0] if edit.queries is None else edit.queries[0]
    return edit.at[0] if isinstance(edit, Patch) and edit.at is not None else 0


def row_by_row(edits: Iterable[Edit]) -> bool:
    """Whether what an edit does to a query depends on nothing after it."""
    return all(not isinstance(edit, Silence) or edit.by == "zero" for edit in edits)


def _parts_of(edit: Edit, known: tuple[str, ...]) -> tuple[str, ...]:
    if edit.part is None:
        if len(known) > 1:
            raise AttnWidgetError(
                f"{str(edit)!r} does not say in which part; this model has {', '.join(known)}. Put it before the tokens "
                f"or heads, for example {str(_in_part(edit, known[-1]))!r}."
            )
        return known
    if edit.part not in known:
        raise AttnWidgetError(f"{str(edit)!r}: there is no part {edit.part!r}; this model has {', '.join(known)}.")
    # Cross-attention reads the encoder; without one, the tower.
    read = isinstance(edit, Hide) and edit.part in READ_ACROSS and "cross" in known
    across = read and (edit.part == "encoder" or "encoder" not in known)
    return (edit.part, "cross") if across else (edit.part,)


def _in_part(edit: Edit, part: str) -> Edit:
    """The same edit of another part."""
    other = copy(edit)
    object.__setattr__(other, "part", part)
    return other


def _chosen(named: tuple[tuple[int, int | None], ...], layer: int, depth: int, heads: int) -> frozenset[int] | None:
    """Those of a layer's heads that are named; None for all of them."""
    if not named:
        return None
    own = [head for number, head in named if number in {layer, layer - depth}]
    return None if None in own else frozenset(head % heads for head in own if head is not None)


def _concerns(edges: Edges, heads: slice) -> bool:
    return edges.heads is None or any(heads.start <= head < heads.stop for head in edges.heads)


def _tensor(numbers: tuple[int, ...]) -> Tensor:
    return torch.tensor(numbers, dtype=torch.long, device="cpu")


def _those(layers: Mapping[int, int]) -> str:
    numbers = list(layers)
    whole = numbers == list(range(len(numbers)))
    return f"layers are 0 to {numbers[-1]}" if whole else f"choose one of {', '.join(map(str, numbers))}"


def _pattern(edit: Paint, own: Tensor, head: int, queries: Tensor, may: Tensor, first_key: int) -> Tensor:
    """A painted pattern of some rows, over keys from `first_key` on."""
    may = may.to(own.device)
    keys = torch.arange(first_key, first_key + own.shape[1], device=own.device)
    queries = queries.to(own.device)
    if edit.pattern == "uniform":
        return may / may.sum(-1, keepdim=True).clamp(min=1)
    if edit.pattern == "given":
        return _given(edit, queries, may, first_key)
    if edit.pattern == "shuffled":
        return _shuffled(own, may, edit.seed, head, queries)
    read = queries if edit.pattern == "identity" else (queries - 1).clamp(min=0)
    return (keys[None] == read[:, None]).to(own.dtype) * may


def _given(edit: Paint, queries: Tensor, may: Tensor, first_key: int) -> Tensor:
    matrix = edit.matrix
    if matrix is None or int(queries.max()) >= len(matrix) or first_key + may.shape[1] > matrix.shape[1]:
        raise AttnWidgetError(f"{str(edit)!r}: the matrix has fewer rows or columns than the text has tokens.")
    rows = matrix.to(may.device)[queries]
    inside = rows[:, first_key : first_key + may.shape[1]]
    if bool(inside[~may].any()) or not torch.allclose(inside.sum(-1), rows.sum(-1), atol=1e-6):
        raise AttnWidgetError(
            f"{str(edit)!r}: the matrix puts weight where {name_of(edit.layer, edit.head)} may not look, for example on later "
            "tokens. Make it zero there."
        )
    return inside


def _shuffled(own: Tensor, may: Tensor, seed: int, head: int, queries: Tensor) -> Tensor:
    found = torch.zeros_like(own)
    for row, query in enumerate(queries.tolist()):
        places = may[row].nonzero()[:, 0]
        drawn = torch.Generator(device="cpu").manual_seed((seed * 1_000_003 + head) * 1_000_003 + query)
        order = torch.randperm(len(places), generator=drawn, device="cpu").to(places.device)
        found[row, places] = own[row, places[order]]
    return found
