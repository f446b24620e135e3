"""An edited text read from its first change on gives what a whole pass gives, and never loses the earlier trace."""

import pytest
import torch

import attnwidget as aw
from attnwidget.engine.live import prefix
from attnwidget.engine.live.session import LiveSession
from attnwidget.errors import Cancelled
from tests.model.families import build

REUSED = [
    "gpt2",
    "gpt2-scaled-by-layer",
    "llama-grouped",
    "mistral-window",
    "gemma2-soft-cap",
    "gemma3-text",
    "gpt-oss-sinks",
    "deepseek-v3",
    "phi3-window",
]
WHOLE = ["jamba", "qwen3-next", "bloom", "bert-masked-lm", "t5"]

IDS = torch.randint(3, 100, (60,), generator=torch.Generator().manual_seed(3)).tolist()
EDITS = {
    "last words": [*IDS[:57], 5, 6, 7],
    "in the middle": [*IDS[:30], 11, 12, 13, *IDS[33:]],
    "one more": [*IDS, 9],
    "shorter": IDS[:41],
    "the same": IDS,
}


@pytest.fixture
def continued(monkeypatch):
    """Every text that was read from its first change on."""
    found = []
    plain = prefix._continued

    def spy(*given, **more):
        result = plain(*given, **more)
        found.append(None if result is None else result.text.ids)
        return result

    monkeypatch.setattr(prefix, "_continued", spy)
    return found


def ready(name):
    """A model and a trace that can be continued: the first edit of a session tries out how."""
    model = aw.load(build(name))
    model.trace([*IDS, 4], reuse=model.trace(IDS))
    return model, model.trace(IDS)


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("name", REUSED)
def test_the_numbers_are_those_of_a_whole_pass(name, edit, continued):
    model, earlier = ready(name)
    continued.clear()
    trace, whole = model.trace(EDITS[edit], reuse=earlier), model.trace(EDITS[edit])
    assert continued == [tuple(EDITS[edit])]
    for block in whole.blocks:
        assert torch.allclose(trace.weights(block.layer), whole.weights(block.layer), atol=1e-5)
        assert trace.block(block.layer).causal == block.causal
    assert torch.allclose(trace.logits(slice(None)), whole.logits(slice(None)), atol=2e-3, rtol=1e-4)
    assert trace.text == whole.text


@pytest.mark.parametrize("name", WHOLE)
def test_models_that_cannot_be_continued_are_read_whole(name, continued):
    model, earlier = ready(name)
    trace, whole = model.trace(EDITS["last words"], reuse=earlier), model.trace(EDITS["last words"])
    assert continued == []
    for block in whole.blocks:
        assert torch.equal(trace.weights(block.layer, part=block.part), whole.weights(block.layer, part=block.part))


def test_a_sliding_window_keeps_its_columns(continued):
    model, earlier = ready("mistral-window")
    trace = model.trace(EDITS["one more"], reuse=earlier)
    last = trace.weights(0)[:, -1]
    assert last.shape[-1] == 61
    assert last[:, :50].abs().max() == 0  # a window of 8, in the columns of the whole text
    assert torch.allclose(last.sum(-1), torch.ones(len(last)), atol=1e-5)


def test_a_chain_of_edits_does_not_drift(continued):
    model, trace = ready("llama-grouped")
    continued.clear()
    ids = list(IDS)
    for step in range(12):
        ids = [*ids[: 50 - step], 40 + step, 41 + step, 42 + step]
        trace = model.trace(ids, reuse=trace)
    assert len(continued) == 12
    assert torch.allclose(trace.weights(2), model.trace(ids).weights(2), atol=1e-5)


def test_little_in_common_is_read_whole(continued):
    model, earlier = ready("gpt2")
    continued.clear()
    model.trace([*IDS[:9], *([8] * 40)], reuse=earlier)
    assert continued == []


def test_a_trace_of_a_model_that_was_trained_since_is_not_reused(continued):
    model, earlier = ready("gpt2")
    continued.clear()
    with torch.no_grad():
        model.model.transformer.h[0].attn.c_attn.weight.add_(0.1)
    trace = model.trace(EDITS["last words"], reuse=earlier)
    assert continued == []
    assert torch.equal(trace.weights(1), model.trace(EDITS["last words"]).weights(1))


