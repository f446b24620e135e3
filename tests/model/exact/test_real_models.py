"""Trained models against their own eager attention. They are made once, out of packages: scripts/real_models.py."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModel, AutoModelForCausalLM, AutoProcessor, AutoTokenizer, WhisperForConditionalGeneration

import attnwidget as aw

MAKER = Path(__file__).parents[3] / "scripts" / "real_models.py"
UNREACHABLE = 3
TEXT = "The capital of France is"

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
