"""Any torch module, read by watching its functions: a GPT of one's own, torch's TransformerEncoder, a plain ViT."""

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from attnwidget.engine.capture.attention_function import Watch, watching
from attnwidget.engine.capture.forward import run
from attnwidget.engine.capture.plain_modules import Seen, seen_blocks, seen_sequences
from attnwidget.engine.capture.random_draws import own_draws
from attnwidget.engine.capture.shadow import shadow_of
from attnwidget.engine.capture.torch_functions import Spy
from attnwidget.engine.inputs.inputs import Inputs
from attnwidget.engine.inputs.tensors import plain_ids
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.prediction import Prediction
from attnwidget.engine.text.spans import aligned
from attnwidget.engine.text.tokenise import tokenise_ids
from attnwidget.engine.text.tokens import Tokens, placed
from attnwidget.engine.trace.recompute import weights
from attnwidget.engine.trace.records import ModelFacts
from attnwidget.engine.trace.trace import Trace
from attnwidget.engine.verify import Verification
from attnwidget.errors import AttnWidgetError, EmptyText, NotNumbers, TooLarge
from attnwidget.text import LARGEST_TEXT, well_formed


@dataclass(frozen=True, eq=False)
class PlainInputs(Inputs):
    """Inputs of which some are no tensors: flags, sizes, None."""

    options: Mapping[str, Any] = field(default_factory=dict)


class AnyModule(AttentionModel):
    """A torch module that transformers knows nothing of, and what turns a text into its token ids.

    `tokenize` takes a text and gives token ids, or (ids, pieces). Without it, the module is given tensors.

    >>> import torch, attnwidget as aw
    >>> layer = torch.nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    >>> aw.load(torch.nn.TransformerEncoder(layer, 3)).trace(torch.randn(1, 5, 16))
    Trace(TransformerEncoder, 3 layers x 2 heads, 5 tokens, function)
    """

    # Not that of AttentionModel, which asks for a config and a tokenizer of transformers: same fields, made otherwise.
    def __init__(self, module: Any, tokenize: Callable[[str], Any] | None, name: str) -> None:
        self.model = module
        self.tokenizer = tokenize
        self.processor = None
        self.name = name
        self.preparation = None
        self._reader = None
        self.facts = ModelFacts(name=name, architecture=type(module).__name__, path="function")
        shadow_of(module)

    def __repr__(self) -> str:
        return f"AttentionModel({self.name}, any torch module)"

    def tokens(
        self, x: Any, pair: str | None = None, *, prepend_bos: bool | None = None, first: int | None = None
    ) -> Tokens:
        """Tokens of a text, as the module's own `tokenize` cuts it, or of token ids. Raises as `trace` does."""
        if pair is not None or prepend_bos is not None:
            raise AttnWidgetError(f"{self.name} has its own tokenize, which knows no pairs and no first token.")
        if not isinstance(x, str):
            return tokenise_ids(None, _numbers(x, first))
        return _cut(self.name, self.tokenizer, x, first)

    def predict(self, trace: Trace, position: int = -1, top: int = 5) -> Prediction:  # noqa: ARG002
        """Not for plain modules: what their output means is not known. Raises AttnWidgetError."""
        raise AttnWidgetError(f"What the output of {trace.model.name} means is not known, so nothing is predicted.")

    def generate(self, *_given: Any, **_options: Any) -> Trace:
        """Not for plain modules. Raises AttnWidgetError."""
        raise AttnWidgetError(f"{self.name} is no model that transformers can generate with.")

    def verify(self, x: Any, *_given: Any, **_options: Any) -> Verification:
        """Compare weights that were computed again with those of torch's unfused attention, on the same input.

        Maps that the module computed itself are compared with those of a second pass.
        """
        given = self._inputs(x)
        trace = self._read(given)
        again = self._seen(given, Watch(shadow_of(self.model).names), unfused=True)
        other = {(block.part, block.layer): block for block in seen_blocks(again, self.name)}
        if other.keys() != {(block.part, block.layer) for block in trace.blocks}:
            raise AttnWidgetError(f"{self.name} computed another number of maps when it ran again.")
        worst = 0.0
        for block in trace.blocks:
            mine, theirs = trace.weights(block.layer, part=block.part), weights(other[block.part, block.layer])
            if mine.shape != theirs.shape:
                raise AttnWidgetError(f"{self.name} computed maps of other sizes when it ran again.")
            error = float((mine - theirs).abs().max())
            if not math.isfinite(error):
                raise NotNumbers
            worst = max(worst, error)
        return Verification(worst, len(trace.blocks), len(trace.text), "function")

    def piece(self, number: int) -> str:
        """How a token reads: its number, as only its tokenize would know more."""
        return f"#{number}"

    def _inputs(self, x: Any, pair: str | None = None, **options: Any) -> Inputs:
        if options.pop("target", None) is not None:
            raise AttnWidgetError(f"{self.name} reads no target=. Give a mapping of all its forward inputs.")
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
        return ()  # of a function nothing is known

    def _first_argument(self) -> str:
        names = list(inspect.signature(self.model.forward).parameters)
        if not names:
            raise AttnWidgetError(f"The forward pass of {self.name} takes no input. Give a mapping of what it takes.")
        return names[0]

    def _read(
        self,
        given: Inputs,
        progress: Callable[[int], None] = lambda _done: None,
        reuse: Trace | None = None,  # noqa: ARG002  nothing is known of a cache
        *,
        keeps: bool = False,  # noqa: ARG002  without a projection no stream is told from others
    ) -> Trace:
        watch = Watch(shadow_of(self.model).names, progress, counts_layers=True)
        state = self.state()
        blocks = seen_blocks(self._seen(given, watch), self.name)
        if not blocks:
            raise AttnWidgetError(
                f"{self.name} computed no attention that could be seen: no scaled_dot_product_attention, no "
                "MultiheadAttention, and no softmax that values are multiplied with. Give weights to "
                "Trace.from_weights."
            )
        text, sequences = seen_sequences(blocks, given.tokens.get("text"), self.name)
        return Trace(blocks, text, "function", self.facts, sequences, origin=state)

    def _seen(self, given: Inputs, watch: Watch, *, unfused: bool = False) -> list[Seen]:
        shadow = shadow_of(self.model)
        spy = Spy(watch, unfused=unfused)
        with shadow.lock, torch.no_grad(), own_draws(shadow.draws), watching(watch), spy:
            run(shadow.module, given.forward, given.options if isinstance(given, PlainInputs) else {})
        return spy.seen


