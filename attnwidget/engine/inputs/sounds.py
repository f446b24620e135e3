"""Sounds as a model saw them: what its forward pass was given, as a spectrogram, and where its positions stand in time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import Tensor

from attnwidget.engine.inputs.sounded import USUAL_RATE, extractor_of, rate_of
from attnwidget.engine.media.given_sound import GivenSound
from attnwidget.engine.media.places import in_time
from attnwidget.engine.media.sound import Sound
from attnwidget.engine.text.tokens import Tokens
from attnwidget.shapes import Loudness, Samples

FROM_SPECTROGRAMS = ("whisper",)
"""Model types that read a spectrogram (batch band column), two columns of it at each position of the encoder."""

FROM_WAVES = (*("wav2vec2", "hubert", "wavlm", "unispeech", "unispeech-sat", "wav2vec2-conformer", "data2vec-audio"),)
"""Model types that read samples, by convolutions whose strides say how many at each position."""

WHISPER_HOP = 160
"""Samples at 16 kHz from one column of Whisper's spectrograms to the next."""

DECIBELS = 80.0
"""How much softer than the loudest is black."""

BANDS = 80


@dataclass(frozen=True, eq=False)
class HeardSound:
    """A sound as a model saw it, and the tokens of the positions that read it."""

    sound: Sound
    tokens: Tokens


def sound_in(
    forward: Mapping[str, Tensor], config: Any, processor: Any | None, given: GivenSound | None = None
) -> HeardSound | None:
    """The sound among the arguments of a forward pass, with the places of its positions; None where nothing says these.

    `given` is what was made into the arguments, at the rate that the model reads. Without it a sound ends where its attention mask or its spectrogram does.
    """
    kind = getattr(config, "model_type", "")
    if kind in FROM_SPECTROGRAMS and (features := forward.get("input_features")) is not None and features.ndim == 3:
        return _in_spectrogram(features[0], forward.get("attention_mask"), processor, given)
    if kind in FROM_WAVES and (values := forward.get("input_values")) is not None and values.ndim == 2:
        return _in_wave(values[0], forward.get("attention_mask"), config, processor, given)
    return None


def _in_spectrogram(
    features: Tensor, mask: Tensor | None, processor: Any | None, given: GivenSound | None
) -> HeardSound | None:
    bands, columns = features.shape
    hop = getattr(extractor_of(processor), "hop_length", WHISPER_HOP)
    rate = rate_of(processor)
    column = hop / rate
    read = columns * column
    note = "" if given is None else given.note
    if given is not None:
        seconds = min(given.seconds, read)
    elif mask is not None and mask.ndim == 2 and mask.shape[1] == columns:
        seconds = float(mask[0].sum()) * column
    else:
        seconds = _end_of(features) * column
        note = "its end was told from the spectrogram: nothing else says where padding begins" if seconds < read else ""
    shown = features[:, : max(1, round(seconds / column))].detach().float().cpu().numpy()
    sound = Sound(
        _grey(shown, float(shown.max()) - DECIBELS / 40),  # Whisper divides powers of ten by 4
        seconds,
        read,
        rate,
        f"{rate / 2000:g} kHz, {bands} mel bands",
        None if given is None else given.samples[: int(read * rate)],
        note,
        "" if given is None else given.reference,
    )
    return HeardSound(sound, _timed((columns - 1) // 2 + 1, 2 * column, seconds))


def _end_of(features: Tensor) -> int:
    """Columns before the first of those at the end that are all alike."""
    alike = (features == features[:, -1:]).all(0).tolist()
    last = next((at for at in range(len(alike) - 1, -1, -1) if not alike[at]), -1)
    return last + 1 if 0 <= last < len(alike) - 2 else len(alike)


def _in_wave(
    values: Tensor, mask: Tensor | None, config: Any, processor: Any | None, given: GivenSound | None
) -> HeardSound | None:
    count, stride = len(values), 1
    for kernel, step in zip(config.conv_kernel, config.conv_stride, strict=True):
        count, stride = (count - kernel) // step + 1, stride * step
    if count < 1:
        return None
    rate = rate_of(processor)
    length = int(mask[0].sum()) if mask is not None and tuple(mask.shape) == (1, len(values)) else len(values)
    samples = values.detach().float().cpu().numpy() if given is None else given.samples
    sound = Sound(
        spectrogram_of(samples[:length], rate),
        length / rate,
        len(values) / rate,
        rate,
        f"{rate / 2000:g} kHz, {BANDS} mel bands",
        samples[:length],
        "" if given is None else given.note,
        "" if given is None else given.reference,
    )
    return HeardSound(sound, _timed(count, stride / rate, sound.seconds))


def _timed(count: int, each: float, seconds: float) -> Tokens:
    places = in_time(count, each)
    tokens = Tokens.in_sound(places)
    return replace(tokens, padding=tuple(place.start >= seconds for place in places))


def spectrogram_of(samples: Samples, rate: int = USUAL_RATE) -> Loudness:
    """The spectrogram of a sound: 80 mel bands, a column every hundredth of a second, 80 dB from black to white.

    >>> spectrogram_of(np.sin(np.arange(8_000) * 0.4).astype(np.float32)).shape
    (80, 51)
    """
    from transformers.audio_utils import mel_filter_bank, spectrogram, window_function

    window, hop = round(rate * 0.025), round(rate * 0.01)
    bank = mel_filter_bank(
        num_frequency_bins=1 + window // 2,
        num_mel_filters=BANDS,
        min_frequency=0.0,
        max_frequency=rate / 2,
        sampling_rate=rate,
        norm="slaney",
        mel_scale="slaney",
    )
    padded = np.pad(samples, (0, max(0, window - len(samples))))
    found = spectrogram(
        padded,
        window_function(window, "hann"),
        frame_length=window,
        hop_length=hop,
        power=2.0,
        mel_filters=bank,
        log_mel="log10",
    )
    return _grey(found, float(found.max()) - DECIBELS / 10)


def _grey(values: np.ndarray, floor: float) -> Loudness:
    top = float(values.max())
    shares = (values - floor) / (top - floor) if top > floor else np.zeros_like(values)
    return np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)
