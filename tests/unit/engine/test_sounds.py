"""Sounds: what can be given, and how they are kept."""

import wave

import numpy as np
import pytest
import torch

from attnwidget.engine.inputs.audio import LONGEST_SOUND, sound_given
from attnwidget.engine.inputs.sounded import resampled
from attnwidget.engine.inputs.sounds import spectrogram_of
from attnwidget.engine.media.given_sound import GivenSound
from attnwidget.engine.media.picture import SHOWN_BYTES
from attnwidget.engine.media.places import TimePlace, in_time
from attnwidget.engine.media.shelf import Shelf, medium_named
from attnwidget.engine.media.sound import Sound
from attnwidget.engine.media.wave_file import read_wave, wave_file
from attnwidget.engine.text.tokens import Tokens
from attnwidget.errors import AttnWidgetError
from tests.model.sounds import RATE, tones

SHORTS = (tones() * 32767).astype(np.int16)
SHARES = SHORTS.astype(np.float32) / 32768


class Decoder:
    """As newer datasets hand out sounds."""

    data, sample_rate = torch.from_numpy(SHARES)[None], RATE

    def get_all_samples(self):
        return self


@pytest.mark.parametrize(
    "given",
    [
        (SHORTS, RATE),
        (SHARES, float(RATE)),
        (SHARES.astype(np.float64), RATE),
        (torch.from_numpy(SHARES), RATE),
        (torch.from_numpy(SHARES)[None], RATE),
        (SHARES[:, None], RATE),
        (np.stack([SHARES, SHARES]), RATE),
        (SHARES.tolist(), RATE),
        {"array": SHARES, "sampling_rate": RATE},
        {"raw": SHARES, "sampling_rate": RATE},
        {"bytes": wave_file(SHARES, RATE), "path": None},
        wave_file(SHARES, RATE),
        Decoder(),
    ],
    ids="shorts shares doubles tensor channel_first channel_last two list dataset pipeline undecoded file decoder".split(),
)
def test_whatever_holds_the_same_samples_is_the_same_sound(given):
    made = sound_given(given)
    assert np.array_equal(made.samples, SHARES)
    assert made.reference == GivenSound(SHARES, RATE).reference
    assert medium_named(made.reference) == "sound"


def test_a_path_is_read(tmp_path):
    file = tmp_path / "a sound.wav"
    file.write_bytes(wave_file(SHARES, RATE))
    assert sound_given(file).seconds == sound_given(str(file)).seconds == 1


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_wave_files_of_every_width_are_read(tmp_path, width):
    values = np.array([0, 1, -1, 0.5, -0.25]) * (1 - 2.0 ** (1 - 8 * width))
    whole = np.rint(values * 2 ** (8 * width - 1)).astype(np.int64) + (128 if width == 1 else 0)
    with wave.open(str(tmp_path / "one.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(8_000)
        file.writeframes(b"".join(int(one).to_bytes(width, "little", signed=width > 1) for one in whole))
    samples, rate = read_wave(str(tmp_path / "one.wav"))
    assert rate == 8_000
    assert samples[:, 0] == pytest.approx(values, abs=2.0 ** (2 - 8 * width))


def test_a_sound_comes_back_exactly_from_a_file():
    for samples in (SHARES, tones()):
        again = sound_given(GivenSound(samples, RATE).whole)
        assert np.array_equal(again.samples, samples)
        assert again.reference == GivenSound(samples, RATE).reference
    assert len(GivenSound(SHARES, RATE).whole) < len(GivenSound(tones(), RATE).whole)


def test_channels_are_mixed_down_and_what_is_too_long_is_cut_and_both_are_said():
    made = sound_given((np.stack([SHARES, -SHARES / 2]), RATE))
    assert made.samples == pytest.approx(SHARES / 4, abs=1e-7)
    assert "2 channels" in made.note
    hour = sound_given((np.tile(tones(rate=1_000), 3_600), 1_000))
    assert hour.seconds == LONGEST_SOUND
    assert "60 min" in hour.note
    assert "first 30 s" in hour.note


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("there is none.wav", "no file"),
        (b"these are words", "no sound that can be read"),
        (wave_file(SHARES, RATE)[:30], "no sound that can be read"),
        ((np.zeros(800, np.float32), RATE), "silent"),
        ((np.zeros(0, np.float32), RATE), "no samples"),
        ((np.full(800, np.nan), RATE), "not finite"),
        (SHARES, "without their rate"),
        (torch.from_numpy(SHARES), "without their rate"),
        ({"array": SHARES}, "sampling_rate"),
        ({"samples": SHARES, "sampling_rate": RATE}, "no 'array'"),
        ((SHARES, 0), "no rate"),
        ((SHARES, "16k"), "no rate"),
        ((SHARES, 1e12), "no rate"),
        ((np.zeros((2, 2, 800)), RATE), r"\(2, 2, 800\)"),
        ((np.zeros((100, 100)), RATE), r"\(100, 100\)"),
        (("la", RATE), "no samples"),
        (7, "int"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_sound_is_refused_in_a_sentence(given, said):
    with pytest.raises(AttnWidgetError, match=said):
        sound_given(given)


def test_another_rate_is_resampled_and_keeps_the_sound_and_its_name():
    high = GivenSound(tones(rate=44_100), 44_100, "given")
    low = resampled(high, RATE)
    assert (low.rate, low.seconds, low.reference) == (RATE, 1.0, high.reference)
    assert low.note == "given, resampled to 16,000"
    inside = slice(200, -200)
    assert low.samples[inside] == pytest.approx(tones()[inside], abs=0.01)


def test_a_spectrogram_shows_higher_tones_higher_and_later_ones_further_to_the_right():
    found = spectrogram_of(tones(1.5), RATE)
    strongest = found[:, [25, 75, 125]].argmax(0)
    assert strongest[0] < strongest[1] < strongest[2]
    assert found.max() == 255
    lower = spectrogram_of(tones(1.5, rate=8_000), 8_000)
    assert lower.shape == found.shape
    assert lower[:, 25].argmax() > strongest[0]  # as many bands over half of the frequencies


def test_a_sound_that_is_sent_is_small():
    grey = np.random.default_rng(0).integers(0, 255, (128, 3_000), dtype=np.uint8)
    sound = Sound(grey, 30.0, 30.0, RATE, waveform=3 * tones(30.0))
    assert len(sound.picture) <= SHOWN_BYTES
    samples, rate = read_wave(sound.beginning)
    assert (len(samples), rate, sound.played) == (10 * RATE, RATE, 10.0)
    assert np.abs(samples).max() <= 1
    assert Sound(grey, 30.0, 30.0, RATE).beginning is None


def test_tokens_keep_their_times():
    tokens = Tokens.in_sound(in_time(3, 0.02))
    assert tokens[1:].places == (TimePlace(0.02, 0.04), TimePlace(0.04, 0.06))
    assert tokens[:1] + tokens[1:] == tokens
    assert not tokens.pictured


def test_a_shelf_keeps_sounds_beside_pictures():
    shelf = Shelf()
    name = shelf.put(GivenSound(SHARES, RATE))
    assert shelf.get(name).rate == RATE
