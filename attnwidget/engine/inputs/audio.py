"""A sound that somebody has -> its samples in one channel, or one sentence that says why not."""

import os
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from attnwidget.arguments import whole_number
from attnwidget.engine.media.given_sound import GivenSound
from attnwidget.engine.media.wave_file import read_wave, shares_of_full
from attnwidget.errors import AttnWidgetError

LONGEST_SOUND = 30.0
"""Seconds of a sound that are read: what Whisper reads, and 1,500 positions of wav2vec2."""

SOFTEST = 1e-4
"""A sound whose loudest sample is below this share of full, -80 dB, is silent."""

MOST_CHANNELS = 64

LOWEST_RATE, HIGHEST_RATE = 1_000, 768_000
"""Samples a second."""

POSSIBLE_SOUNDS = "Give samples and their rate, (samples, 16_000), a dictionary with 'array' and 'sampling_rate', or the path of a WAV file."


def sound_given(audio: Any) -> GivenSound:
    """The sound in one channel: of (samples, rate), a dictionary as datasets have it, bytes or a path.

    Samples are numbers from -1 to 1, or whole numbers of any width; several channels are mixed down to their mean. Of a longer sound
    the first 30 seconds are kept, and the note says so. Raises AttnWidgetError for anything else, for silence, and for samples without their rate.

    >>> sound_given((np.ones((2, 800)), 8_000)).note
    '0.10 s at 8,000 samples a second given, 2 channels mixed down'
    """
    if isinstance(audio, GivenSound):
        return audio
    values, rate = _samples_and_rate(audio)
    samples, notes = _mixed(values)
    length = len(samples) / rate
    if length > LONGEST_SOUND:
        samples = samples[: int(LONGEST_SOUND * rate)]
        notes = [*notes, f"the first {LONGEST_SOUND:g} s kept"]
    _refuse_useless(samples)
    note = ", ".join([f"{_duration(length)} at {rate:,} samples a second given", *notes])
    return GivenSound(np.ascontiguousarray(samples, np.float32), rate, note)


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _samples_and_rate(audio: Any) -> tuple[np.ndarray, int]:
    """(samples (sample) or (sample channel), their rate)."""
    if isinstance(audio, str | os.PathLike | bytes):
        return _opened(audio)
    if callable(getattr(audio, "get_all_samples", None)):  # a decoder of torchcodec, as newer datasets hand out
        every = audio.get_all_samples()
        audio = (every.data, every.sample_rate)
    if isinstance(audio, Mapping):
        return _of_mapping(audio)
    if isinstance(audio, tuple) and len(audio) == 2:
        rate = _rate(audio[1])
        return _array(audio[0]), rate
    if isinstance(audio, np.ndarray | Tensor | list):
        raise AttnWidgetError(
            "These samples came without their rate, so nothing says how long they last. Give both: audio=(samples, 16_000)."
        )
    raise AttnWidgetError(f"audio={type(audio).__name__} is no sound. {POSSIBLE_SOUNDS}")


def _of_mapping(audio: Mapping[Any, Any]) -> tuple[np.ndarray, int]:
    values = next((audio[name] for name in ("array", "raw") if audio.get(name) is not None), None)
    if values is not None:
        if audio.get("sampling_rate") is None:
            raise AttnWidgetError(
                "This dictionary has samples but no 'sampling_rate', so nothing says how long they last. Add it."
            )
        return _array(values), _rate(audio["sampling_rate"])
    file = next((audio[name] for name in ("bytes", "path") if audio.get(name) is not None), None)
    if isinstance(file, str | os.PathLike | bytes):
        return _opened(file)
    raise AttnWidgetError(f"This dictionary has no 'array' of samples. {POSSIBLE_SOUNDS}")


def _rate(given: Any) -> int:
    rate = whole_number(int(given) if isinstance(given, float) and given.is_integer() else given)
    if rate is None or not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise AttnWidgetError(
            f"{given!r:.40} is no rate of a sound: give its samples a second, a whole number such as 16_000."
        )
    return rate


def _array(values: Any) -> np.ndarray:
    try:
        found = np.asarray(values.detach().cpu() if isinstance(values, Tensor) else values)
        whole = found if found.dtype.kind in "iuf" else found.astype(np.float64)
    except (TypeError, ValueError):
        raise AttnWidgetError(f"{type(values).__name__} holds no samples of a sound. {POSSIBLE_SOUNDS}") from None
    if whole.ndim == 3 and whole.shape[0] == 1:
        whole = whole[0]
    if whole.ndim not in {1, 2} or (whole.ndim == 2 and min(whole.shape) > MOST_CHANNELS):
        raise AttnWidgetError(
            f"An array of the shape {tuple(whole.shape)} is no sound: give one number per sample, or (channel sample)."
        )
    return shares_of_full(whole.T if whole.ndim == 2 and whole.shape[0] < whole.shape[1] else whole)


def _opened(source: Any) -> tuple[np.ndarray, int]:
    name = "The file" if isinstance(source, bytes) else f"{Path(source)}"
    if not isinstance(source, bytes) and not Path(source).is_file():
        raise AttnWidgetError(f"There is no file {name}. {POSSIBLE_SOUNDS}")
    try:
        return read_wave(source if isinstance(source, bytes) else str(source))
    except Exception:  # noqa: BLE001  scipy raises anything for files that are none
        try:
            import soundfile  # type: ignore[import-not-found]  # reads FLAC, OGG and MP3, where it is installed

            values, rate = soundfile.read(
                BytesIO(source) if isinstance(source, bytes) else str(source), dtype="float32"
            )
        except Exception:  # noqa: BLE001  not installed, or it cannot read the file either
            raise AttnWidgetError(
                f"{name} is no sound that can be read: WAV files are, and FLAC, OGG and MP3 where the package soundfile is installed."
            ) from None
        return values, int(rate)


def _mixed(values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    if values.ndim == 1:
        return values, []
    if values.shape[1] == 1:
        return values[:, 0], []
    return values.mean(1, dtype=np.float64).astype(np.float32), [f"{values.shape[1]} channels mixed down"]


def _refuse_useless(samples: np.ndarray) -> None:
    if len(samples) == 0:
        raise AttnWidgetError(f"This sound has no samples. {POSSIBLE_SOUNDS}")
    if not bool(np.isfinite(samples).all()):
        raise AttnWidgetError("The samples of this sound are not finite. Give numbers from -1 to 1, or whole numbers.")
    if float(np.abs(samples).max()) < SOFTEST:
        raise AttnWidgetError("This sound is silent, so there is nothing to look at. Choose another one.")
