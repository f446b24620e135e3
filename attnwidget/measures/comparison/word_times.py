"""When each word of a transcript was said: the path of a decoder's alignment heads through the sound."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch.nn.functional import pad

from attnwidget.arguments import so_many, truth_of, whole_number
from attnwidget.engine import TimePlace, Tokens, Trace, fit_index, parse_head
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.measure import measure
from attnwidget.shapes import LayerMaps

WIDTH = 7
"""Positions of Whisper's median filter."""

WITHOUT_SPACES = {"<|zh|>", "<|ja|>", "<|th|>", "<|lo|>", "<|my|>", "<|yue|>"}
"""Languages whose words stand without spaces between them: every character counts as a word."""

STANDING_ALONE = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
BEFORE_WORDS = "\"'“¡¿([{-"
BEHIND_WORDS = "\"'.。,，!！?？:：”)]}、"

MARK = re.compile(r"<\|[^|]*\|>|#\d+")
"""Tokens that are no words: those that mark, and those that the vocabulary has no name for, as the times of a transcript may be."""

END_OF_TRANSCRIPT = "<|endoftext|>"

LEAST_SECONDS = 1e-6
"""Seconds that are rounding errors."""


class SpokenWord(NamedTuple):
    """A word, when it begins and ends in seconds, and its tokens, the second outside."""

    word: str
    start: float
    stop: float
    tokens: tuple[int, int]

    def __repr__(self) -> str:
        return f"{self.word!r} {self.start:.2f} to {self.stop:.2f} s"


@dataclass(frozen=True, eq=False, repr=False)
class WordTimes:
    """The `words` of a transcript with their times; `np.asarray` gives (word, 2): begins and ends, in seconds.

    `token_times` has, for every token, when it ends, as transformers' `return_token_timestamps` has it: 0 for those that start the transcript.
    """

    words: tuple[SpokenWord, ...]
    token_times: np.ndarray
    heads: tuple[tuple[int, int], ...]
    recipe: str

    @property
    def values(self) -> np.ndarray:
        """(word, 2): when each begins and ends, in seconds."""
        return np.array([(word.start, word.stop) for word in self.words], np.float32).reshape(-1, 2)

    def top(self, count: Any = 5, *, lowest: Any = False) -> tuple[SpokenWord, ...]:
        """The words that take longest, longest first; with `lowest` those that take least."""
        sign = 1 if truth_of("lowest", lowest) else -1
        return tuple(sorted(self.words, key=lambda word: sign * (word.stop - word.start))[: so_many(count)])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.values, dtype=dtype) if copy is not False else np.asarray(self.values, dtype=dtype)

    def __len__(self) -> int:
        return len(self.words)

    def __iter__(self) -> Iterator[SpokenWord]:
        return iter(self.words)

    def __repr__(self) -> str:
        return "\n".join([f"WordTimes({len(self.words)} words; {self.recipe})", *map(repr, self.words)])


@measure
def word_times(
    trace: Trace, *, heads: Any = None, start: Any = True, width: Any = WIDTH, part: str = "cross"
) -> WordTimes:
    """When each word of a transcript was said, by what the decoder's alignment heads read.

    `heads` are those whose cross-attention follows the sound, [(layer, head), ...] or names like "L3H1"; by default those that the
    model's `generation_config` names. Their rows over the sound (not over its padding) are divided by their spread over the
    words, smoothed by a median over `width` positions, averaged, and dynamic time warping finds the path that goes through words and sound in order.
    A word begins where the one before it ends, so that a pause belongs to one of both, and what comes before the first word to that.

    With `start`, the row of the last token that starts the transcript counts too, as in Whisper's own `timing.py`: it predicts the first word.
    Without it, the first word has no time, and `token_times` is what transformers' `return_token_timestamps` gives.

    Raises AttnWidgetError for a trace of no sound, without words, and of a model that names no such heads.
    Source: Whisper (Radford et al. 2022), `timing.py` of its code, and transformers' `return_token_timestamps`.

    >>> import torch
    >>> from attnwidget.engine import Tokens
    >>> heard = Tokens.in_sound([TimePlace(at / 50, (at + 1) / 50) for at in range(60)])
    >>> rows = torch.eye(3).repeat_interleave(20, 1) / 20
    >>> trace = Trace.from_weights([rows[None]], Tokens.from_pieces(["<start>", "good", "morning"]), heard, "cross")
    >>> word_times(trace, heads="L0H0")
    WordTimes(2 words; ends of words on the path of L0H0 by dynamic time warping, median over 7 positions, with the row of the start)
    'good' 0.00 to 0.40 s
    'morning' 0.40 to 0.80 s
    """
    said, heard = trace.tokens(part)
    if not heard.sounded:
        raise AttnWidgetError(
            f"Part {part!r} of this trace does not read a sound, so its words have no times. Trace one: model.trace(audio=..., "
            "target=...)."
        )
    chosen, number, begins = _chosen(trace, heads, part), _width(width), truth_of("start", start)
    rows = _rows_of(said, start=begins)
    ends = np.zeros(len(said), np.float32)
    maps = torch.stack(
        [trace.weights(*head, part, queries=rows, keys=slice(0, _end_of(trace, heard))) for head in chosen]
    )
    ends[rows.start : rows.stop] = np.array(_ends(maps, number)) * _step(heard)
    words = [
        SpokenWord(
            word.strip(),
            0.0 if run[0] == 0 else float(ends[run[0] - 1]),
            float(ends[run[-1]]),
            (run[0], run[-1] + 1),
        )
        for word, run in spoken_words(said)
    ]
    named = ", ".join(f"L{layer}H{head}" for layer, head in chosen)
    recipe = f"ends of words on the path of {named} by dynamic time warping, median over {number} positions"
    recipe += ", with the row of the start" if begins else ""
    return WordTimes(tuple(words), ends, chosen, f"{recipe}{said_setting(trace, None)}")


