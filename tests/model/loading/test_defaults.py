"""What a user has set as the default device or type says nothing of the models that are read."""

import pytest
import torch
from torch import nn

import attnwidget as aw
from tests.model.conftest import build


class Streamer:
    def __init__(self):
        self.heard = []

    def put(self, value):
        self.heard += value.flatten().tolist()

    def end(self):
        pass


@pytest.fixture(params=["meta", "float64"])
def other_defaults(request):
    """Turns the other default on; it is off again afterwards."""

    def turn_on():
        if request.param == "meta":
            torch.set_default_device("meta")
        else:
            torch.set_default_dtype(torch.float64)

    yield turn_on
    torch.set_default_device(None)
    torch.set_default_dtype(torch.float32)


def test_reading_saving_and_generating_are_the_same(other_defaults, tmp_path):
    ids = list(range(1, 40))

    def all_of_it():
        model, plain = aw.load(llama), aw.load(encoder)
        first = model.trace(ids)
        longer = model.trace([*ids, 7, 8], reuse=first)
        first.save(tmp_path / "trace.safetensors")
        streamer = Streamer()
        produced = model.generate(ids[:5], max_new_tokens=3, streamer=streamer)
        read = [first, longer, produced, aw.Trace.load(tmp_path / "trace.safetensors")]
        read += [aw.Trace.from_weights([given], list("abcde")), plain.trace(numbers)]
        assert model.verify(ids).error < 1e-5
        assert plain.verify(numbers).error < 1e-5
        return [trace.weights(0) for trace in read], first.logits(), streamer.heard

    llama = build("llama-grouped")
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    encoder, numbers, given = nn.TransformerEncoder(layer, 2), torch.randn(1, 5, 16), torch.rand(2, 5, 5).softmax(-1)
    expected, logits, heard = all_of_it()
    other_defaults()
    found, found_logits, found_heard = all_of_it()
    assert found_heard == heard
    for mine, right in zip([*found, found_logits], [*expected, logits], strict=True):
        assert (mine.device.type, mine.dtype) == ("cpu", torch.float32)
        assert torch.allclose(mine, right, atol=1e-5)
