"""A trace <-> one safetensors file: its tensors, and everything else as one JSON text in the file's metadata."""

import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from attnwidget.engine.edits.changes import refuse_what_is_not_there
from attnwidget.engine.edits.notation import stored_edit
from attnwidget.engine.edits.records import Edit, Paint
from attnwidget.engine.media.picture import SHOWN_BYTES, Picture
from attnwidget.engine.media.places import PatchPlace
from attnwidget.engine.media.sound import Sound
from attnwidget.engine.text.tokens import Tokens
from attnwidget.engine.trace.edited_blocks import changed_blocks, head_counts
from attnwidget.engine.trace.plain_data import Unfit, as_data, from_data
from attnwidget.engine.trace.projection import Projection
from attnwidget.engine.trace.records import Block, ModelFacts, SavedTrace, Step
from attnwidget.engine.trace.storage_checks import consistent, need
from attnwidget.errors import AttnWidgetError
from attnwidget.files import file_of, named_file, write_whole

SUFFIX = ".safetensors"
ENTRY = "attnwidget.trace"
"""The metadata entry that makes a safetensors file a trace."""

TRACE_FORMAT = 6
"""Increased whenever files change in a way that released versions would misread."""

WITHOUT_EDITS, EDITS_AS_TEXT, EDITS_WITH_TENSORS, IN_PICTURES, WITHOUT_PARTS = 1, 2, 3, 4, 5
"""The formats of a trace over text: without edits, with edits that hold neither a matrix nor another run, with those that do;
of one whose tokens stand in pictures, and of one without some of its parts. Older versions read these as well; only one of a sound needs the newest."""


@dataclass(frozen=True)
class Stored:
    """Where a tensor is in the file. Axes along which it repeats itself are stored once, so it may be smaller there."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class StoredProjection:
    """An output projection: its module's path, and where its tensors are."""

    path: str
    weight: Stored
    bias: Stored | None


@dataclass(frozen=True)
class StoredBlock:
    """A block without its tensors, and where these are. Early files have no projections."""

    facts: Block
    tensors: dict[str, Stored]
    projection: StoredProjection | None = None


@dataclass(frozen=True)
class StoredPicture:
    """A picture without its pixels, and where these are."""

    pixels: Stored
    patch: tuple[int, int]
    note: str


@dataclass(frozen=True)
class StoredSound:
    """A sound without its spectrogram and its samples, and where these are."""

    spectrogram: Stored
    waveform: Stored | None
    seconds: float
    read_seconds: float
    rate: int
    top: str
    note: str
    given: str


@dataclass(frozen=True)
class Contents:
    """The content of the JSON text. `text` and `sequences` are indices into `tokens`, so parts keep sharing tokens."""

    version: int
    path: str
    model: ModelFacts
    tokens: tuple[Tokens, ...]
    text: int
    sequences: dict[str, tuple[int, int]]
    depths: dict[str, int]
    blocks: tuple[StoredBlock, ...]
    scores: Stored | None
    steps: tuple[Step, ...]
    edits: tuple[str, ...] = ()
    matrices: dict[str, Stored] = field(default_factory=dict)  # what edits paint, by their text
    pictures: tuple[StoredPicture, ...] = ()
    sounds: tuple[StoredSound, ...] = ()
    refused: dict[str, str] = field(default_factory=dict)


def save_trace(trace: SavedTrace, path: Any, *, values: bool) -> Path:
    """Write a trace into one file and return its path. See `Trace.save`."""
    file = file_of(path, SUFFIX, example="trace")
    if values and any(block.v is None for block in trace.blocks):
        raise AttnWidgetError(
            "This trace has no values (v), so values=True has nothing to save. Leave values= out, or trace the model "
            "with attnwidget through transformers' attention interface."
        )
    kept = _Kept()
    texts = [trace.text, *(text for pair in trace.sequences.values() for text in pair)]
    unique = {id(text): text for text in texts}
    place = {own: number for number, own in enumerate(unique)}
    contents = Contents(
        _format_of(trace, unique.values()),
        trace.path,
        trace.model,
        tuple(unique.values()),
        place[id(trace.text)],
        {part: (place[id(query)], place[id(key)]) for part, (query, key) in trace.sequences.items()},
        dict(trace.depths),
        tuple(_without_tensors(block, kept, values=values) for block in trace.blocks),
        None if trace.scores is None else kept.place(trace.scores),
        trace.steps,
        tuple(map(str, trace.edits)),
        {
            str(edit): kept.place(edit.matrix)
            for edit in trace.edits
            if isinstance(edit, Paint) and edit.matrix is not None
        },
        tuple(StoredPicture(kept.place(torch.from_numpy(own.pixels)), own.patch, own.note) for own in trace.pictures),
        tuple(_stored_sound(own, kept) for own in trace.sounds),
        dict(trace.refused),
    )
    metadata = {ENTRY: json.dumps(_plain(contents), separators=(",", ":"))}
    return write_whole(file, "trace", lambda part: _write(part, kept.tensors, metadata))