def _chosen(trace: Trace, heads: Any, part: str) -> tuple[tuple[int, int], ...]:
    counts = trace.heads(part)
    named = trace.model.alignment_heads if heads is None else [heads] if isinstance(heads, str) else heads
    try:
        every = [parse_head(one) if isinstance(one, str) else tuple(one) for one in named]
        found = tuple((layer, head) for layer, head in every)
    except (TypeError, ValueError) as error:
        raise AttnWidgetError(
            f"heads={heads!r:.80} are not heads. Give [(layer, head), ...], or names like 'L3H1'."
        ) from error
    if not found:
        raise AttnWidgetError(
            f"{trace.model.name} does not say which heads follow a sound. Give them: heads=[(layer, head), ...]."
        )
    numbers = [(fit_index("layer", layer, len(counts)), head) for layer, head in found]
    return tuple((layer, fit_index("head", head, counts[layer])) for layer, head in numbers)


def _width(width: Any) -> int:
    number = whole_number(width)
    if number is None or number < 1 or number % 2 == 0:
        raise AttnWidgetError(f"width={width!r:.40} is not valid: give an odd number of positions, such as 7.")
    return number


def _rows_of(said: Tokens, *, start: bool) -> slice:
    """The rows of words, up to what ends a transcript. Raises AttnWidgetError where there are none."""
    spoken = _spoken(said)
    if not spoken:
        raise AttnWidgetError(
            "There are no words yet whose times could be told. Give a target=, or transcribe the sound."
        )
    end = next((at for at in range(spoken[-1] + 1, len(said)) if said.pieces[at] == END_OF_TRANSCRIPT), len(said))
    return slice(max(0, spoken[0] - int(start)), end)


def _spoken(said: Tokens) -> list[int]:
    """The tokens that are words: not those that start a transcript, end it, or tell a time in it."""
    marked = zip(said.special, said.spans, said.pieces, strict=True)
    return [
        at
        for at, (special, span, piece) in enumerate(marked)
        if not special and span[0] >= 0 and not MARK.fullmatch(piece)
    ]


def _step(heard: Tokens) -> float:
    first = heard.places[0]
    return first.stop - first.start if isinstance(first, TimePlace) else 0.0


