"""The edits: what is changed in a forward pass, as records whose text form reads back.

Tokens are counted from 0, in the part that is edited. `str()` of an edit is its text form (see `notation`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, TypeAlias

import torch

from attnwidget.arguments import one_of, truth_of, whole_number
from attnwidget.engine.names import parse_head
from attnwidget.engine.text.tokens import Tokens
from attnwidget.errors import AttnWidgetError
from attnwidget.shapes import AttentionMap

Heads: TypeAlias = tuple[int, int | None]
"""A layer and one of its heads, or all of them; negative numbers count from the end."""

INSTEAD = ("zero", "mean", "run")
"""What a silenced head gives instead of its output."""

SAID_OF_A_RUN = 40
"""Characters of a text by which an edit names the run that it takes something from."""

PAINTED = ("uniform", "identity", "previous", "shuffled", "given")
"""What a painted head attends to."""


@dataclass(frozen=True, repr=False)
class Hide:
    """No other query reads these tokens any more; each still reads itself. `start` is the first query that is affected.

    The weights of the others are renormalised by the softmax.

    >>> Hide(range(4, 7), start=9)
    Hide('hide 4..6 from 9')
    """

    tokens: tuple[int, ...]
    start: int = 0
    part: str | None = None

    def __init__(self, tokens: Any, *, start: Any = 0, part: Any = None) -> None:
        _set(self, tokens=token_numbers("tokens", tokens), start=_number("start", start), part=_part(part))

    def __str__(self) -> str:
        start = f" from {self.start}" if self.start else ""
        return f"hide {_before(self.part)}{ranges(self.tokens)}{start}"

    def __repr__(self) -> str:
        return f"Hide({str(self)!r})"


@dataclass(frozen=True, repr=False)
class Silence:
    """A head's output, before the output projection, is replaced: by zero, by its mean over the text, or by another run.

    `head` None silences every head of the layer. `by="mean"` is the mean of the head's output over the tokens of this
    text, or of the trace `of`; `by="run"` is its output in the trace `of`, token by token.

    >>> Silence("L5H3"), Silence(5, 3, by="mean"), Silence("L5", part="cross")
    (Silence('silence L5H3'), Silence('silence L5H3 by mean'), Silence('silence cross L5'))
    """

    layer: int
    head: int | None
    by: str
    part: str | None
    of: Any = field(compare=False)
    _of: int | None = None

    def __init__(self, layer: Any, head: Any = None, *, by: Any = "zero", of: Any = None, part: Any = None) -> None:
        one_of("by", by, INSTEAD)
        if (of is None and by == "run") or (of is not None and by == "zero"):
            raise AttnWidgetError(
                f"by={by!r} and of={'a trace' if of is not None else None} do not fit: by='run' needs "
                "of=, another trace; by='zero' takes none."
            )
        if of is not None:
            _refuse_no_trace(of)
        number, head = heads_of(layer, head)
        _set(self, layer=number, head=head, by=by, part=_part(part), of=of, _of=None if of is None else id(of))

    def __str__(self) -> str:
        by = {"zero": "", "mean": " by mean", "run": ""}[self.by]
        of = "" if self.of is None else f" {'of' if by else 'by'} {run_over(self.of)}"
        return f"silence {_before(self.part)}{name_of(self.layer, self.head)}{by}{of}"

    def __repr__(self) -> str:
        return f"Silence({str(self)!r})"


@dataclass(frozen=True, repr=False)
class Cut:
    """These queries no longer read these keys, in the given heads, or everywhere.

    `queries` None is every query. The remaining weights are renormalised by the softmax, unless `renormalise` is False:
    then the rows sum to less than 1.

    >>> Cut(9, range(4, 7)), Cut(None, 0, heads="L5", renormalise=False)
    (Cut('cut 9 reads 4..6'), Cut('cut * reads 0 in L5, without renormalising'))
    """

    queries: tuple[int, ...] | None
    keys: tuple[int, ...]
    heads: tuple[Heads, ...] = ()
    part: str | None = None
    renormalise: bool = True

    def __init__(self, queries: Any, keys: Any, *, heads: Any = (), part: Any = None, renormalise: Any = True) -> None:
        named = [heads] if isinstance(heads, str) else list(heads)
        _set(
            self,
            queries=None if queries is None else token_numbers("queries", queries),
            keys=token_numbers("keys", keys),
            heads=tuple(heads_of(*(name if isinstance(name, tuple) else (name, None))) for name in named),
            part=_part(part),
            renormalise=truth_of("renormalise", renormalise),
        )

    def __str__(self) -> str:
        queries = "*" if self.queries is None else ranges(self.queries)
        names = ", ".join(name_of(*own) for own in self.heads)
        where = f" in {_before(self.part)}{names}".rstrip() if names or self.part else ""
        return f"cut {queries} reads {ranges(self.keys)}{where}{'' if self.renormalise else ', without renormalising'}"

    def __repr__(self) -> str:
        return f"Cut({str(self)!r})"


@dataclass(frozen=True, repr=False)
class Paint:
    """A head attends by another pattern.

    "uniform" is the same weight on every key that the query may read, "identity" the token itself, "previous" the one
    before it (the first token reads itself), "shuffled" the head's own weights in another order among the keys that the
    query may read, drawn by `seed`. A matrix (query key) is taken as it is: rows sum to at most 1, and it must be zero
    where the model does not look.

    >>> Paint("L5H3", "uniform"), Paint("L5", "shuffled", seed=7)
    (Paint('paint L5H3 uniform'), Paint('paint L5 shuffled 7'))
    """

    layer: int
    head: int | None
    pattern: str
    seed: int
    part: str | None
    matrix: AttentionMap | None = field(compare=False)
    _digest: str = ""

    def __init__(self, layer: Any, head: Any = None, pattern: Any = None, *, seed: Any = 0, part: Any = None) -> None:
        if pattern is None and not isinstance(head, int | None):  # Paint("L5H3", "uniform")
            head, pattern = None, head
        number, head = heads_of(layer, head)
        matrix = None
        if not isinstance(pattern, str):
            pattern, matrix = "given", painted_matrix(pattern)
        elif pattern not in PAINTED[:-1]:
            raise AttnWidgetError(
                f"{pattern!r:.60} is not a pattern. Give one of {', '.join(PAINTED[:-1])}, or a matrix (query key)."
            )
        digest = "" if matrix is None else blake2b(matrix.numpy().tobytes(), digest_size=8).hexdigest()
        seed = _number("seed", seed)
        if seed and pattern != "shuffled":
            raise AttnWidgetError(f"seed={seed} belongs to the pattern 'shuffled', not to {pattern!r}.")
        _set(self, layer=number, head=head, pattern=pattern, seed=seed, part=_part(part), matrix=matrix, _digest=digest)

    def __str__(self) -> str:
        pattern = {"shuffled": f"shuffled {self.seed}", "given": f"given {self._digest}"}.get(
            self.pattern, self.pattern
        )
        return f"paint {_before(self.part)}{name_of(self.layer, self.head)} {pattern}"

    def __repr__(self) -> str:
        return f"Paint({str(self)!r})"


@dataclass(frozen=True, repr=False)
class Patch:
    """What a head gives, before the output projection, or what a whole layer hands on, comes from another run.

    `Patch("L5H3", of=other)` takes the head's output from the trace `other`, `Patch("L5", of=other)` the layer's: the
    residual stream after it. `at` are positions, the same in both runs; None is all of them, and then both need as many
    tokens. Of a layer, `other` must be a trace by the same model, which reads its inputs once more.

    >>> import attnwidget as aw
    >>> other = aw.load().trace("The cat sat on the mat.")
    >>> Patch("L2H3", of=other), Patch("L2", of=other, at=[4, 5])
    (Patch("patch L2H3 from the run over 'The cat sat on the mat.'"), Patch("patch L2 at 4..5 from the run over 'The cat ..."))
    """

    layer: int
    head: int | None
    at: tuple[int, ...] | None
    part: str | None
    of: Any = field(compare=False)
    _of: int

    def __init__(self, layer: Any, head: Any = None, *, of: Any, at: Any = None, part: Any = None) -> None:
        _refuse_no_trace(of)
        number, head = heads_of(layer, head)
        places = None if at is None else token_numbers("at", at)
        _set(self, layer=number, head=head, at=places, part=_part(part), of=of, _of=id(of))

    def __str__(self) -> str:
        at = "" if self.at is None else f" at {ranges(self.at)}"
        return f"patch {_before(self.part)}{name_of(self.layer, self.head)}{at} from {run_over(self.of)}"

    def __repr__(self) -> str:
        return f"Patch({str(self)!r})"


Edit: TypeAlias = Hide | Silence | Cut | Paint | Patch


@dataclass(frozen=True, eq=False)
class AbsentRun:
    """Stands for the run that an edit of a saved trace took something from: a file holds its name alone."""

    said: str


def run_over(trace: Any) -> str:
    """The run that a trace is of, by the beginning of its text."""
    if isinstance(trace, AbsentRun):
        return trace.said
    text = trace.text.text or " ".join(trace.text.pieces)
    said = text if len(text) <= SAID_OF_A_RUN else f"{text[: SAID_OF_A_RUN - 1].rstrip()}…"
    return f"the run over {said!r}"


def ranges(numbers: Iterable[int]) -> str:
    """Numbers as they are written: ranges include both ends.

    >>> ranges([4, 5, 6, 9])
    '4..6, 9'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}..{run[-1]}" for run in runs)


