"""An explorer of a model that reads sounds."""

import dataclasses
import gzip
import json
import logging
import re
from base64 import b64decode
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers as hf
from PIL import Image

import attnwidget as aw
from attnwidget.engine import medium_named
from attnwidget.engine.media.wave_file import read_wave, wave_file
from tests.model.sounds import RATE, SECONDS, of_waves, tones, whisper
from tests.model.widget.played_page import Page
from tests.unit.frames.frames_read import decode

HIGH, LOW = (tones(0.7), RATE), (tones(1.0, pitches=(200, 400)), RATE)
SHOWN = 35
"""Positions of the first sound, of the 100 that the model has."""
SMALL = {"layers": 2, "attention_heads": 2, "ffn_dim": 32}
NAMES = {"encoder": "encoder_attentions", "decoder": "decoder_attentions", "cross": "cross_attentions"}


@pytest.fixture(scope="module")
def model():
    return aw.load(*whisper())


@pytest.fixture
def explorer(model):
    return aw.explore(model, audio=HIGH, target="la la")


@pytest.fixture
def page(explorer, monkeypatch):
    return Page(explorer, monkeypatch)


def asked(explorer, **fields):
    return {"text": explorer.text, "pair": explorer.pair, "query": list(explorer.query), **fields}


def eager_maps(model, trace):
    model.set_attn_implementation("eager")
    with torch.no_grad():
        return model(**trace.forward, output_attentions=True)


def test_a_trace_of_a_sound_is_what_eager_attention_gives(model):
    trace = model.trace(audio=HIGH, target="la la")
    said = eager_maps(whisper()[0], trace)
    for part, name in NAMES.items():
        for layer, heads in enumerate(said[name]):
            assert torch.allclose(trace.weights(layer, part=part), heads[0], atol=1e-5)
    features = model.processor(audio=HIGH[0], sampling_rate=RATE, return_tensors="pt").input_features
    assert torch.equal(trace.forward["input_features"], features)
    marks = ("<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>")
    assert trace.tokens("decoder")[0].pieces[:4] == marks
    assert trace.text.text == "la la"


def test_positions_have_their_times_and_those_behind_the_sound_are_padding(model):
    trace = model.trace(audio=HIGH)
    heard = trace.tokens("encoder")[0]
    assert len(heard) == 50 * SECONDS
    assert (heard.places[1].start, heard.places[1].stop) == (0.02, 0.04)
    assert sum(heard.padding) == len(heard) - SHOWN
    (sound,) = trace.sounds
    assert (sound.seconds, sound.read_seconds) == (0.7, SECONDS)
    assert sound.spectrogram.shape == (16, 70)


@pytest.mark.parametrize("kind", ["Wav2Vec2ForCTC", "HubertForCTC", "WavLMForCTC"])
def test_a_model_of_samples_is_exact_and_every_position_has_its_time(kind):
    made, extractor = of_waves(kind)
    trace = aw.load(made, processor=extractor).trace(audio=HIGH)
    assert torch.equal(
        trace.forward["input_values"], extractor(HIGH[0], sampling_rate=RATE, return_tensors="pt").input_values
    )
    for layer, heads in enumerate(eager_maps(of_waves(kind)[0], trace).attentions):
        assert torch.allclose(trace.weights(layer), heads[0], atol=1e-5)
    places = trace.text.places
    assert len(places) == SHOWN
    assert (places[10].start, places[10].stop) == pytest.approx((0.2, 0.22))
    assert trace.sounds[0].seconds == 0.7


def test_a_classifier_of_sounds_is_an_encoder_alone(monkeypatch):
    made, processor = whisper()
    explorer = aw.explore(hf.WhisperForAudioClassification(made.config), audio=HIGH, processor=processor)
    header, _ = Page(explorer, monkeypatch).frame(**asked(explorer))
    assert (explorer.trace.parts, len(header["tokens"]["times"])) == (("encoder",), SHOWN)
    assert explorer.pair == ""


def test_positions_that_nothing_places_in_time_are_known_once_they_are_read(monkeypatch):
    sizes = {f"{side}_{name}": size for side in ("encoder", "decoder") for name, size in SMALL.items()}
    made = hf.Speech2TextForConditionalGeneration(hf.Speech2TextConfig(vocab_size=30, d_model=32, **sizes))
    explorer = aw.explore(made, audio=HIGH, processor=hf.Speech2TextFeatureExtractor(), edits="hide encoder 3")
    page = Page(explorer, monkeypatch)
    header, arrays = page.frame(**asked(explorer, edits=["hide encoder 3"], part="encoder"))
    assert ("times" not in header["tokens"], len(header["tokens"]["pieces"])) == (True, 17)
    assert np.delete(arrays["matrix"][:, 3], 3).max() == 0  # a hidden position still reads itself
    assert page.end_of(page.ask("verify", **asked(explorer)))[0]["verify"]["error"] < 1e-5


