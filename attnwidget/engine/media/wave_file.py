"""Samples of a sound <-> a WAV file."""

import warnings
import wave
from io import BytesIO
from typing import Any

import numpy as np

from attnwidget.shapes import Samples

FULL = 32_768
"""What a number of 16 bits is divided by to have a sample between -1 and 1."""


def wave_file(samples: Samples, rate: int) -> bytes:
    """A WAV file of one channel in which the samples are as they are: in 16 bits where these hold them, else as float32.

    >>> import numpy as np
    >>> file = wave_file(np.array([0.0, 0.5, 1 / 3], np.float32), 8_000)
    >>> read, rate = read_wave(file)
    >>> read.tolist() == [[0.0], [0.5], [float(np.float32(1 / 3))]], rate
    (True, 8000)
    """
    whole = samples * FULL
    if bool((whole == np.rint(whole)).all() and (whole >= -FULL).all() and (whole < FULL).all()):
        return _in_16_bits(whole.astype("<i2"), rate)
    from scipy.io import wavfile  # slow to import

    into = BytesIO()
    wavfile.write(into, rate, samples.astype(np.float32))
    return into.getvalue()


def played_file(samples: Samples, rate: int) -> bytes:
    """A WAV file of 16 bits to listen to: louder than full is made softer as a whole."""
    softer = samples / max(1.0, float(np.abs(samples).max(initial=0.0)))
    return _in_16_bits(np.rint(softer * (FULL - 1)).astype("<i2"), rate)


def read_wave(file: Any) -> tuple[np.ndarray, int]:
    """(samples of every channel (sample channel), their rate) of a WAV file: bytes or a path; whole numbers as shares of their full range.

    Raises ValueError for anything else.
    """
    from scipy.io import wavfile

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", wavfile.WavFileWarning)  # about chunks that hold no sound
        rate, values = wavfile.read(BytesIO(file) if isinstance(file, bytes) else file)
    return shares_of_full(values.reshape(len(values), -1)), int(rate)


def shares_of_full(values: np.ndarray) -> np.ndarray:
    """Samples as float32: whole numbers as shares of the largest of their kind, others as they are.

    >>> shares_of_full(np.array([-32768, 0, 16384], np.int16)).tolist(), shares_of_full(np.array([128], np.uint8)).tolist()
    ([-1.0, 0.0, 0.5], [0.0])
    """
    if values.dtype.kind == "u":
        half = (np.iinfo(values.dtype).max + 1) // 2
        return ((values.astype(np.float64) - half) / half).astype(np.float32)
    if values.dtype.kind == "i":
        return (values.astype(np.float64) / -float(np.iinfo(values.dtype).min)).astype(np.float32)
    return values.astype(np.float32)


def _in_16_bits(values: np.ndarray, rate: int) -> bytes:
    into = BytesIO()
    with wave.open(into, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(values.tobytes())
    return into.getvalue()
