"""Frame -> bytes: magic, version, a JSON header, and blocks that begin at multiples of eight."""

import json
import struct
from typing import Any

import numpy as np

from attnwidget.errors import AttnWidgetError
from attnwidget.frames.frame import Frame

MAGIC = b"ATTN"
VERSION = 1
ALIGNMENT = 8
"""Bytes. Typed arrays can then be laid over the buffer without a copy."""

_PREFIX = struct.Struct("<4sHHII")
_DTYPES = {"u1": "u8", "f2": "f16", "f4": "f32"}


def encode_frame(frame: Frame) -> bytes:
    """The frame as one buffer, little endian. Raises AttnWidgetError for a dtype that the page does not know."""
    placed: list[dict[str, Any]] = []
    body = bytearray()
    for name, array in frame.blocks.items():
        kind = _DTYPES.get(array.dtype.str[1:])
        if kind is None:
            raise AttnWidgetError(f"The block {name!r} is {array.dtype}. Frames carry uint8, float16 and float32.")
        placed.append({"name": name, "dtype": kind, "shape": list(array.shape), "offset": len(body)})
        body += np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        body += bytes(-len(body) % ALIGNMENT)
    header = json.dumps({**frame.header, "blocks": placed}, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text = header.encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return _PREFIX.pack(MAGIC, VERSION, 0, len(text), len(body)) + text + bytes(body)
