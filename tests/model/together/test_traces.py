"""Many texts at once: each trace is what the text gives alone, in order, and what fails says why in its place."""

import gc
import weakref
from itertools import count, islice

import pytest
import torch

import attnwidget as aw
from attnwidget.engine.together import in_order
from attnwidget.engine.together.passes import PaddedPasses
from attnwidget.engine.trace.records import Untraced
from attnwidget.errors import Cancelled, NotEnoughMemory
from tests.model.small import WORDS, small, words

TEXTS = [
    "the river bank was quiet .",
    "she walked to the bank for money . who walked to the river ? she walked to the river so quiet",
    "money ?",
    "who was quiet so she walked",
    "the river bank was quiet .",
    "she",
]
TOGETHER = ("class", "label", "answer", "t5", "gpt-oss", "clip-text")


@pytest.fixture(scope="module")
def model():
    return aw.load()


@pytest.fixture
def padded_passes(monkeypatch):
    """How many texts each padded pass had."""
    sizes, before = [], PaddedPasses._padded

    def counting(self, shadow, inputs, **options):
        sizes.append(len(inputs))
        return before(self, shadow, inputs, **options)

    monkeypatch.setattr(PaddedPasses, "_padded", counting)
    return sizes


def same(trace, alone, atol=5e-5):
    assert trace.text == alone.text
    assert trace.sequences == alone.sequences
    assert trace.depths == alone.depths
    assert trace.forward.keys() == alone.forward.keys()
    for own, other in zip(trace.blocks, alone.blocks, strict=True):
        assert own.shape == other.shape
        assert own.causal == other.causal
        assert (own.projection is None) == (other.projection is None)
        weights = trace.weights(own.layer, part=own.part), alone.weights(other.layer, part=other.part)
        assert torch.allclose(*weights, atol=atol)
        assert own.v is other.v is None or torch.allclose(own.v, other.v, atol=1e-4)
    if alone.hidden is not None:
        assert torch.allclose(trace.hidden, alone.hidden, atol=1e-4)
    if alone.model.predicts is not None:
        assert torch.allclose(trace.logits(), alone.logits(), atol=1e-3)


@pytest.mark.parametrize("name", TOGETHER)
def test_a_trace_of_many_is_the_trace_of_one(name, padded_passes):
    model = aw.load(small(name), words(special=True))
    traces = list(model.traces(TEXTS, batch=4))
    assert max(padded_passes) > 2  # beyond the trial of two
    for text, trace in zip(TEXTS, traces, strict=True):
        same(trace, model.trace(text))


@pytest.mark.parametrize("name", ["bloom", "jamba", "wav2vec2"])
def test_what_cannot_be_padded_is_read_alone(name):
    model = aw.load(small(name), words())
    if name != "wav2vec2":
        for text, trace in zip(TEXTS, model.traces(TEXTS), strict=True):
            same(trace, model.trace(text))
    else:
        sounds = [{"input_values": torch.randn(1, 400)} for _ in range(2)]
        for sound, trace in zip(sounds, model.traces(sounds), strict=True):
            same(trace, model.trace(sound))


def test_any_module_reads_many_one_by_one():
    layer = torch.nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    model = aw.load(torch.nn.TransformerEncoder(layer, 2).eval())
    given = [torch.randn(1, 5, 16), "no text", torch.randn(1, 3, 16)]
    found = list(model.traces(given))
    same(found[0], model.trace(given[0]))
    assert isinstance(found[1], Untraced)
    assert len(found[2].text) == 3


def test_pairs_and_targets_are_second_texts():
    pair = ("the river", "she walked to money .")
    encoder = aw.load(small("label"), words(special=True))
    both = list(encoder.traces([pair, TEXTS[1], ("who", "she")]))
    same(both[0], encoder.trace(*pair))
    assert both[0].text.segment[-2:] == (1, 1)
    translator = aw.load(small("t5"), words(special=True))
    both = list(translator.traces([pair, (TEXTS[1], "who"), TEXTS[2]]))
    same(both[0], translator.trace(pair[0], target=pair[1]))
    same(both[1], translator.trace(TEXTS[1], target="who"))
    same(both[2], translator.trace(TEXTS[2]))


def test_experiments_run_from_it(model):
    text = "The cat sat on the"
    trace = list(model.traces(["The dog saw the cat.", text, "The cat sat."]))[1]
    alone = model.trace(text)
    assert model.predict(trace).top[0].piece == " table"
    assert torch.allclose(model.trace(trace).hidden, alone.hidden, atol=1e-5)
    effects = [torch.as_tensor(aw.token_effects(model, own).values) for own in (trace, alone)]
    assert torch.allclose(*effects, atol=1e-4)
    norms = [torch.as_tensor(aw.value_norms(own, 1).values) for own in (trace, alone)]
    assert torch.allclose(*norms, atol=1e-4)
    same(trace, alone, atol=1e-5)