def _plain(contents: Contents) -> Any:
    """The contents as data. What edits do to a layer follows from the edits, and older versions know neither."""
    data = as_data(contents)
    for block in data["blocks"]:
        del block["facts"]["changes"]
        del block["facts"]["beyond"]
    for name in ("edits", "matrices", "pictures", "sounds", "refused"):
        if not data[name]:
            del data[name]
    if not data["model"]["alignment_heads"]:
        del data["model"]["alignment_heads"]
    for text in data["tokens"]:
        if not text["places"]:
            del text["places"]
    return data


def _format_of(trace: SavedTrace, texts: Iterable[Tokens]) -> int:
    if trace.sounds or trace.model.alignment_heads:
        return TRACE_FORMAT
    if trace.refused:
        return WITHOUT_PARTS
    if any(text.places for text in texts):
        return IN_PICTURES
    if not trace.edits:
        return WITHOUT_EDITS
    holding = any(
        getattr(edit, "of", None) is not None or getattr(edit, "matrix", None) is not None for edit in trace.edits
    )
    return EDITS_WITH_TENSORS if holding else EDITS_AS_TEXT


def load_trace(path: Any) -> SavedTrace:
    """Read a trace from a file. See `Trace.load`."""
    given = named_file(path, f"trace{SUFFIX}")
    file = given if os.path.isfile(given) else file_of(given, SUFFIX, example="trace")  # noqa: PTH113  Path raises OSError
    try:
        with safe_open(file, framework="pt", device="cpu") as opened:
            contents = _contents(file, (opened.metadata() or {}).get(ENTRY))
            loaded: dict[str, Tensor] = {}

            def tensor(stored: Stored) -> Tensor:
                if stored.name not in loaded:
                    # A copy: the file may change or go while the trace is in use.
                    loaded[stored.name] = opened.get_tensor(stored.name).clone()
                return _spread(loaded[stored.name], stored)

            return consistent(_trace(contents, tensor))
    except FileNotFoundError:
        raise AttnWidgetError(f"There is no file {file}. Give the path that trace.save returned.") from None
    except Unfit as error:
        raise AttnWidgetError(f"{file} does not hold a valid trace: {error}. Save the trace again.") from None
    except (OSError, SafetensorError) as error:
        raise AttnWidgetError(
            f"{file} cannot be read as safetensors: {error}. It may be another kind of file, or incomplete."
        ) from None


