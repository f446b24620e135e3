"""The other half of frames/codec.py, written for the tests from the page in frames/README.md."""

import json
import struct

import numpy as np

_DTYPES = {"u8": "<u1", "f16": "<f2", "f32": "<f4"}


def decode(data):
    magic, version, zero, header_size, body_size = struct.unpack_from("<4sHHII", data)
    assert (magic, version, zero) == (b"ATTN", 1, 0)
    assert header_size % 8 == 0
    assert len(data) == 16 + header_size + body_size
    header = json.loads(data[16 : 16 + header_size])
    body = data[16 + header_size :]
    arrays = {}
    for block in header["blocks"]:
        assert block["offset"] % 8 == 0
        count = int(np.prod(block["shape"]))
        found = np.frombuffer(body, _DTYPES[block["dtype"]], count, block["offset"])
        arrays[block["name"]] = found.reshape(block["shape"])
    return header, arrays
