"""A copy of a model without some of its heads: smaller projections where they can be cut, columns of zeros elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from attnwidget.arguments import truth_of
from attnwidget.engine.capture.shadow import independent_copy, shadow_of
from attnwidget.engine.edits.records import Heads, Silence, heads_of, name_of
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.trace.projection import matrix_of
from attnwidget.engine.trace.records import Block
from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import AttnWidgetError

SEPARATE = ({"q_proj", "query", "q_lin", "q"}, {"k_proj", "key", "k_lin", "k"}, {"v_proj", "value", "v_lin", "v"})
"""What the projections of queries, keys and values are called where there are three."""

FUSED = "c_attn"
"""What the one projection of all three is called: queries, keys and values one after the other."""

COUNTS = {"num_heads", "num_attention_heads", "n_heads"}
KEY_COUNTS = {"num_key_value_heads", "num_kv_heads", "n_kv_heads"}
WIDTHS = {"split_size", "all_head_size", "inner_dim"}
"""Attributes of attention modules: how many heads there are, of queries and of keys, and how wide all of them are."""

TRIED_TOKENS = 8
"""Tokens on which a copy is compared with the model whose heads are silenced."""

AS_SILENCED = 1e-4
"""How far apart the two may be, as a share of the largest number."""


class PrunedModel(AttentionModel):
    """A copy of a model without some heads. `.model` is the copy, of its own weights.

    `removed` are heads that are gone, `zeroed` those that are still there and write nothing; both by the numbers of the
    model that was pruned. In a layer that lost heads the others are counted anew: `kept` has, by (part, layer), which
    they were.
    """

    def __init__(self, model: AttentionModel, module: Any, plans: Sequence["_Plan"]) -> None:
        super().__init__(
            module,
            model.tokenizer,
            model.name,
            processor=model.processor,
            teaching=model.facts.teaching,
            preparation=model.preparation,
        )
        self.removed: tuple[Heads, ...] = tuple((plan.layer, head) for plan in plans for head in plan.removed)
        self.zeroed: tuple[Heads, ...] = tuple((plan.layer, head) for plan in plans for head in plan.zeroed)
        self.kept: Mapping[tuple[str, int], tuple[int, ...]] = {
            (plan.part, plan.layer): plan.kept for plan in plans if plan.removed
        }
        own = {plan.layer: len(plan.kept) for plan in plans if plan.part in {"self", "text", "encoder"}}
        heads = tuple(own.get(layer, count) for layer, count in enumerate(self.facts.heads))
        self.facts = replace(self.facts, heads=heads)

    def __repr__(self) -> str:
        said = [
            f"{what} {', '.join(name_of(*one) for one in heads)}"
            for what, heads in (("without", self.removed), ("zeroed", self.zeroed))
            if heads
        ]
        return f"{super().__repr__()[:-1]}; {'; '.join(said)})"


@dataclass(frozen=True)
class _Plan:
    """What becomes of one layer: the heads that are kept, in their order, and which of them write nothing."""

    part: str
    layer: int
    path: str
    heads: int
    group: int
    projection: str
    pruned: frozenset[int]
    kept: tuple[int, ...]

    @property
    def zeroed(self) -> tuple[int, ...]:
        return tuple(head for head in self.kept if head in self.pruned)

    @property
    def removed(self) -> tuple[int, ...]:
        return tuple(head for head in range(self.heads) if head not in self.kept)

    @property
    def keys(self) -> tuple[int, ...]:
        """The key heads that are kept."""
        return tuple(dict.fromkeys(head // self.group for head in self.kept))


def prune(model: Any, heads: Any, *, part: str | None = None, smaller: Any = True, on: Any = None) -> PrunedModel:
    """A copy of a model without some heads, whose logits are those of the model with these heads silenced.

    `heads` are names ("L5H3", "L5" for all of a layer), pairs (layer, head), or several of either. The projections become
    smaller where the layout of the layer allows that: of heads that share keys, as many as all groups can lose, and keys
    and values where a whole group goes; otherwise the columns of the output projection are zero (`.removed` and `.zeroed`
    say which). `smaller=False` leaves all sizes as they are. The copy is tried against the silenced model, on a few tokens
    or on the inputs of the trace `on`.

    The model itself is left as it is; the copy takes as much memory again. `trace`, `verify` and `generate` work with the
    copy; `.model.save_pretrained` keeps zeroed heads, but what became smaller than its configuration says can only be
    saved whole, with `torch.save(pruned.model, file)`. Raises AttnWidgetError for heads that are not there, for models
    outside transformers' attention interface, and where no linear layer directly follows the heads.
    Source: Michel et al. 2019 (arXiv 1905.10650), heads removed at test time.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> pruned = aw.prune(model, ["L0H1", "L2H3"])
    >>> pruned
    AttentionModel(tiny-causal, decoder, 4 layers x 4 heads; without L0H1, L2H3)
    >>> pruned.kept[("self", 0)]
    (0, 2, 3)
    >>> pruned.trace("The cat sat on the mat.").heads()
    (3, 4, 3, 4)
    """
    if not isinstance(model, AttentionModel):
        raise AttnWidgetError(f"This needs a model, not {type(model).__name__}. Make one with aw.load(...).")
    if shadow_of(model.model).path != "interface":
        raise AttnWidgetError(
            f"{model.name} computes its attention in code of its own, so its heads cannot be taken out. Pruning needs a model "
            "that follows transformers' attention interface."
        )
    chosen = _chosen(heads)
    inputs = _tried_on(model, on)
    expected = model.trace(inputs, edits=[Silence(*one, part=part) for one in chosen])
    wanted = _by_layer(expected, chosen, part)
    ways = [_kept_of_groups, _all_kept] if truth_of("smaller", smaller) else [_all_kept]
    for way in ways:
        plans = [_plan(block, pruned, way) for block, pruned in wanted]
        pruned = _pruned(model, plans)
        if pruned is not None and _gives(pruned, expected):
            return pruned
    raise AttnWidgetError(
        f"A copy of {model.name} without these heads does not give what the model gives with them silenced. Silence them "
        "instead: model.trace(text, edits='silence L5H3')."
    )


def _chosen(heads: Any) -> list[Heads]:
    pair = isinstance(heads, tuple) and len(heads) == 2 and not any(isinstance(one, str | tuple) for one in heads)
    every = [heads] if isinstance(heads, str) or pair else heads
    try:
        found = [heads_of(*(one if isinstance(one, tuple) else (one,))) for one in every]
    except TypeError:
        found = []
    if not found:
        raise AttnWidgetError(
            f"{heads!r:.60} names no heads. Give names, for example ['L5H3', 'L7'], or (layer, head)."
        )
    return found


def _tried_on(model: AttentionModel, on: Any) -> Trace:
    if isinstance(on, Trace):
        return on
    if on is not None:
        raise AttnWidgetError(f"on={type(on).__name__} is not valid: give a Trace of this model, or leave it out.")
    try:
        size = min(1000, model.model.get_input_embeddings().num_embeddings)
        return model.trace([(7 * place + 11) % size for place in range(TRIED_TOKENS)])
    except (AttnWidgetError, AttributeError, NotImplementedError):
        raise AttnWidgetError(
            f"{model.name} does not read a plain text, on which the pruned copy could be tried. Give a trace of what it "
            "reads, as on=."
        ) from None


def _by_layer(trace: Trace, chosen: Iterable[Heads], part: str | None) -> list[tuple[Block, frozenset[int]]]:
    found: dict[int, set[int]] = {}
    for layer, head in chosen:
        block = trace.block(layer, part)
        found.setdefault(block.layer, set()).update(range(block.heads) if head is None else [head % block.heads])
    every = [(trace.block(layer, part), frozenset(heads)) for layer, heads in sorted(found.items())]
    for block, _ in every:
        if block.projection is None:
            raise AttnWidgetError(
                f"The heads of layer {block.layer} do not write through a linear layer of their own, so none can be taken "
                "out. Silence them instead."
            )
        if sum(other.path == block.path for other in trace.blocks) > 1:
            raise AttnWidgetError(
                f"One module serves several layers of this model, layer {block.layer} among them, so a head cannot be taken "
                "out of one alone. Silence it instead."
            )
    return every


def _plan(block: Block, pruned: frozenset[int], way: Any) -> _Plan:
    group = block.heads // block.kv_heads
    path = "" if block.projection is None else block.projection.path
    return _Plan(block.part, block.layer, block.path, block.heads, group, path, pruned, way(block.heads, group, pruned))


def _all_kept(heads: int, _group: int, _pruned: frozenset[int]) -> tuple[int, ...]:
    return tuple(range(heads))


def _kept_of_groups(heads: int, group: int, pruned: frozenset[int]) -> tuple[int, ...]:
    """Every group of heads that share keys keeps as many as the one that needs most; groups without a head go.

    >>> _kept_of_groups(8, 2, frozenset({0, 1, 2})), _kept_of_groups(8, 2, frozenset({0, 2, 4, 6}))
    ((2, 3, 4, 5, 6, 7), (1, 3, 5, 7))
    """
    groups = [range(start, start + group) for start in range(0, heads, group)]
    left = [own for own in groups if not pruned.issuperset(own)] or groups[:1]
    most = max(1, *(sum(head not in pruned for head in own) for own in left), 1)
    found: list[int] = []
    for own in left:
        found += sorted(sorted(own, key=lambda head: (head in pruned, head))[:most])
    return tuple(found)


def _pruned(model: AttentionModel, plans: Sequence[_Plan]) -> PrunedModel | None:
    """The copy as planned; None where the layout of a layer is not one that can be cut."""
    module = independent_copy(model.model)
    with torch.no_grad():
        for plan in plans:
            _zero(module.get_submodule(plan.projection), plan)
            if plan.removed and not _cut(module, plan):
                return None
    try:
        return PrunedModel(model, module, plans)
    except AttnWidgetError:
        return None


def _zero(layer: nn.Module, plan: _Plan) -> None:
    """The heads that are kept without writing have columns of zeros."""
    matrix = matrix_of(layer)
    if matrix is None:
        raise AttnWidgetError(f"{plan.projection} has no plain matrix, so no head can be taken out of it.")
    columns = _columns(layer, plan, plan.zeroed)
    matrix.index_fill_(_axis_in(layer), columns.to(matrix.device), 0)


def _cut(module: Any, plan: _Plan) -> bool:
    attention, output = module.get_submodule(plan.path), module.get_submodule(plan.projection)
    own, width = dict(attention.named_children()), _size_in(output) // plan.heads
    queries, keys = _rows(plan.kept, width), _rows(plan.keys, width)
    fused = own.get(FUSED)
    each = [next((own[name] for name in own if name in names), None) for names in SEPARATE]
    if fused is not None and _size_out(fused) == 3 * plan.heads * width:
        whole = plan.heads * width
        _narrow(fused, torch.cat([queries, keys + whole, keys + 2 * whole]), out=True)
    elif all(layer is not None and _size_out(layer) for layer in each):
        query, key, value = each
        shared = plan.heads // plan.group * width
        if [_size_out(query), _size_out(key), _size_out(value)] != [plan.heads * width, shared, shared]:
            return False
        for layer, rows in ((query, queries), (key, keys), (value, keys)):
            _narrow(layer, rows, out=True)
    else:
        return False
    _narrow(output, queries, out=False)
    # One number for each head, such as the logits of sinks.
    for name, parameter in attention.named_parameters(recurse=False):
        if parameter.shape == (plan.heads,):
            setattr(attention, name, _selected(parameter, 0, torch.tensor(plan.kept, dtype=torch.long, device="cpu")))
    _count_anew(attention, plan, width)
    return True


def _count_anew(attention: Any, plan: _Plan, width: int) -> None:
    """What an attention module knows of its heads."""
    group = len(plan.kept) // len(plan.keys)
    known = {name: (plan.heads, len(plan.kept)) for name in COUNTS}
    known |= {name: (plan.heads // plan.group, len(plan.keys)) for name in KEY_COUNTS}
    known |= {name: (plan.heads * width, len(plan.kept) * width) for name in WIDTHS}
    known["num_key_value_groups"] = (plan.group, group)
    for name, (before, after) in known.items():
        if vars(attention).get(name) == before:
            setattr(attention, name, after)


def _rows(heads: Sequence[int], width: int) -> Tensor:
    starts = torch.tensor(heads, dtype=torch.long, device="cpu")[:, None] * width
    return (starts + torch.arange(width, device="cpu")).flatten()


def _columns(layer: nn.Module, plan: _Plan, heads: Sequence[int]) -> Tensor:
    return _rows(heads, _size_in(layer) // plan.heads)


def _axis_in(layer: Any) -> int:
    """The axis of the matrix that is multiplied: GPT-2's Conv1D has it transposed."""
    return 0 if isinstance(layer, Conv1D) else 1


