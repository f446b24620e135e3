"""A sound as a model saw it."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from PIL import Image

from attnwidget.engine.media.picture import SHOWN_BYTES, file_of_image
from attnwidget.engine.media.wave_file import played_file
from attnwidget.shapes import Loudness, Samples

LONGEST_PLAYED = 10.0
"""Seconds of a sound that are sent to be listened to."""


@dataclass(frozen=True, eq=False)
class Sound:
    """What a model saw of one sound: `spectrogram` (frequency time, uint8), low frequencies first, 255 the loudest.

    It covers the `seconds` of the sound; a model that reads a fixed length has `read_seconds`, and what lies behind the sound
    is padding. `top` says up to which frequency. `waveform` are the samples at `rate`, None where only the
    spectrogram is known. `reference` stands for it where a text would; `note` says what was done before, as half a sentence.

    >>> import numpy as np
    >>> sound = Sound(np.zeros((80, 50), np.uint8), 0.5, 30.0, 16_000, "8 kHz, 80 mel bands")
    >>> sound, sound.playable
    (Sound(0.50 s of 30.00 s read, 80 x 50), False)
    """

    spectrogram: Loudness
    seconds: float
    read_seconds: float
    rate: int
    top: str = ""
    waveform: Samples | None = None
    note: str = ""
    given: str = ""  # the reference of what was given; "" where only the model's input was

    def __repr__(self) -> str:
        rows, columns = self.spectrogram.shape
        read = "" if self.read_seconds == self.seconds else f" of {self.read_seconds:.2f} s read"
        return f"Sound({self.seconds:.2f} s{read}, {rows} x {columns})"

    @cached_property
    def name(self) -> str:
        """The same for the same sound."""
        seen = repr((self.spectrogram.shape, self.seconds)).encode() + self.spectrogram.tobytes()
        return self.given.removeprefix("sound:") or sha256(seen).hexdigest()[:16]

    @property
    def reference(self) -> str:
        """What stands for it where a text would."""
        return f"sound:{self.name}"

    @property
    def playable(self) -> bool:
        """Whether the sound itself is known."""
        return self.waveform is not None

    @property
    def played(self) -> float:
        """How many seconds of it can be listened to."""
        return min(self.seconds, LONGEST_PLAYED) if self.playable else 0.0

    @cached_property
    def picture(self) -> bytes:
        """The spectrogram as a PNG in grey: time to the right, low frequencies at the bottom, loud is white; at most 300 kB."""
        image = Image.fromarray(self.spectrogram[::-1])
        while len(found := file_of_image(image, "PNG", optimize=True)) > SHOWN_BYTES:
            image = image.resize((max(1, image.width // 2), image.height))
        return found

    @cached_property
    def beginning(self) -> bytes | None:
        """The first ten seconds as a WAV file of 16 bits; None where the sound itself is not known."""
        return (
            None if self.waveform is None else played_file(self.waveform[: int(LONGEST_PLAYED * self.rate)], self.rate)
        )
