"""A sound as somebody gave it."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from attnwidget.engine.media.wave_file import wave_file
from attnwidget.shapes import Samples


@dataclass(frozen=True, eq=False)
class GivenSound:
    """A sound in one channel at the rate it was given, and what was done to have it so, as half a sentence.

    >>> import numpy as np
    >>> GivenSound(np.zeros(8_000, np.float32), 16_000)
    GivenSound(0.50 s, 16,000 samples a second)
    """

    samples: Samples
    rate: int
    note: str = ""
    made_from: str = ""  # the reference of what it was resampled from

    def __repr__(self) -> str:
        return f"GivenSound({self.seconds:.2f} s, {self.rate:,} samples a second)"

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate

    @cached_property
    def reference(self) -> str:
        """What names it: the same for the same samples at the same rate."""
        return self.made_from or f"sound:{sha256(repr(self.rate).encode() + self.samples.tobytes()).hexdigest()[:16]}"

    @property
    def whole(self) -> bytes:
        """It, exactly, as a WAV file."""
        return wave_file(self.samples, self.rate)
