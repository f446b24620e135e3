"""Pictures that were cut into tiles, each with a class token and patches of its own."""

from torch import Tensor

from attnwidget.engine.inputs.pictures import TILED_AXES
from attnwidget.engine.media.places import PatchPlace, in_rows
from attnwidget.engine.text.tokens import Tokens

PADDED_TO = 8
"""Some keep what they read of a tile at a multiple of this many tokens."""


def tiled(count: int, pixels: Tensor, real: Tensor | None, patch: tuple[int, int]) -> Tokens | None:
    """Tokens of all tiles of `pixels` (batch picture tile channel row column), tile after tile; None if they are not `count`.

    `real` (batch picture tile) is 0 for tiles that are padding. Each tile that is not is a picture of its own.

    >>> import torch
    >>> tiled(8, torch.ones(1, 1, 2, 3, 4, 6), torch.tensor([[[1, 0]]]), (4, 2)).pieces
    ('[CLS]', '0,0', '0,1', '0,2', '[PAD]', '[PAD]', '[PAD]', '[PAD]')
    """
    if pixels.ndim != TILED_AXES:
        return None
    rows, columns = (side // own for side, own in zip(pixels.shape[-2:], patch, strict=True))
    tiles = pixels.shape[0] * pixels.shape[1] * pixels.shape[2]
    each, rest = divmod(count, tiles)
    padding = each - 1 - rows * columns
    if rest or rows * columns == 0 or not 0 <= padding < PADDED_TO:
        return None
    known = [True] * tiles if real is None else [bool(one) for one in real.flatten()]
    found: list[PatchPlace | str] = []
    for tile, is_real in enumerate(known):
        if is_real:
            found += ["[CLS]", *in_rows(rows, columns, picture=sum(known[:tile])), *["[PAD]"] * padding]
        else:
            found += ["[PAD]"] * each
    return Tokens.among_specials(found)
