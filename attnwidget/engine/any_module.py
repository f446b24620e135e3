"""Any torch module, traced by watching the functions it calls: a hand-written GPT, torch's own layers, a plain ViT."""

import inspect
import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from attnwidget.engine.capture.attention_function import Call, Edited, Watch, watching
from attnwidget.engine.capture.edited_functions import EditedFunctions
from attnwidget.engine.capture.forward import run
from attnwidget.engine.capture.plain_modules import Seen, seen_blocks, seen_places, seen_sequences
from attnwidget.engine.capture.random_draws import own_draws
from attnwidget.engine.capture.shadow import shadow_of
from attnwidget.engine.capture.torch_functions import Spy, unchanged
from attnwidget.engine.edits.fitting import fitting
from attnwidget.engine.edits.records import Edit
from attnwidget.engine.inputs.inputs import Inputs
from attnwidget.engine.inputs.tensors import plain_ids
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.prediction import Prediction
from attnwidget.engine.text.spans import aligned
from attnwidget.engine.text.tokenise import tokenise_ids
from attnwidget.engine.text.tokens import Tokens, placed
from attnwidget.engine.trace.edited_blocks import changed_blocks, head_counts
from attnwidget.engine.trace.recompute import weights
from attnwidget.engine.trace.records import ModelFacts
from attnwidget.engine.trace.trace import Trace
from attnwidget.engine.verify import Verification
from attnwidget.errors import AttnWidgetError, EmptyText, NotNumbers, TooLarge, reason_of
from attnwidget.text import LARGEST_TEXT, well_formed


@dataclass(frozen=True, eq=False)
class PlainInputs(Inputs):
    """Inputs that may include other values than tensors: flags, sizes, None."""

    options: Mapping[str, Any] = field(default_factory=dict)