def _refuse_batch(name: str, value: Any) -> None:
    """Raise AttnWidgetError for several inputs at once, as far as a shape tells. Masks have shapes of their own."""
    if not isinstance(value, Tensor) or "mask" in name or "bias" in name:
        return
    # torch's own layers have the batch second unless told otherwise; a matrix of numbers may have none.
    batches = value.shape[:2] if value.ndim == 3 else value.shape[:1]
    if 1 not in batches and value.ndim >= (3 if value.is_floating_point() else 2):
        raise AttnWidgetError(
            f"{name} has the shape {tuple(value.shape)}; a trace reads one input, so its batch must be 1. Choose one, "
            "for example x[:1]."
        )


def _numbers(x: Any, first: int | None = None) -> list[int]:
    try:
        return plain_ids(x, first)
    except AttnWidgetError:
        raise
    except Exception as error:  # arrays of other packages raise whatever they like
        raise AttnWidgetError(
            f"Cannot read {type(x).__name__}: give token ids as whole numbers of shape [n]."
        ) from error


def _cut(name: str, tokenize: Callable[[str], Any] | None, text: str, first: int | None) -> Tokens:
    if tokenize is None:
        raise AttnWidgetError(
            f"{name} came without tokenize, so it cannot read text. Say aw.load(module, tokenize=...)."
        )
    text = well_formed(text)
    if len(text) > LARGEST_TEXT:
        raise TooLarge(f"This text has {len(text):,} characters; at most {LARGEST_TEXT:,} are read.")
    try:
        found = tokenize(text)
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise AttnWidgetError(f"tokenize could not cut this text: {reason}") from error
    ids, pieces = found if isinstance(found, tuple) and len(found) == 2 else (found, None)
    if isinstance(ids, list | tuple) and not ids:
        raise EmptyText("There is no text to read yet. Type a few words.")
    numbers = _numbers(ids)
    if pieces is None:
        # Most tokenizers of one's own read letters or words.
        cuts = [list(text), text.split()]
        pieces = next((cut for cut in cuts if len(cut) == len(numbers)), [str(number) for number in numbers])
    try:
        pieces = [str(piece) for piece in pieces]
    except Exception as error:
        raise AttnWidgetError("tokenize gave pieces that are no list. Give one piece of text for each id.") from error
    if len(pieces) != len(numbers):
        raise AttnWidgetError(f"tokenize gave {len(numbers)} ids and {len(pieces)} pieces. Give one piece for each id.")
    return placed(text, numbers, pieces, aligned(text, pieces), range(len(numbers)))[:first]
