"""An exact rectangle of the shown map: what the page asks for when pooled cells are too coarse."""

import numpy as np
import torch

from attnwidget.engine import Trace, go_on, rows_together
from attnwidget.errors import BadRequest
from attnwidget.frames.axes import axes_of
from attnwidget.frames.frame import Frame, Selection
from attnwidget.frames.maps.shown_map import shown_maps
from attnwidget.frames.selection_checks import check_selection

LARGEST_TILE = 2**20
"""Cells. Even at one pixel each a screen shows fewer; as f16 they are 2 MiB."""

EXACT_CELLS = 192**2
"""Up to here a tile is f32."""

Extent = tuple[int, int]


@torch.no_grad()
def compose_tile(
    trace: Trace,
    selection: Selection,
    rows: Extent,
    columns: Extent,
    *,
    exact: bool = False,
    before: Trace | None = None,
) -> Frame:
    """The weights of queries `rows` and keys `columns` (half-open) of the map that `selection` shows.

    Both count the units of the map: tokens, or words.

    The block `matrix` is f32 up to 192 x 192 cells, or if `exact`, and f16 above; neither is pooled, and the softmax
    ran over all keys. With `before`, the same text without the trace's edits, they are what the edits change. Raises BadRequest for anything that the trace does not have or a rectangle outside the text, and
    Cancelled when a newer request makes it obsolete.

    >>> import attnwidget as aw
    >>> trace = aw.load().trace("The cat sat on the mat.")
    >>> compose_tile(trace, Selection(layer=1, head=2), (2, 5), (0, 4))
    Frame(; matrix float32[3, 4])
    """
    axes = axes_of(trace, selection.part)
    check_selection(trace, selection, axes)
    shown, earlier = shown_maps(trace, before, selection, axes)
    across, kind = len(shown.sides.keys), "words" if selection.words else "tokens"
    for name, (start, stop), size in (("rows", rows, len(shown.sides.queries)), ("columns", columns, across)):
        if not 0 <= start < stop <= size:
            raise BadRequest(f"There are no {name} {start} to {stop}: the text has {size} {kind}.")
    cells = (rows[1] - rows[0]) * (columns[1] - columns[0])
    if cells > LARGEST_TILE:
        raise BadRequest(f"A tile of {cells} cells is too large. Ask for at most {LARGEST_TILE}.")
    portions = []
    for chunk in torch.arange(*rows, device="cpu").split(rows_together(across)):
        go_on()
        maps = shown.read(chunk) if earlier is None else shown.read(chunk) - earlier(chunk)
        portions.append(maps[:, slice(*columns)])
    dtype = np.float32 if exact or cells <= EXACT_CELLS else np.float16
    matrix = torch.cat(portions).numpy().astype(dtype)
    return Frame({"rows": list(rows), "columns": list(columns)}, {"matrix": matrix})