def test_letters_that_are_scored_at_every_position_are_not_listed():
    made, extractor = of_waves("Wav2Vec2ForCTC")
    model = aw.load(made, processor=extractor)
    with pytest.raises(aw.AttnWidgetError, match="CTC"):
        model.predict(model.trace(audio=HIGH))


def test_a_model_of_samples_is_shown(monkeypatch):
    made, extractor = of_waves("Wav2Vec2ForCTC")
    explorer = aw.explore(made, audio=HIGH, processor=extractor)
    header, arrays = Page(explorer, monkeypatch).frame(**asked(explorer))
    assert (explorer.part, explorer.pair, header["sounds"][0]["read"]) == ("self", "", 0.7)
    assert "padding_share" not in header
    assert arrays["matrix"].sum(-1) == pytest.approx(np.ones(SHOWN), abs=1e-5)
    with pytest.raises(aw.AttnWidgetError, match="single text"):
        explorer.pair = "la"


def test_the_frame_has_the_sound_alone_and_the_numbers_of_the_whole_softmax(page, explorer):
    for part, queries in (("cross", 9), ("encoder", SHOWN)):
        header, arrays = page.frame(**asked(explorer, part=part, query=[5, 6], layer=1, head=2))
        whole = explorer.trace.weights(1, 2, part)
        assert arrays["matrix"].shape == (queries, SHOWN)
        assert arrays["matrix"] == pytest.approx(whole[:queries, :SHOWN].numpy(), abs=1e-6)
        assert header["padding_share"] == pytest.approx(float(whole[5, SHOWN:].sum()), abs=1e-6)
        assert 0.01 < header["padding_share"] < 0.99
        assert "padding" in header["recipe"]
        times = (header["key_tokens"] or header["tokens"])["times"]
        assert times[0] == [0.0, 0.02]
        assert times[-1] == [0.68, 0.7]
    header, _ = page.frame(**asked(explorer, part="decoder"))
    assert "times" not in header["tokens"]
    assert "padding_share" not in header


def test_edits_leave_the_numbers_those_of_the_whole_softmax(page, explorer):
    edits = ("hide encoder 3", "cut 5 reads 7 in encoder L1, without renormalising", "paint cross L1H2 uniform")
    explorer.edits = edits
    for part, queries in (("cross", 9), ("encoder", SHOWN)):
        for head in (1, 2):
            fields = {"part": part, "layer": 1, "head": head, "edits": list(edits)}
            _, arrays = page.frame(**asked(explorer, **fields))
            whole = explorer.trace.weights(1, head, part)[:queries, :SHOWN]
            assert arrays["matrix"] == pytest.approx(whole.numpy(), abs=1e-6)
    assert float(whole[4, 3]) == 0


def test_a_page_hears_of_the_sound_and_asks_for_it(page, explorer):
    header, _ = page.frame(**asked(explorer))
    (told,) = header["sounds"]
    assert f"sound:{told['name']}" == explorer.text
    assert (told["seconds"], told["read"], told["rows"], told["columns"]) == (0.7, SECONDS, 16, 70)
    assert (told["playable"], told["played"]) == (True, 0.7)
    content, buffers = page.end_of(page.ask("spectrogram", name=told["name"], **asked(explorer)))
    assert content["spectrogram"] == {"name": told["name"], "type": "image/png"}
    seen = np.asarray(Image.open(BytesIO(buffers[0])))
    assert np.array_equal(seen[::-1], explorer.trace.sounds[0].spectrogram)
    content, buffers = page.end_of(page.ask("sound", name=told["name"], **asked(explorer)))
    samples, rate = read_wave(buffers[0])
    assert (content["sound"]["type"], rate) == ("audio/wav", RATE)
    assert samples[:, 0] == pytest.approx(HIGH[0], abs=1e-4)
    for kind in ("spectrogram", "sound"):
        content, _ = page.end_of(page.ask(kind, name="another", **asked(explorer)))
        assert content["code"] == "bad_request"
    about = page.about()
    assert (about["reads"], about["second"]) == (["sound"], "target")


def test_a_page_sends_a_sound_and_hears_what_is_said_of_it(page, explorer, model):
    content, _ = page.end_of(page.ask("upload", [wave_file(*LOW)], medium="sound"))
    assert content["pair"] == model.transcribe(content["uploaded"])
    page.sets(text=content["uploaded"], pair=content["pair"])
    assert explorer.audio[1] == RATE
    assert np.array_equal(explorer.audio[0], LOW[0])