class AnyModule(AttentionModel):
    """A torch module from outside transformers, with the function that turns a text into its token ids.

    `tokenize` takes a text and returns token ids, or (ids, pieces). Without it, the module can only be given tensors.

    >>> import torch, attnwidget as aw
    >>> layer = torch.nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    >>> aw.load(torch.nn.TransformerEncoder(layer, 3)).trace(torch.randn(1, 5, 16))
    Trace(TransformerEncoder, 3 layers x 2 heads, 5 tokens, function)
    """

    # Not AttentionModel's own, which needs a transformers config and tokenizer: the same fields are filled differently.
    def __init__(self, module: Any, tokenize: Callable[[str], Any] | None, name: str) -> None:
        self.model = module
        self.tokenizer = tokenize
        self.processor = None
        self.name = name
        self.preparation = None
        self.reads = frozenset()
        self._reader = None
        self.facts = ModelFacts(name=name, architecture=type(module).__name__, path="function")
        shadow_of(module)

    def __repr__(self) -> str:
        return f"AttentionModel({self.name}, any torch module)"

    def tokens(
        self, x: Any, pair: str | None = None, *, prepend_bos: bool | None = None, first: int | None = None
    ) -> Tokens:
        """Tokens of a text, as the module's own `tokenize` splits it, or of token ids. Raises what `trace` raises."""
        if pair is not None or prepend_bos is not None:
            raise AttnWidgetError(
                f"{self.name} uses its own tokenize, which supports neither pair= nor prepend_bos=. Leave them out."
            )
        if not isinstance(x, str):
            return tokenise_ids(None, _numbers(x, first))
        return _cut(self.name, self.tokenizer, x, first)

    def predict(self, trace: Trace, position: int = -1, top: int = 5) -> Prediction:  # noqa: ARG002
        """Not available for plain modules, as the meaning of their output is unknown. Raises AttnWidgetError."""
        raise AttnWidgetError(
            f"The meaning of {trace.model.name}'s output is unknown, so nothing can be predicted from it."
        )

    def generate(self, *_given: Any, **_options: Any) -> Trace:
        """Not available for plain modules. Raises AttnWidgetError."""
        raise AttnWidgetError(
            f"transformers cannot generate with {self.name}. Load a transformers model with a language modelling head."
        )

    def verify(self, x: Any, *_given: Any, **_options: Any) -> Verification:
        """Compare the recomputed weights with those of torch's unfused attention, on the same input.

        Maps that the module computes itself are compared with those of a second pass.
        """
        given = self._inputs(x)
        trace = self._read(given)
        again = self._seen(given, Watch(shadow_of(self.model).names), unfused=True)
        other = {(block.part, block.layer): block for block in seen_blocks(again, self.name)}
        if other.keys() != {(block.part, block.layer) for block in trace.blocks}:
            raise AttnWidgetError(
                f"{self.name} computed a different number of maps when it ran again, so they cannot be compared."
            )
        worst = 0.0
        for block in trace.blocks:
            mine, theirs = trace.weights(block.layer, part=block.part), weights(other[block.part, block.layer])
            if mine.shape != theirs.shape:
                raise AttnWidgetError(
                    f"{self.name} computed maps of different sizes when it ran again, so they cannot be compared."
                )
            error = float((mine - theirs).abs().max())
            if not math.isfinite(error):
                raise NotNumbers
            worst = max(worst, error)
        return Verification(worst, len(trace.blocks), len(trace.text), "function")

    def piece(self, number: int) -> str:
        """A token as text: its id, as only the module's own tokenize would know more."""
        return f"#{number}"

    def _inputs(self, x: Any, pair: str | None = None, **options: Any) -> Inputs:
        if options.pop("target", None) is not None:
            raise AttnWidgetError(f"{self.name} does not take target=. Give a mapping of all its forward inputs.")
        if isinstance(x, Mapping):
            for name, value in x.items():
                _refuse_batch(str(name), value)
            named = {str(name): value for name, value in x.items()}
            tensors = {name: value for name, value in named.items() if isinstance(value, Tensor)}
            return PlainInputs(tensors, options={name: named[name] for name in named if name not in tensors})
        if isinstance(x, Tensor) and x.is_floating_point():
            _refuse_batch("This tensor", x)
            return Inputs({self._first_argument(): x})
        tokens = self.tokens(x, pair, **options)
        device = next((parameter.device for parameter in self.model.parameters()), torch.device("cpu"))
        return Inputs(
            {self._first_argument(): torch.tensor([tokens.ids], dtype=torch.long, device=device)}, {"text": tokens}
        )

    def _read_by(self) -> tuple[Any, ...]:
        return ()  # nothing is known about a function

    def _first_argument(self) -> str:
        names = list(inspect.signature(self.model.forward).parameters)
        if not names:
            raise AttnWidgetError(
                f"The forward pass of {self.name} does not take a single input. Give a mapping of its arguments."
            )
        return names[0]

    def _read(
        self,
        given: Inputs,
        progress: Callable[[int], None] = lambda _done: None,
        reuse: Trace | None = None,  # noqa: ARG002  caches are unknown here
        *,
        keeps: bool = False,  # noqa: ARG002  without a projection the residual stream cannot be found
        edits: tuple[Edit, ...] = (),
    ) -> Trace:
        watch = Watch(shadow_of(self.model).names, progress, counts_layers=True)
        state = self.state()
        seen = self._seen(given, watch)
        if edits and seen:
            places = seen_places(seen, self.name)
            seen = self._seen(given, Watch(shadow_of(self.model).names), edited=EditedFunctions(edits, places))
            if seen_places(seen, self.name) != places:
                raise AttnWidgetError(
                    f"{self.name} computed other attention when it ran again, so it cannot be edited."
                )
        blocks = seen_blocks(seen, self.name)
        if not blocks:
            raise AttnWidgetError(
                f"{self.name} computed no attention that attnwidget can see: no scaled_dot_product_attention, no "
                "MultiheadAttention, and no softmax whose result is multiplied by values. Pass weights to "
                "Trace.from_weights instead."
            )
        text, sequences = seen_sequences(blocks, given.tokens.get("text"), self.name)
        if edits:
            blocks = changed_blocks(blocks, Counter(block.part for block in blocks), edits)
        whole = not (isinstance(given, PlainInputs) and given.options)
        forward = {name: tensor.clone() for name, tensor in given.forward.items()} if whole else {}
        return Trace(blocks, text, "function", self.facts, sequences, origin=state, edits=edits, forward=forward)

    def fitting(
        self, edits: tuple[Edit, ...], text: str, pair: str = "", first: int | None = None
    ) -> tuple[tuple[Edit, ...], tuple[tuple[Edit, str], ...]]:
        """The edits that can be made on a text, and the others, each with the sentence that says why."""
        blocks = self._read(self._inputs(text, pair or None, first=first)).blocks
        sizes = {block.part: block.shape[1:] for block in blocks}
        return fitting(edits, head_counts(blocks), sizes, Counter(block.part for block in blocks))

    def _seen(
        self,
        given: Inputs,
        watch: Watch,
        *,
        unfused: bool = False,
        edited: Callable[[int, Call | None], Edited | None] = unchanged,
    ) -> list[Seen]:
        shadow = shadow_of(self.model)
        spy = Spy(watch, unfused=unfused, edited=edited)
        with shadow.lock, torch.no_grad(), own_draws(shadow.draws), watching(watch), spy:
            run(shadow.module, given.forward, given.options if isinstance(given, PlainInputs) else {})
        return spy.seen


