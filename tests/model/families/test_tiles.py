"""Pictures cut into tiles: every patch of a tile is where its pixels are, and the words read the same patches."""

import pytest
import torch

import attnwidget as aw
from tests.model.families import FAMILIES, build


@pytest.fixture
def seen():
    model, given = build("mllama"), FAMILIES["mllama"].inputs(12)
    for layers in (model.model.vision_model.transformer, model.model.vision_model.global_transformer):
        for name, part in layers.named_modules():
            if name.endswith(("o_proj", "fc2")):
                with torch.no_grad():
                    part.weight.zero_()
                    if part.bias is not None:
                        part.bias.zero_()
    return model, given


def read(model, given):
    """(patch dim), tile after tile, as the words may read them; nothing mixes patches."""
    more = {name: given[name] for name in ("aspect_ratio_ids", "aspect_ratio_mask")}
    with torch.no_grad():
        return model.model.vision_model(given["pixel_values"], **more).last_hidden_state.flatten(0, -2)


def test_other_pixels_change_the_key_that_stands_there(seen):
    model, given = seen
    keys = aw.load(model).trace(given).tokens("cross")[1]
    before = read(model, given)
    assert len(keys) == len(before)
    for token, place in enumerate(keys.places):
        if place is None:
            continue
        other = {**given, "pixel_values": given["pixel_values"].clone()}
        rows, columns = (slice(6 * at, 6 * at + 6) for at in (place.row, place.column))
        other["pixel_values"][0, 0, place.picture, :, rows, columns] += 1
        changed = (read(model, other) - before).abs().amax(-1)
        assert changed.argmax() == token
        assert changed.sum() - changed[token] < 1e-4 * changed[token]


def test_both_towers_and_the_words_stand_on_the_tiles():
    model, given = build("mllama"), FAMILIES["mllama"].inputs(12)
    trace = aw.load(model).trace(given)
    assert [picture.grid for picture in trace.pictures] == [(4, 4), (4, 4)]
    for part, each in {"vision": 24, "global_transformer": 24, "cross": 17}.items():
        keys = trace.tokens(part)[1]
        assert len(keys) == 2 * each
        assert [place.picture for place in keys.places if place is not None] == [0] * 16 + [1] * 16
        assert keys.pieces[0] == keys.pieces[each] == "[CLS]"
    assert trace.tokens("vision")[0].pieces[17:24] == ("[PAD]",) * 7


def test_a_tile_that_is_padding_stands_nowhere():
    model, given = build("mllama"), FAMILIES["mllama"].inputs(12)
    given["aspect_ratio_ids"] = torch.tensor([[1]])
    given["aspect_ratio_mask"] = torch.tensor([[[1, 0]]])
    given["cross_attention_mask"][..., 1] = 0
    trace = aw.load(model).trace(given)
    keys = trace.tokens("cross")[1]
    assert len(trace.pictures) == 1
    assert keys.pieces[17:] == ("[PAD]",) * 17
    assert set(keys.places[17:]) == {None}
    assert float(trace.weights(1, part="cross")[:, :, 17:].abs().max()) == 0
