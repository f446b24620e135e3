"""What a measure must leave as it was: every tensor and token of a trace, as one fingerprint."""

import hashlib
from dataclasses import fields

import torch


def fingerprint(trace):
    """A digest of all that a trace was made with: tensors of its blocks, logits and hidden states, tokens."""
    digest = hashlib.sha256()
    for block in trace.blocks:
        for field in fields(block):
            _take(digest, field.name, getattr(block, field.name))
    for name in ("hidden", "scores"):
        _take(digest, name, getattr(trace, name))
    for text in (trace.text, *(text for pair in trace.sequences.values() for text in pair)):
        _take(digest, "text", [getattr(text, field.name) for field in fields(text)])
    for key, maps in sorted(trace._whole.items()):
        _take(digest, str(key), maps)
    return digest.hexdigest()


def _take(digest, name, value):
    digest.update(name.encode())
    if isinstance(value, torch.Tensor):
        plain = value.detach().cpu().contiguous()
        digest.update(f"{plain.dtype} {tuple(plain.shape)}".encode())
        digest.update(plain.reshape(-1).view(torch.uint8).numpy().tobytes())
    elif isinstance(value, (str, int, float, bool, list, type(None))):
        digest.update(repr(value).encode())