def _end_of(trace: Trace, heard: Tokens) -> int:
    """How many positions lie within the sound, in whole columns of two, as transformers counts them."""
    if not trace.sounds:
        return len(heard)
    columns = ceil(trace.sounds[0].seconds / (_step(heard) / 2) - LEAST_SECONDS)
    return max(1, min(len(heard), columns // 2))


def _ends(maps: Float[torch.Tensor, "head word position"], width: int) -> list[int]:
    """The position at which the path comes to each word."""
    rows = maps.shape[1]
    if rows == 1:
        return [0]
    spread, mean = maps.std(-2, keepdim=True, correction=0), maps.mean(-2, keepdim=True)
    alike = _smoothed((maps - mean) / spread, width).mean(0).nan_to_num()
    words, positions = time_warping(-alike.double().numpy())
    return [int(positions[at]) for at in np.flatnonzero(np.diff(words, prepend=-1))]


def _smoothed(maps: LayerMaps, width: int) -> LayerMaps:
    """The median of each position and its neighbours; mirrored at the ends."""
    half = width // 2
    if maps.shape[-1] <= half:
        return maps
    return pad(maps, (half, half), mode="reflect").unfold(-1, width, 1).sort()[0][..., half]


def time_warping(cost: Float[np.ndarray, "word position"]) -> tuple[Int[np.ndarray, " step"], Int[np.ndarray, " step"]]:
    """The cheapest path from the first word and position to the last ones, each step to the next word, the next position, or both.

    Cells of one diagonal depend on those before it alone, and are computed together; sums are kept in float32 and ties go to the next
    position, as in Whisper's own. Source: Sakoe and Chiba 1978.

    >>> time_warping(np.array([[0.0, 0.0, 1.0], [1.0, 1.0, 0.0]]))
    (array([0, 0, 1]), array([0, 1, 2]))
    """
    words, positions = cost.shape
    total = np.full((words + 1, positions + 1), np.inf, np.float32)
    way = np.full((words + 1, positions + 1), 2, np.int8)
    total[0, 0] = 0
    for diagonal in range(2, words + positions + 1):
        i = np.arange(max(1, diagonal - positions), min(words, diagonal - 1) + 1)
        j = diagonal - i
        both, down, across = total[i - 1, j - 1], total[i - 1, j], total[i, j - 1]
        take_both = (both < down) & (both < across)
        take_down = ~take_both & (down < both) & (down < across)
        total[i, j] = cost[i - 1, j - 1] + np.where(take_both, both, np.where(take_down, down, across))
        way[i, j] = np.where(take_both, 0, np.where(take_down, 1, 2))
    way[:, 0] = 1
    way[0, :] = 2
    path, i, j = [], words, positions
    while i > 0 or j > 0:
        path.append((i - 1, j - 1))
        i, j = i - (way[i, j] != 2), j - (way[i, j] != 1)
    steps = np.array(path[::-1])
    return steps[:, 0], steps[:, 1]


def spoken_words(said: Tokens) -> list[tuple[str, list[int]]]:
    """The words of a transcript, each with its tokens: divided at spaces, punctuation with the word that it belongs to.

    >>> [word for word, _ in spoken_words(Tokens.from_pieces(["<start>", "the", "mat", "."]))]
    ['the', ' mat', ' .']
    """
    pieces = list(_characters(said))
    if not WITHOUT_SPACES.isdisjoint(said.pieces):
        words = pieces
    else:
        words = []
        for text, run in pieces:
            if text.startswith(" ") or text.strip() in STANDING_ALONE or not words:
                words.append((text, run))
            else:
                words[-1] = (words[-1][0] + text, [*words[-1][1], *run])
    return [(text, run) for text, run in _with_punctuation(words) if text]


def _characters(said: Tokens) -> Iterator[tuple[str, list[int]]]:
    """Tokens that are whole characters, with the space before them; several that make one character are together."""
    run, stop = list[int](), 0
    for at in _spoken(said):
        start, end = said.spans[at]
        if run and start >= stop and end > start:
            yield _with_space(said, run, stop), run
            run = []
        run, stop = [*run, at], max(stop, end)
    if run:
        yield _with_space(said, run, stop), run


def _with_space(said: Tokens, run: list[int], stop: int) -> str:
    start, before = said.spans[run[0]][0], max((said.spans[at][1] for at in range(run[0])), default=0)
    written = said.text[start:stop]
    return f" {written}" if start > before and said.text[start - 1].isspace() else written


def _with_punctuation(words: Sequence[tuple[str, list[int]]]) -> list[tuple[str, list[int]]]:
    found = list(words)
    behind = len(found) - 1
    for at in range(len(found) - 2, -1, -1):
        text, run = found[at]
        if text.startswith(" ") and text.strip() in BEFORE_WORDS:
            found[behind] = (text + found[behind][0], run + found[behind][1])
            found[at] = ("", [])
        else:
            behind = at
    before = 0
    for at in range(1, len(found)):
        text, run = found[at]
        if not found[before][0].endswith(" ") and text in BEHIND_WORDS:
            found[before] = (found[before][0] + text, found[before][1] + run)
            found[at] = ("", [])
        else:
            before = at
    return found
