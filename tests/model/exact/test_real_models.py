"""Trained models against their own eager attention. They are made once, out of packages: scripts/real_models.py."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoModelForCausalLM, AutoProcessor, AutoTokenizer, WhisperForConditionalGeneration
from transformers.models.whisper.tokenization_whisper import _combine_tokens_into_words

import attnwidget as aw
from tests.model.speech import can_speak, spoken

MAKER = Path(__file__).parents[3] / "scripts" / "real_models.py"
UNREACHABLE = 3
TEXT = "The capital of France is"
SAID = (
    "The cat sat on the mat, because it was tired.",
    "My name is John and I live in London.",
    "In the morning I went to the market and bought some bread and cheese.",
    "Yesterday my brother found seven small stones near the river.",
)

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]  # downloads and conversions are a part of it


def folder_of(name):
    done = subprocess.run([sys.executable, MAKER, name], capture_output=True, text=True, check=False)
    if done.returncode == UNREACHABLE:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.splitlines()[-1])


def assert_as_eager(model, trace, inputs, outputs):
    """Every map of every part is that of a pass of transformers itself, by the name of its output."""
    model.set_attn_implementation("eager")
    with torch.no_grad():
        said = model(**inputs, output_attentions=True)
    for part, name in outputs.items():
        maps = said[name]
        assert len(trace.heads(part)) == len(maps)
        for layer, expected in enumerate(maps):
            # Weights are at most 1, and come out of sums of a few hundred products in fp32.
            torch.testing.assert_close(trace.weights(layer, part=part), expected[0], atol=2e-5, rtol=1e-3)


def test_minilm():
    folder = folder_of("minilm")
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    loaded = aw.load(model, tokenizer)
    assert loaded.verify(TEXT).error < 1e-5
    assert_as_eager(model, loaded.trace(TEXT), tokenizer(TEXT, return_tensors="pt"), {"self": "attentions"})


def test_smollm2():
    folder = folder_of("smollm2")
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    loaded = aw.load(model, tokenizer)
    trace = loaded.trace(TEXT)
    assert loaded.predict(trace).top[0].piece == " Paris"
    assert loaded.verify(TEXT).error < 1e-4
    messages = [{"role": "user", "content": "Hello!"}]
    ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    assert list(loaded.trace(messages).text.ids) == ids
    assert_as_eager(model, trace, tokenizer(TEXT, return_tensors="pt"), {"self": "attentions"})


def test_whisper():
    folder = folder_of("whisper")
    model = WhisperForConditionalGeneration.from_pretrained(folder).eval()
    processor = AutoProcessor.from_pretrained(folder)
    time = torch.arange(32_000) / 16_000
    sound = (torch.sin(2 * torch.pi * 440 * time) * torch.sin(2 * torch.pi * 3 * time)).numpy()
    inputs = processor(sound, sampling_rate=16_000, return_tensors="pt")
    ids = model.generate(**inputs, max_new_tokens=8, num_beams=2)[:, :-1]
    trace = aw.load(model, processor).trace(dict(inputs), target=ids)
    assert trace.parts == ("encoder", "decoder", "cross")
    names = {"encoder": "encoder_attentions", "decoder": "decoder_attentions", "cross": "cross_attentions"}
    assert_as_eager(model, trace, {**inputs, "decoder_input_ids": ids}, names)


def test_whisper_tells_when_words_are_said():
    folder = folder_of("whisper")
    model, processor = (
        WhisperForConditionalGeneration.from_pretrained(folder).eval(),
        AutoProcessor.from_pretrained(folder),
    )
    model.set_attn_implementation("eager")  # transformers tells no times otherwise
    loaded = aw.load(str(folder))
    time = np.arange(36_000) / 16_000
    tone = (0.5 * np.sin(2 * np.pi * 440 * time) * np.sin(2 * np.pi * 3 * time)).astype(np.float32)
    for audio in [tone, *([spoken(text)[0] for text in SAID] if can_speak() else [])]:
        inputs = processor(audio=audio, sampling_rate=16_000, return_tensors="pt", return_attention_mask=True)
        how = {
            "return_token_timestamps": True,
            "return_dict_in_generate": True,
            "task": "transcribe",
            "max_new_tokens": 40,
        }
        with torch.no_grad():
            said, timed = model.generate(**inputs, **how), model.generate(**inputs, **how, return_timestamps=True)
        ids = said["sequences"][0].tolist()
        found = aw.word_times(loaded.trace(audio=(audio, 16_000), target=ids[:-1]), start=False)
        assert found.token_times == pytest.approx(said["token_timestamps"][0, :-1].numpy(), abs=1e-4)
        # With times among the tokens transformers keeps the row that predicts the first word, as we do.
        ids, times = timed["sequences"][0].tolist(), timed["token_timestamps"][0].tolist()
        prompt = said["sequences"][0, :3].tolist()
        found = aw.word_times(loaded.trace(audio=(audio, 16_000), target=[*prompt, *ids]))
        assert found.token_times[3:] == pytest.approx(np.array(times), abs=1e-4)


def test_whispers_words_are_divided_as_transformers_does():
    folder = folder_of("whisper")
    loaded, tokenizer = aw.load(str(folder)), AutoTokenizer.from_pretrained(folder)
    time = np.arange(16_000) / 16_000
    for said in (
        *SAID,
        'He said "yes" (I think) – it\'s 3.5% of 1,000!',
        "naïve café 🙂 déjà-vu",
        "$5, isn't it?",
        "¿Qué? ¡Sí!",
    ):
        trace = loaded.trace(audio=(np.sin(time * 2_000), 16_000), target=f" {said}")
        first = trace.tokens("cross")[0].special.index(False)
        words, _, places = _combine_tokens_into_words(
            tokenizer, tokenizer(f" {said}", add_special_tokens=False).input_ids
        )
        expected = [
            (word.strip(), (first + run[0], first + run[-1] + 1)) for word, run in zip(words, places, strict=True)
        ]
        assert [(own.word, own.tokens) for own in aw.word_times(trace)] == expected


@pytest.mark.skipif(not can_speak(), reason="espeak-ng is not installed")
def test_whispers_words_are_said_when_they_are():
    loaded = aw.load(str(folder_of("whisper")))
    errors = []
    for text in SAID:
        audio, begins = spoken(text)
        place = 0
        for word in aw.word_times(loaded.trace(audio=(audio, 16_000), target=f" {text}")):
            at = text.index(word.word, place)
            place = at + len(word.word)
            errors += [abs(word.start - begins[at])] if at in begins else []
    assert len(errors) > 30
    assert np.mean(errors) < 0.1
    # Before others the speaker pauses, and a pause counts to the word behind it.
    assert np.mean(np.array(errors) <= 0.15) > 0.8
    assert max(errors) < 0.4


@pytest.mark.skipif(not can_speak(), reason="espeak-ng is not installed")
def test_an_explorer_of_whisper_shows_what_was_said():
    audio, _ = spoken(SAID[0])
    explorer = aw.explore(str(folder_of("whisper")), audio=(audio, 16_000))
    assert explorer.pair.strip(" .").replace(",", "") == "The cat sat on the mat because it was tired"
    assert explorer.part == "cross"
    whole, shown = explorer.trace, explorer._read(None)
    assert len(whole.tokens("encoder")[0]) == 1_500
    count = len(shown.tokens("encoder")[0])
    assert count == math.ceil(len(audio) / 320)
    for part in ("encoder", "cross"):
        for layer in range(6):
            rows = slice(count if part == "encoder" else None)
            expected = whole.weights(layer, part=part, queries=rows, keys=slice(count))
            torch.testing.assert_close(shown.weights(layer, part=part), expected, atol=2e-6, rtol=1e-4)