def _size_in(layer: Any) -> int:
    matrix = matrix_of(layer)
    return 0 if matrix is None else matrix.shape[_axis_in(layer)]


def _size_out(layer: Any) -> int:
    """How wide the result of a linear layer is; 0 for any other module."""
    matrix = matrix_of(layer) if type(layer) in {nn.Linear, Conv1D} else None
    return 0 if matrix is None else matrix.shape[1 - _axis_in(layer)]


def _narrow(layer: Any, rows: Tensor, *, out: bool) -> None:
    """A linear layer with some of its inputs or outputs alone."""
    axis = 1 - _axis_in(layer) if out else _axis_in(layer)
    layer.weight = _selected(layer.weight, axis, rows)
    if out and layer.bias is not None:
        layer.bias = _selected(layer.bias, 0, rows)
    name = {(True, True): "nf", (True, False): "nx", (False, True): "out_features", (False, False): "in_features"}
    setattr(layer, name[isinstance(layer, Conv1D), out], len(rows))


def _selected(parameter: nn.Parameter, axis: int, rows: Tensor) -> nn.Parameter:
    own = parameter.index_select(axis, rows.to(parameter.device)).clone()
    return nn.Parameter(own, requires_grad=parameter.requires_grad)


def _gives(pruned: PrunedModel, expected: Trace) -> bool:
    """Whether the copy gives what the model gives with its heads silenced."""
    try:
        found = pruned.trace(dict(expected.forward))
    except AttnWidgetError:
        return False
    pairs = ((found.hidden, expected.hidden), (found.scores, expected.scores))
    compared = [_near(one, other) for one, other in pairs if one is not None and other is not None]
    return bool(compared) and all(compared)


def _near(one: Tensor, other: Tensor) -> bool:
    most = AS_SILENCED * max(1.0, float(other.abs().max()))
    return one.shape == other.shape and bool((one - other).abs().max() <= most)