def test_a_trace_of_many_can_be_continued(model):
    start = "The cat sat on the mat and the dog saw the cat on the mat with the red ball"
    _, trace = model.traces(["The cat sat.", start])
    longer = start + " and the cat sat."
    assert torch.allclose(model.trace(longer, reuse=trace).weights(3), model.trace(longer).weights(3), atol=1e-5)


def test_it_is_saved_like_any_other(model, tmp_path):
    trace = list(model.traces(["The dog saw the cat.", "The cat sat."]))[1]
    again = aw.Trace.load(trace.save(tmp_path / "cat", values=True))
    assert torch.equal(again.weights("L1H2"), trace.weights("L1H2"))


def test_what_fails_is_told_in_its_place(model):
    given = ["The cat sat.", "", 3, "word " * 5000, ["not", "ids"], ("a", 5), None, "The dog saw the cat."]
    found = list(model.traces(given))
    assert [isinstance(one, Untraced) for one in found] == [False, *[True] * 6, False]
    assert [one.number for one in found[1:-1]] == [1, 2, 3, 4, 5, 6]
    assert "There is no text yet" in found[1].reason
    assert "tokens but the model accepts at most" in found[3].reason
    assert found[3].text == given[3]


@pytest.mark.parametrize("options", [{"texts": "a text"}, {"texts": 5}, {"batch": 0}, {"batch": 1.5}, {"keep": ("x",)}])
def test_wrong_arguments_are_refused_at_once(model, options):
    with pytest.raises(aw.AttnWidgetError, match=r"not valid|many texts"):
        model.traces(**{"texts": ["The cat sat."], **options})


def test_an_endless_iterator_streams(model):
    taken = count()
    endless = (f"The cat sat on {'the ' * (number % 7)}mat." for number in taken)
    traces = list(islice(model.traces(endless, batch=4), 50))
    assert [len(trace.text) for trace in traces] == [6 + number % 7 for number in range(50)]
    assert next(taken) <= 50 + in_order.BATCHES_AHEAD * 4 + 4


def test_what_came_before_a_failing_iterator_is_given(model):
    def failing():
        yield from ["The cat sat.", "The dog saw the cat."]
        raise OSError("the file is gone")

    given = model.traces(failing())
    assert len([next(given), next(given)]) == 2
    with pytest.raises(OSError, match="the file is gone"):
        next(given)


def test_no_trace_keeps_another_alive(model):
    first, second = model.traces(["The cat sat on the mat.", "The dog saw the cat."])
    assert first.blocks[0].q.untyped_storage().nbytes() == first.blocks[0].q.nbytes
    gone = weakref.ref(second.blocks[0].q)
    del second
    gc.collect()
    assert gone() is None


def test_batches_are_bounded_in_tokens_and_memory(model, monkeypatch, padded_passes):
    monkeypatch.setattr(in_order, "TOKENS_IN_A_PASS", 24)
    monkeypatch.setattr(in_order, "HELD", 1)
    found = list(model.traces(["The cat sat on the mat."] * 7))
    assert len(found) == 7
    assert max(padded_passes) <= 3


def test_a_batch_that_memory_lacks_for_is_halved(model, monkeypatch):
    before, sizes = PaddedPasses._padded, []

    def scarce(self, shadow, inputs, **options):
        sizes.append(len(inputs))
        if len(inputs) > 2:
            raise NotEnoughMemory("There is not enough memory.")
        return before(self, shadow, inputs, **options)

    monkeypatch.setattr(PaddedPasses, "_padded", scarce)
    found = list(model.traces(["The cat sat on the mat."] * 8, batch=8))
    assert all(isinstance(one, aw.Trace) for one in found)
    assert [size for size in sizes if size > 2] == [8, 4]


def test_it_is_stopped_between_layers(model):
    asked = count()
    with pytest.raises(Cancelled), aw.stopping_when(lambda: next(asked) > 3):
        list(model.traces(["The cat sat on the mat."] * 3))


def test_edits_and_kept_inputs_are_those_of_trace(model):
    texts = ["The cat sat on the mat.", "The dog saw the cat."]
    for text, trace in zip(texts, model.traces(texts, edits="hide 1", keep=("inputs",)), strict=True):
        assert torch.equal(trace.weights("L2H1"), model.trace(text, edits="hide 1").weights("L2H1"))
        assert trace.blocks[0].inputs is not None


def test_progress_hears_how_many_are_done(model):
    heard = []
    list(model.traces(["The cat sat.", "", "The dog saw the cat."], progress=heard.append))
    assert heard[-1] == 3


def test_words_are_those_of_the_tests():
    assert set(" ".join(TEXTS).split()) <= set(WORDS)
