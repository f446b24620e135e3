"""Which tokens of two texts are the same ones."""

from dataclasses import dataclass
from difflib import SequenceMatcher

from attnwidget.engine.tokens import Tokens


@dataclass(frozen=True)
class AlignedTokens:
    """Pairs of the same token in two texts, in order: the one at `first[i]` is the one at `second[i]`."""

    first: tuple[int, ...]
    second: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.first)


def aligned_tokens(first: Tokens, second: Tokens) -> AlignedTokens:
    """The tokens that two texts share, in order: one to one where the pieces are the same, else by their diff.

    Tokens are the same where they read the same and are both special or neither; their ids need not be, as a word at
    the beginning of a text has another id in many vocabularies. What was replaced has no partner, and padding never
    has. The answer for (second, first) is the same pairs turned round. Takes time in proportion to how often pieces
    repeat: at worst the product of both lengths.

    >>> one = Tokens.from_pieces(["the", "bank", "by", "the", "river"])
    >>> other = Tokens.from_pieces(["the", "bank", "with", "the", "money"])
    >>> aligned_tokens(one, other)
    AlignedTokens(first=(0, 1, 3), second=(0, 1, 3))
    """
    (places, read), (others, also_read) = _read(first), _read(second)
    # A diff is not the same in both directions; this one always goes from the smaller text to the larger.
    turned = (len(read), read) > (len(also_read), also_read)
    small, large = (also_read, read) if turned else (read, also_read)
    blocks = SequenceMatcher(None, small, large, autojunk=False).get_matching_blocks()
    pairs = [(block.a + step, block.b + step) for block in blocks for step in range(block.size)]
    if turned:
        pairs = [(right, left) for left, right in pairs]
    return AlignedTokens(tuple(places[left] for left, _ in pairs), tuple(others[right] for _, right in pairs))


def _read(text: Tokens) -> tuple[list[int], list[tuple[str, bool]]]:
    """Where the tokens that are not padding stand, and what makes each of them the same as another."""
    places = [at for at, padding in enumerate(text.padding) if not padding]
    return places, [(text.pieces[at], text.special[at]) for at in places]
