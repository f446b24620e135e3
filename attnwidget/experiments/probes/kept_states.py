"""Hidden states on disk, by the inputs of a text and the weights of a model: a folder of safetensors, bounded."""

import hashlib
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from attnwidget.engine import AttentionModel, Forward, exactly
from attnwidget.files import made_folder, write_whole

STATES_FORMAT = "1"
"""Increased whenever what is stored changes: older files are run again."""

MOST_STORED_BYTES = 8 * 2**30
"""Bytes in a folder; beyond it the files that were used longest ago are deleted."""

STATES = "states"


class KeptStates:
    """The hidden states of one model in a folder, which is made if missing.

    Raises AttnWidgetError for a folder that cannot be used.
    """

    def __init__(self, folder: Any, model: AttentionModel, most: int = MOST_STORED_BYTES) -> None:
        self.folder = made_folder(folder, "keep")
        self._model, self._most = fingerprint(model), most
        self._bytes = sum(file.stat().st_size for file in self.folder.glob("states-*.safetensors"))

    def known(self, forward: Forward) -> Tensor | None:
        """The states (layer token dim) of these inputs; None if they are not there, or cannot be read."""
        file = self._file(forward)
        try:
            with safe_open(file, "pt") as found:
                if (found.metadata() or {}).get("format") != STATES_FORMAT:
                    return None
                values: Tensor = found.get_tensor(STATES)
            file.touch()
        except (OSError, SafetensorError):
            return None
        return values

    def keep(self, forward: Forward, values: Tensor) -> None:
        """Write the states of these inputs. Raises AttnWidgetError if the disk is full."""

        def write(part: Path) -> None:
            save_file({STATES: values.contiguous()}, part, {"format": STATES_FORMAT})

        file = write_whole(self._file(forward), "hidden states", write)
        self._bytes += file.stat().st_size
        if self._bytes > self._most:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        """Down to half, so that this is not done for every text."""
        for file in sorted(self.folder.glob("states-*.safetensors"), key=lambda one: one.stat().st_mtime):
            if self._bytes <= self._most // 2:
                break
            self._bytes -= file.stat().st_size
            file.unlink(missing_ok=True)

    def _file(self, forward: Forward) -> Path:
        name = hashlib.sha256(self._model)
        for key, tensor in sorted(forward.items()):
            name.update(f"{key} {tuple(tensor.shape)} {tensor.dtype}".encode())
            name.update(_bytes_of(tensor))
        return self.folder / f"states-{name.hexdigest()[:32]}.safetensors"


def fingerprint(model: AttentionModel) -> bytes:
    """The same for a model loaded again, another after a training step: a digest of its configuration and weights."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(model.model.config.to_json_string().encode())
    for name, tensor in sorted(model.model.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(_bytes_of(tensor))
    return digest.digest()


def _bytes_of(tensor: Tensor) -> Any:
    with exactly():
        return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