def _refuse_batch(name: str, value: Any) -> None:
    """Raise AttnWidgetError for a batch of several inputs, as far as the shape tells. Masks have other shapes."""
    if not isinstance(value, Tensor) or "mask" in name or "bias" in name:
        return
    # torch's own layers have the batch second unless told otherwise; a matrix of numbers may have none.
    batches = value.shape[:2] if value.ndim == 3 else value.shape[:1]
    if 1 not in batches and value.ndim >= (3 if value.is_floating_point() else 2):
        raise AttnWidgetError(
            f"{name} has the shape {tuple(value.shape)}; a trace holds one input, so its batch size must be 1. Choose "
            "one, for example x[:1]."
        )


def _numbers(x: Any, first: int | None = None) -> list[int]:
    try:
        return plain_ids(x, first)
    except AttnWidgetError:
        raise
    except Exception as error:  # arrays of other packages raise whatever they like
        raise AttnWidgetError(
            f"Token ids cannot be read from {type(x).__name__}. Give whole numbers of shape [n]."
        ) from error


def _cut(name: str, tokenize: Callable[[str], Any] | None, text: str, first: int | None) -> Tokens:
    if tokenize is None:
        raise AttnWidgetError(
            f"{name} was loaded without tokenize=, so it cannot encode text. Use aw.load(module, tokenize=...), or "
            "give token ids."
        )
    text = well_formed(text)
    if len(text) > LARGEST_TEXT:
        raise TooLarge(
            f"This text has {len(text):,} characters; at most {LARGEST_TEXT:,} are accepted. Give a shorter text."
        )
    try:
        found = tokenize(text)
    except Exception as error:
        reason = reason_of(error)
        raise AttnWidgetError(f"tokenize failed on this text: {reason}") from error
    ids, pieces = found if isinstance(found, tuple) and len(found) == 2 else (found, None)
    if isinstance(ids, list | tuple) and not ids:
        raise EmptyText("There is no text yet. Type a few words.")
    numbers = _numbers(ids)
    if pieces is None:
        # Most hand-written tokenizers split a text into letters or words.
        cuts = [list(text), text.split()]
        pieces = next((cut for cut in cuts if len(cut) == len(numbers)), [str(number) for number in numbers])
    try:
        pieces = [str(piece) for piece in pieces]
    except Exception as error:
        raise AttnWidgetError(
            "tokenize returned pieces that are not a list. Return one piece of text for each id."
        ) from error
    if len(pieces) != len(numbers):
        raise AttnWidgetError(
            f"tokenize returned {len(numbers)} ids and {len(pieces)} pieces. Return one piece for each id."
        )
    return placed(text, numbers, pieces, aligned(text, pieces), range(len(numbers)))[:first]