@dataclass(eq=False)
class _Kept:
    """The tensors of a file, each once."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    _names: dict[Any, str] = field(default_factory=dict)
    _memory: set[int] = field(default_factory=set)

    def place(self, tensor: Tensor) -> Stored:
        lean = tensor.detach()
        for axis, step in enumerate(tensor.stride()):
            if step == 0 and tensor.shape[axis] > 1:
                lean = lean.narrow(axis, 0, 1)
        memory = lean.untyped_storage().data_ptr()
        same = (lean.device, memory, lean.storage_offset(), lean.shape, lean.stride(), lean.dtype)
        if same not in self._names:
            self._names[same] = name = str(len(self.tensors))
            own = lean.cpu().contiguous()
            storage = own.untyped_storage()
            # safetensors takes no two tensors that share memory, even where they do not overlap.
            shares = storage.nbytes() > own.nbytes or storage.data_ptr() in self._memory
            self._memory.add(storage.data_ptr())
            self.tensors[name] = own.clone() if shares else own
        return Stored(self._names[same], tuple(tensor.shape))


def _without_tensors(block: Block, kept: _Kept, *, values: bool) -> StoredBlock:
    tensors = {own.name: held for own in fields(block) if isinstance(held := getattr(block, own.name), Tensor)}
    places = {name: kept.place(tensor) for name, tensor in tensors.items() if values or name != "v"}
    none: dict[str, Any] = dict.fromkeys([*tensors, "projection", "inputs"])
    projection = _placed(block.projection, kept) if values and block.projection is not None else None
    return StoredBlock(replace(block, **none), places, projection)


def _placed(projection: Projection, kept: _Kept) -> StoredProjection:
    bias = projection.bias
    return StoredProjection(projection.path, kept.place(projection.weight), None if bias is None else kept.place(bias))


def _write(part: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    try:
        save_file(tensors, part, metadata)
    except SafetensorError as error:
        raise OSError(str(error)) from None


def _contents(file: Path, text: str | None) -> Contents:
    if text is None:
        raise AttnWidgetError(
            f"{file} is a safetensors file without a trace. Give a file written by trace.save; to load a model, use "
            "aw.load."
        )
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise Unfit("its description is not JSON") from None
    version = said.get("version") if isinstance(said, dict) else None
    if type(version) is int and version > TRACE_FORMAT:
        raise AttnWidgetError(
            f"{file} was written by a newer attnwidget (format {version}; this one reads {TRACE_FORMAT}). Update attnwidget."
        )
    if version not in {WITHOUT_EDITS, EDITS_AS_TEXT, EDITS_WITH_TENSORS, IN_PICTURES, WITHOUT_PARTS, TRACE_FORMAT}:
        raise Unfit(f"its format is {version!r}, not {TRACE_FORMAT}")
    found: Contents = from_data(Contents, said)
    return found


def _spread(tensor: Tensor, stored: Stored) -> Tensor:
    fits = tensor.ndim == len(stored.shape) and all(
        own in {1, size} and size >= 0 for own, size in zip(tensor.shape, stored.shape, strict=True)
    )
    if not fits:
        raise Unfit(f"tensor {stored.name} has the shape {tuple(tensor.shape)} instead of {stored.shape}")
    return tensor.expand(stored.shape)


def _trace(contents: Contents, tensor: Callable[[Stored], Tensor]) -> SavedTrace:
    def text(place: int) -> Tokens:
        need(0 <= place < len(contents.tokens), f"there is no sequence {place}")
        return contents.tokens[place]

    known = {own.name for own in fields(Block)}
    for block in contents.blocks:
        unknown = block.tensors.keys() - (known - {"projection", "inputs", "changes", "beyond"})
        need(not unknown, f"a block has no {', '.join(sorted(unknown))}")
        need(block.facts.changes is None, "a block says what edits did to it")

    def whole(block: StoredBlock) -> Block:
        tensors: dict[str, Any] = {name: tensor(place) for name, place in block.tensors.items()}
        return replace(block.facts, **tensors, projection=projection(block.projection))

    # Layers that shared a projection share it again.
    @cache
    def projection(own: StoredProjection | None) -> Projection | None:
        if own is None:
            return None
        return Projection(own.path, tensor(own.weight), None if own.bias is None else tensor(own.bias))

    blocks = tuple(map(whole, contents.blocks))
    most = SHOWN_BYTES // len(contents.pictures) if _is_video(contents.tokens) else SHOWN_BYTES
    edits = _edits(contents.edits, {said: tensor(place) for said, place in contents.matrices.items()})
    return SavedTrace(
        _changed(blocks, contents.depths, edits) if edits else blocks,
        text(contents.text),
        contents.path,
        contents.model,
        {part: (text(query), text(key)) for part, (query, key) in contents.sequences.items()},
        contents.depths,
        scores=None if contents.scores is None else tensor(contents.scores),
        steps=contents.steps,
        edits=edits,
        pictures=tuple(_picture(own, tensor(own.pixels), most) for own in contents.pictures),
        sounds=tuple(
            _sound(own, tensor(own.spectrogram), None if own.waveform is None else tensor(own.waveform))
            for own in contents.sounds
        ),
        refused=contents.refused,
    )


def _is_video(tokens: Sequence[Tokens]) -> bool:
    return any(isinstance(place, PatchPlace) and place.frames > 0 for own in tokens for place in own.places)


def _picture(stored: StoredPicture, pixels: Tensor, most: int) -> Picture:
    colours = pixels.dtype == torch.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.numel() > 0
    need(colours and min(stored.patch) > 0, "a picture has no colours, or no patches")
    return Picture(pixels.contiguous().numpy(), stored.patch, stored.note, most)


def _stored_sound(sound: Sound, kept: _Kept) -> StoredSound:
    waveform = None if sound.waveform is None else kept.place(torch.from_numpy(sound.waveform.copy()))
    told = (sound.seconds, sound.read_seconds, sound.rate, sound.top, sound.note, sound.given)
    return StoredSound(kept.place(torch.from_numpy(sound.spectrogram.copy())), waveform, *told)


def _sound(stored: StoredSound, spectrogram: Tensor, waveform: Tensor | None) -> Sound:
    grey = spectrogram.dtype == torch.uint8 and spectrogram.ndim == 2 and spectrogram.numel() > 0
    heard = waveform is None or (waveform.ndim == 1 and waveform.dtype == torch.float32 and waveform.numel() > 0)
    need(grey and heard, "a sound has no spectrogram, or no samples")
    need(stored.rate > 0 and 0 < stored.seconds < math.inf, "a sound has no length")
    samples = None if waveform is None else waveform.numpy()
    told = (stored.seconds, stored.read_seconds, stored.rate, stored.top, samples, stored.note, stored.given)
    return Sound(spectrogram.contiguous().numpy(), *told)


def _edits(said: tuple[str, ...], matrices: Mapping[str, Tensor]) -> tuple[Edit, ...]:
    try:
        return tuple(stored_edit(one, matrices) for one in said)
    except AttnWidgetError as error:
        raise Unfit(str(error)) from None


def _changed(blocks: tuple[Block, ...], depths: Mapping[str, int], edits: tuple[Edit, ...]) -> tuple[Block, ...]:
    try:
        refuse_what_is_not_there(edits, head_counts(blocks), depths)
        return changed_blocks(blocks, depths, edits)
    except AttnWidgetError as error:
        raise Unfit(str(error)) from None