def test_a_trace_of_another_model_is_not_reused(continued):
    _, earlier = ready("gpt2")
    continued.clear()
    other = aw.load(build("llama-grouped"))
    other.trace(EDITS["last words"], reuse=earlier)
    assert continued == []


@pytest.mark.parametrize("stop", [0, 1])
def test_a_cancelled_edit_leaves_the_earlier_trace_whole(stop):
    model, earlier = ready("gpt2")
    before = [earlier.weights(layer).clone() for layer in range(3)]
    done = []
    with pytest.raises(Cancelled), aw.stopping_when(lambda: len(done) > stop):
        model.trace(EDITS["last words"], reuse=earlier, progress=done.append)
    assert all(torch.equal(earlier.weights(layer), maps) for layer, maps in enumerate(before))
    again = model.trace(EDITS["last words"], reuse=earlier)
    assert torch.allclose(again.weights(2), model.trace(EDITS["last words"]).weights(2), atol=1e-5)


@pytest.mark.parametrize("layer", [0, 1, 2])
@pytest.mark.parametrize("name", ["gpt2", "llama-grouped"])
def test_an_exception_at_any_layer_leaves_everything_usable(name, layer, monkeypatch):
    model, earlier = ready(name)
    module = model._shadow().module.base_model
    layers = module.h if name == "gpt2" else module.layers

    def burst(*_given, **_more):
        raise RuntimeError("broken on purpose")

    with monkeypatch.context() as patch:
        patch.setattr(layers[layer], "forward", burst)
        for reuse in (None, earlier):
            with pytest.raises(aw.AttnWidgetError, match="broken on purpose"):
                model.trace(EDITS["last words"], reuse=reuse)
    trace = model.trace(EDITS["last words"], reuse=earlier)
    assert torch.allclose(trace.weights(2), aw.load(build(name)).trace(EDITS["last words"]).weights(2), atol=1e-5)


def test_a_session_reads_edits_from_their_first_change(tiny, continued):
    session = LiveSession(tiny)
    start = "Mary went home. Tom and Ann met in the old red house. Tom gave the small green book to "
    session.read(start + "Ann")
    session.read(start + "Tom")
    edited = session.read(start + "the cat")
    assert continued[-1] == edited.trace.text.ids
    assert torch.allclose(edited.trace.weights(3), tiny.trace(start + "the cat").weights(3), atol=1e-5)


def test_a_session_reads_a_text_under_edits_from_the_first_token_that_they_change(tiny, continued):
    session = LiveSession(tiny)
    text = "Mary went home. Tom and Ann met in the old red house. Tom gave the small green book to Ann."
    late = len(tiny.tokens(text)) - 2
    session.read(text)
    session.read(text.replace("Mary", "Jane"))
    edited = session.read(text, edits=(f"hide {late}",)).trace
    assert continued[-1] == edited.text.ids
    assert torch.allclose(edited.weights(3), tiny.trace(text, edits=f"hide {late}").weights(3), atol=1e-5)


def test_a_session_forgets_readings_of_a_model_that_was_trained_since(tiny):
    import copy

    model = aw.load(copy.deepcopy(tiny.model), tiny.tokenizer)
    session = LiveSession(model)
    first = session.read("The cat sat on the mat.").trace.weights(2)
    with torch.no_grad():
        for parameter in model.model.parameters():
            parameter.mul_(0.5)
    second = session.read("The cat sat on the mat.").trace.weights(2)
    assert not torch.allclose(first, second, atol=1e-3)
    assert torch.equal(second, model.trace("The cat sat on the mat.").weights(2))


def test_texts_with_segments_are_compared_by_segment(minilm):
    # An encoder is never continued, whatever two texts have in common.
    one = minilm.trace("The cat sat on the mat because it was tired and old and grey and slow today.")
    two = minilm.trace("The cat sat on the mat because it was tired and old and grey and slow then.", reuse=one)
    text = "The cat sat on the mat because it was tired and old and grey and slow then."
    assert torch.equal(two.weights(3), minilm.trace(text).weights(3))
