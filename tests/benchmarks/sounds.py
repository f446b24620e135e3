"""What a sound costs: another one until its frame, how many bytes its spectrogram and its page have, and when words were said."""

import os
from pathlib import Path
from statistics import median
from time import perf_counter
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch

import attnwidget as aw
from attnwidget.engine.media.wave_file import wave_file
from tests.benchmarks.report import machine, ms
from tests.model.speech import can_speak, spoken
from tests.model.widget.played_page import Page

WHISPER = Path(__file__).parents[2] / "build" / "real_models" / "whisper"
"""What `python scripts/real_models.py whisper` makes."""

SAID = (
    "The cat sat on the mat, because it was tired.",
    "My name is John and I live in London.",
    "In the morning I went to the market and bought some bread and cheese.",
    "Yesterday my brother found seven small stones near the river.",
)
ROUNDS = 3

SPECTROGRAM = 300_000
"""Bytes at most of a spectrogram that is sent."""

PAGE = 4.0
"""Megabytes at most of a saved page with a sound of a few seconds."""


class Heard(NamedTuple):
    """Milliseconds of transformers' own generate, from another sound to what is said of it, on to its frame, and to when the words were said; bytes."""

    plain: float
    transcribed: float
    framed: float
    timed: float
    frame: int
    spectrogram: int


def heard(explorer: "aw.Explorer", page: Any, text: str) -> Heard:
    """What a page waits for, from the file that it sends on."""
    samples, model = spoken(text)[0], explorer.model
    file, made = wave_file(samples, 16_000), model.processor(audio=samples, sampling_rate=16_000, return_tensors="pt")
    started = perf_counter()
    with torch.no_grad():
        model.model.generate(**made)
    began = perf_counter()
    content, _ = page.end_of(page.ask("upload", [file], medium="sound"))
    explorer.text, explorer.pair = content["uploaded"], content["pair"]
    transcribed = perf_counter()
    asked = {"text": explorer.text, "pair": explorer.pair, "query": list(explorer.query), "part": "cross"}
    _, buffers = page.end_of(page.ask("frame", **asked))
    framed = perf_counter()
    trace = explorer.trace
    before = perf_counter()
    aw.word_times(trace)
    timed = perf_counter()
    taken = (began - started, transcribed - began, framed - transcribed, timed - before)
    return Heard(*(1000 * one for one in taken), len(buffers[0]), len(trace.sounds[0].picture))


def section() -> str:
    if not WHISPER.exists() or not can_speak():
        return f"""Whisper was not measured: `python scripts/real_models.py whisper` makes it, and espeak-ng speaks to it.

{machine()}
"""
    explorer = aw.explore(str(WHISPER), audio=(spoken(SAID[-1])[0], 16_000))
    page = Page(explorer, SimpleNamespace(setattr=setattr))
    found = [heard(explorer, page, text) for _ in range(ROUNDS) for text in SAID[:-1]]
    explorer.part = "encoder"
    silent, played = (len(explorer._page(None, None, sound=sound)) / 1e6 for sound in (False, True))
    seconds = explorer.trace.sounds[0].seconds
    explorer.close()
    both = [one.transcribed + one.framed for one in found]
    return f"""Whisper base, sentences of 3 to 5 seconds by espeak-ng, in the kernel alone. From a file that a page sends to the frame of its cross-attention: median
**{ms(median(both))}**, of which {ms(median(one.transcribed for one in found))} are the transcription, {ms(median(one.plain for one in found))} of
transformers' own `generate` of the same sound before it, and
{ms(median(one.framed for one in found))} the pass and the frame, when words were said included ({ms(median(one.timed for one in found))} of their own). {len(found)} sounds. The frame has
{median(one.frame for one in found) / 1e3:,.0f} kB, the spectrogram at most **{max(one.spectrogram for one in found) / 1e3:.0f} kB** (at most {SPECTROGRAM // 1000} kB). A saved page of
the encoder over {seconds:.1f} s: **{silent:.2f} MB**, with the sound {played:.2f} MB (at most {PAGE:g} MB). Other work
ran on the machine: {os.getloadavg()[1]:.1f} processes on {os.cpu_count()} cores in the mean of the last five minutes.

{machine()}
"""