def name_of(layer: int, head: int | None) -> str:
    """L5H3, or L5 for all heads of a layer."""
    return f"L{layer}" if head is None else f"L{layer}H{head}"


def heads_of(layer: Any, head: Any = None) -> Heads:
    """A layer and a head from numbers or a name. Raises AttnWidgetError for anything else."""
    if isinstance(layer, str):
        layer, head = parse_head(layer, head)
    number, one = whole_number(layer), None if head is None else whole_number(head)
    if number is None or (head is not None and one is None):
        raise AttnWidgetError(
            f"layer={layer!r:.60}, head={head!r:.60} do not name a head. Give two whole numbers, or a name like 'L5H3'."
        )
    return number, one


def token_numbers(what: str, given: Any) -> tuple[int, ...]:
    """Numbers of tokens in order, each once, from one number or several. Raises AttnWidgetError for anything else."""
    one = whole_number(given)
    try:
        found = [one] if one is not None else [whole_number(number) for number in given]
    except TypeError:
        found = []
    if isinstance(given, str) or not found or any(number is None or number < 0 for number in found):
        raise AttnWidgetError(
            f"{what}={given!r:.60} is not valid: give the number of a token, counted from 0, or several (a range or a list)."
        )
    return tuple(sorted({number for number in found if number is not None}))


