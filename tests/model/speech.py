"""Speech whose words have known times, by espeak-ng, where that is installed."""

import ctypes
from ctypes.util import find_library

import numpy as np
from scipy.signal import resample_poly

RETRIEVED, END_OF_LIST, WORD = 1, 0, 1
"""espeak-ng's numbers: audio is handed to the caller, no more events, an event at the beginning of a word."""


class Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("data", ctypes.c_void_p),
        ("id", ctypes.c_int * 2),
    ]


def can_speak():
    return find_library("espeak-ng") is not None


def spoken(text, voice=b"en-gb", speed=130):
    """(samples at 16 kHz, by its place in the text when a word begins, in seconds); of several that are said as one only the first."""
    library = ctypes.CDLL(find_library("espeak-ng"))
    rate = library.espeak_Initialize(RETRIEVED, 0, None, 0)
    chunks, begins = [], {}

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))
    def hear(samples, count, events):
        if count > 0 and samples:
            chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        at = 0
        while events[at].type != END_OF_LIST:
            if events[at].type == WORD:
                begins[events[at].text_position - 1] = events[at].audio_position / 1000
            at += 1
        return 0

    library.espeak_SetSynthCallback(hear)
    library.espeak_SetVoiceByName(voice)
    library.espeak_SetParameter(1, speed, 0)
    said = text.encode()
    library.espeak_Synth(said, len(said) + 1, 0, 1, 0, 1, None, None)
    library.espeak_Synchronize()
    library.espeak_Terminate()
    samples = np.concatenate(chunks).astype(np.float32) / 32_768
    return resample_poly(samples, 16_000, rate).astype(np.float32), begins
