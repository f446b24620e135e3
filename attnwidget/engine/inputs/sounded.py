"""A sound -> the arguments of a forward pass, as the model's processor makes them."""

from collections.abc import Mapping
from math import gcd
from typing import Any

import numpy as np
from torch import Tensor

from attnwidget.engine.inputs.processed import accepted, made_by
from attnwidget.engine.inputs.recipient import MEDIA, Recipient
from attnwidget.engine.media.given_sound import GivenSound
from attnwidget.errors import AttnWidgetError

USUAL_RATE = 16_000
"""Samples a second that nearly every model of speech reads."""


def sound_arguments(recipient: Recipient, sound: GivenSound) -> tuple[dict[str, Tensor], GivenSound]:
    """(what the model is given for one sound, the sound at the rate that it reads).

    Raises AttnWidgetError without a processor, or where it fails.
    """
    refuse_without_extractor(recipient)
    extractor: Any = extractor_of(recipient.processor)
    heard = resampled(sound, rate_of(recipient.processor))
    made = made_by(
        recipient, "this sound", lambda: extractor(heard.samples, sampling_rate=heard.rate, return_tensors="pt")
    )
    names = [name for name in MEDIA["sound"] if recipient.accepts(name)]
    if not {*names} & made.keys():
        raise AttnWidgetError(
            f"{type(recipient.processor).__name__} makes no {' or '.join(names)} of a sound, so it is not the processor of "
            f"{recipient.name}. Give the model's own."
        )
    found = accepted(recipient, made)
    _refuse_other_bands(recipient, found)
    return found, heard


def extractor_of(processor: Any) -> Any:
    """The part of a processor that reads sounds.

    >>> extractor_of("anything else")
    'anything else'
    """
    return getattr(processor, "feature_extractor", processor)


def rate_of(processor: Any) -> int:
    """Samples a second that a processor expects."""
    rate = getattr(extractor_of(processor), "sampling_rate", None)
    return rate if isinstance(rate, int) and rate > 0 else USUAL_RATE


def resampled(sound: GivenSound, rate: int) -> GivenSound:
    """The same sound at another rate, by a polyphase filter; the note says so.

    >>> import numpy as np
    >>> resampled(GivenSound(np.zeros(8_000, np.float32), 8_000), 16_000).samples.shape
    (16000,)
    """
    if rate == sound.rate:
        return sound
    from scipy.signal import resample_poly  # slow to import

    common = gcd(rate, sound.rate)
    samples = resample_poly(sound.samples, rate // common, sound.rate // common).astype(np.float32)
    note = ", ".join(filter(None, (sound.note, f"resampled to {rate:,}")))
    return GivenSound(samples, rate, note, sound.reference)


def refuse_without_extractor(recipient: Recipient) -> None:
    """Raise AttnWidgetError where nothing turns a sound into the model's input."""
    if recipient.processor is None:
        names = " or ".join(name for name in MEDIA["sound"] if recipient.accepts(name))
        raise AttnWidgetError(
            f"{recipient.name} was loaded without a processor, so it cannot read sounds. Pass one, aw.load(model, "
            f"processor=processor), or trace what a processor has made: {{{names!r}: ...}}."
        )


def _refuse_other_bands(recipient: Recipient, made: Mapping[str, Tensor]) -> None:
    features, bands = made.get("input_features"), getattr(recipient.model.config, "num_mel_bins", None)
    if features is not None and features.ndim == 3 and isinstance(bands, int) and bands not in features.shape[1:]:
        raise AttnWidgetError(
            f"{type(recipient.processor).__name__} makes {features.shape[1]} mel bands of a sound, and {recipient.name} reads "
            f"{bands}: it is the processor of another model. Give the model's own."
        )