def painted_matrix(given: Any) -> AttentionMap:
    """A pattern to paint, in fp32 on the CPU. Raises AttnWidgetError unless its rows are weights."""
    try:
        found = torch.as_tensor(given, dtype=torch.float32, device="cpu").detach()
    except (TypeError, ValueError, RuntimeError):
        found = torch.zeros(0, dtype=torch.float32, device="cpu")
    if found.ndim != 2 or not found.numel():
        raise AttnWidgetError(f"{given!r:.60} is not a pattern: give its name, or a matrix of weights (query key).")
    if not bool(((found >= 0) & (found <= 1)).all()) or bool((found.sum(-1) > 1 + 1e-4).any()):
        raise AttnWidgetError("A painted matrix holds weights: from 0 to 1, and each row sums to at most 1.")
    return found.clone()


def _number(what: str, value: Any) -> int:
    number = whole_number(value)
    if number is None or number < 0:
        raise AttnWidgetError(f"{what}={value!r:.60} is not valid: give a whole number, 0 or more.")
    return number


def _part(part: Any) -> str | None:
    if part is not None and not isinstance(part, str):
        raise AttnWidgetError(f"part={part!r:.60} is not valid: give the name of a part, for example 'cross'.")
    return part


def _refuse_no_trace(of: Any) -> None:
    if not isinstance(of, AbsentRun) and not (isinstance(getattr(of, "text", None), Tokens) and hasattr(of, "block")):
        raise AttnWidgetError(f"of={type(of).__name__} is not a trace. Make one with model.trace(text).")


def _before(part: str | None) -> str:
    return "" if part is None else f"{part} "


def _set(edit: Any, **fields: Any) -> None:
    for name, value in fields.items():
        object.__setattr__(edit, name, value)