@pytest.mark.parametrize("buffers", [[], [b""], [b"no sound"]])
def test_what_a_page_sends_instead_is_refused_and_the_last_sound_stays(page, explorer, buffers):
    before = explorer.text
    content, _ = page.end_of(page.ask("upload", buffers))
    assert content["status"] == "error"
    assert explorer.text == before


def test_without_a_target_the_model_says_itself_what_it_hears(model):
    explorer = aw.explore(model, audio=HIGH)
    inputs = model.processor(audio=HIGH[0], sampling_rate=RATE, return_tensors="pt")
    made, processor = whisper()
    own = made.generate(**inputs, task="transcribe", do_sample=False, max_new_tokens=32)[0].tolist()
    own = own[: own.index(processor.tokenizer.eos_token_id)] if processor.tokenizer.eos_token_id in own else own
    said = explorer.trace.tokens("decoder")[0]
    assert [number for number in said.ids if number < 256] == [number for number in own if number < 256]
    assert explorer.part == "cross"
    explorer.audio = LOW
    assert explorer.pair == model.transcribe(explorer.text)


def test_a_text_that_says_its_own_start_is_read_as_it_is(model):
    trace = model.trace(audio=HIGH, target="<|startoftranscript|><|de|><|translate|><|notimestamps|>la")
    assert trace.tokens("decoder")[0].pieces[1:3] == ("<|de|>", "<|translate|>")
    assert len(trace.text) == 6


def test_what_is_generated_from_a_sound_has_the_words_as_its_text(model):
    trace = model.generate(audio=HIGH, max_new_tokens=5)
    assert len(trace.steps) == 5
    assert trace.text == trace.tokens("decoder")[0]
    assert trace.sounds[0].seconds == 0.7
    mapped = model.generate(
        dict(model.processor(audio=HIGH[0], sampling_rate=RATE, return_tensors="pt")), max_new_tokens=5
    )
    assert mapped.text == trace.text
    assert mapped.sounds[0].seconds == pytest.approx(0.7, abs=0.03)
    assert "told from the spectrogram" in mapped.sounds[0].note


def test_a_state_holds_its_sound(explorer, model):
    state = json.loads(json.dumps(explorer.state()))
    elsewhere = aw.explore(aw.load(*whisper()), state=state)
    assert np.array_equal(elsewhere.audio[0], HIGH[0])
    assert elsewhere.pair == "la la"
    assert elsewhere.state() == state
    (name, data), *_ = state["sounds"].items()
    assert medium_named(name) == "sound"
    for bad in ({name: "?"}, {name: 5}, {"sound:0000000000000000": data}, [name]):
        with pytest.raises(aw.AttnWidgetError, match="sound"):
            aw.explore(model, state={**state, "sounds": bad})


def test_a_trace_of_a_sound_is_kept_in_a_file_and_shown_again(model, tmp_path):
    trace = model.trace(audio=HIGH, target="la la")
    again = aw.Trace.load(trace.save(tmp_path / "high"))
    assert again.text == trace.text
    assert again.tokens("cross") == trace.tokens("cross")
    (old,), (new,) = trace.sounds, again.sounds
    assert (new.reference, new.seconds, new.note) == (old.reference, old.seconds, old.note)
    assert np.array_equal(new.waveform, old.waveform)
    assert np.array_equal(new.spectrogram, old.spectrogram)
    shown = aw.view(again, part="encoder")
    assert shown.text == old.reference
    assert len(shown.trace.tokens("encoder")[0]) == 50 * SECONDS
    assert "a sound" in shown.snapshot().words


def timed(made, processor, audio, **options):
    """What transformers says of when each token ends, and the tokens."""
    made.set_attn_implementation("eager")
    inputs = processor(audio=audio, sampling_rate=RATE, return_tensors="pt", return_attention_mask=True)
    with torch.no_grad():
        said = made.generate(**inputs, return_token_timestamps=True, return_dict_in_generate=True, **options)
    return said["sequences"][0].tolist(), said["token_timestamps"][0].tolist()


@pytest.mark.parametrize("seconds", [0.7, 0.705, 1.33])
def test_the_times_of_tokens_are_those_of_transformers(model, seconds):
    audio = tones(seconds)
    ids, times = timed(*whisper(), audio, task="transcribe", max_new_tokens=20)
    trace = model.trace(audio=(audio, RATE), target=ids[:-1])  # the last one has no row there
    found = aw.word_times(trace, start=False)
    assert found.token_times == pytest.approx(np.array(times[:-1]), abs=1e-6)
    assert max(found.token_times) > 0.3
    assert [word.tokens[0] for word in aw.word_times(trace)] == [word.tokens[0] for word in found]
    assert found.heads == ((0, 1), (1, 0), (1, 3))


def test_a_page_hears_when_words_are_said(page, explorer):
    header, _ = page.frame(**asked(explorer, part="cross"))
    found = aw.word_times(explorer.trace)
    assert [(*own[:2], own[4]) for own in header["spoken"]] == [(*word.tokens, word.word) for word in found]
    assert np.array([own[2:4] for own in header["spoken"]]) == pytest.approx(np.asarray(found), abs=1e-4)
    assert [own[4] for own in header["spoken"]] == ["la", "la"]
    assert "spoken" not in page.frame(**asked(explorer, part="encoder"))[0]
    page.explorer.model.facts = dataclasses.replace(page.explorer.model.facts, alignment_heads=())
    try:
        assert "spoken" not in page.frame(**asked(explorer, pair="la", part="cross"))[0]
    finally:
        page.explorer.model.facts = dataclasses.replace(explorer.model.facts, alignment_heads=found.heads)


def test_a_saved_page_holds_the_spectrogram_and_the_sound_if_asked(explorer, tmp_path):
    explorer.part = "encoder"
    (sound,) = explorer.trace.sounds
    plain = data_of(explorer.save(tmp_path / "page"))
    assert plain.blocks[f"spectrogram {sound.name}"].tobytes() == sound.picture
    assert f"sound {sound.name}" not in plain.blocks
    assert (plain.header["frame"]["sounds"][0]["playable"], plain.header["frame"]["sounds"][0]["played"]) == (False, 0)
    assert plain.header["frame"]["padding_share"] > 0
    loud = data_of(explorer.save(tmp_path / "loud", sound=True))
    assert loud.blocks[f"sound {sound.name}"].tobytes() == sound.beginning
    assert loud.header["frame"]["sounds"][0]["playable"]
    rows = np.exp((loud.blocks["maps"][0].astype(float) - 255) / loud.header["steps"])
    whole = explorer.trace.weights(0, 0, "encoder")[:SHOWN, :SHOWN].numpy()
    assert rows == pytest.approx(whole, rel=0.03, abs=1e-4)
    k, q = loud.blocks["neuron_k"], loud.blocks["neuron_q"]
    logits = q @ k.T * loud.header["neuron"]["scale"]
    sums = np.exp(logits).sum(1) + np.exp(loud.blocks["neuron_sink"])
    assert np.exp(logits) / sums[:, None] == pytest.approx(whole, abs=1e-5)


def data_of(path):
    """The container in a saved page."""
    packed = re.search(r'type="application/gzip"[^>]*>([^<]+)<', path.read_text("utf-8"))
    header, arrays = decode(gzip.decompress(b64decode(packed[1])))
    return SimpleNamespace(header=header, blocks=arrays)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _model: aw.explore(whisper()[0], audio=HIGH), "without a processor"),
        (lambda model: aw.explore(model, "a text", audio=HIGH), "in place of a text"),
        (lambda model: aw.explore(model, "a text"), "reads sounds, not text"),
        (lambda _model: aw.explore(audio=HIGH), "reads no sounds"),
        (lambda model: aw.explore(model, audio="there is none.wav"), "no file"),
        (lambda model: model.trace("a text"), "reads sounds, not text.*names none that is here"),
        (lambda model: model.trace("a text", audio=HIGH), "in place of a text"),
        (lambda model: model.trace(audio=HIGH, image=np.zeros((4, 4, 3))), "Give one of them"),
        (lambda _model: aw.load().trace(audio=HIGH), "reads no sound"),
        (lambda model: model.trace(audio=HIGH, target="la" * 40), "84 tokens.*at most 40"),
        (
            lambda _model: aw.load(whisper()[0], processor=of_waves("HubertForCTC")[1]).trace(audio=HIGH),
            "input_features",
        ),
        (lambda _model: aw.load(whisper()[0], processor=len).trace(audio=HIGH), "failed on this sound"),
    ],
)
def test_what_cannot_be_shown_is_said_in_a_sentence(model, make, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        make(model)


def test_after_what_is_no_sound_the_last_one_stays(explorer):
    before = (explorer.text, explorer.pair)
    with pytest.raises(aw.AttnWidgetError, match="silent"):
        explorer.audio = (np.zeros(RATE), RATE)
    assert (explorer.text, explorer.pair) == before
    assert explorer.image is None


def test_what_is_heard_first_says_nothing_of_settings_that_nobody_chose():
    model, processor = whisper()
    said = logging.Handler()
    said.records = []
    said.emit = said.records.append
    logging.getLogger("transformers").addHandler(said)
    try:
        given = processor(audio=tones(), sampling_rate=RATE, return_tensors="pt")
        aw.load(model, processor=processor).generate(dict(given), max_new_tokens=2, task="transcribe")
        asked = len(said.records)
        explorer = aw.explore(model, audio=(tones(), RATE), processor=processor)
    finally:
        logging.getLogger("transformers").removeHandler(said)
    assert explorer.pair
    assert len(said.records) == asked > 0
