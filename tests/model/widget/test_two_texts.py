"""Maps between two texts: cross-attention, sentence pairs, and weights that were given."""

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.frames.frame import Question
from attnwidget.frames.maps.strip import compose_strip
from attnwidget.widget.explorer import Explorer
from tests.model.families.encoder_decoders import BART, T5
from tests.model.small import TEXT, small, words
from tests.model.widget.played_page import Page

TARGET = "so she walked"


def opened(monkeypatch, name="t5", text=TEXT, **options):
    special = name == "class"
    return Page(aw.explore(small(name), text, tokenizer=words(special=special), **options), monkeypatch)


def crossed(queries=5, keys=9, layers=2, heads=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(heads, queries, keys, generator=generator).softmax(-1) for _ in range(layers)]


# an encoder-decoder


@pytest.mark.parametrize(("kind", "options"), [("T5ForConditionalGeneration", T5), ("BartModel", BART)])
def test_a_cross_map_is_what_transformers_computes(kind, options, monkeypatch):
    import transformers

    known = getattr(transformers, kind)
    torch.manual_seed(5)
    model = known(known.config_class(**options)).eval()
    tokenizer = words()
    page = Page(aw.explore(model, TEXT, tokenizer=tokenizer, target=TARGET, layer=1, head=2), monkeypatch)
    header, arrays = page.frame(text=TEXT, pair=TARGET, part="cross", layer=1, head=2, query=[2, 3])
    model.set_attn_implementation("eager")
    ids = {"input_ids": torch.tensor([tokenizer(TEXT)["input_ids"]])}
    read = page.explorer.trace.tokens("cross")[0].ids
    with torch.no_grad():
        expected = model(**ids, decoder_input_ids=torch.tensor([read]), output_attentions=True).cross_attentions[1][
            0, 2
        ]
    assert arrays["matrix"] == pytest.approx(expected.numpy(), rel=1e-5, abs=2e-5)
    assert arrays["row"] == pytest.approx(expected[2].numpy(), rel=1e-5, abs=2e-5)
    assert "column" not in arrays  # a token of the target is read by none of the source
    assert (len(header["tokens"]["pieces"]), len(header["key_tokens"]["pieces"])) == expected.shape
    assert (header["stats"]["distance"], header["stats"]["previous"]) == (None, None)


def test_with_a_target_the_cross_map_comes_first(monkeypatch):
    page = opened(monkeypatch, target=TARGET)
    explorer = page.explorer
    assert (explorer.part, explorer.target, explorer.pair) == ("cross", TARGET, TARGET)
    queries, _ = explorer.trace.tokens("cross")
    assert explorer.query == (len(queries) - 1, len(queries))
    assert page.about()["second"] == "target"
    assert page.about()["parts"] == ["encoder", "decoder", "cross"]
    explorer.direction = "read_by"
    assert explorer.query[1] <= len(explorer.trace.tokens("cross")[1])
    explorer.part = "encoder"
    assert page.frame(text=TEXT, pair=TARGET, part="encoder")[0]["key_tokens"] is None


def test_the_caret_says_which_text_is_looked_from(monkeypatch):
    page = opened(monkeypatch, target=TARGET)
    asked = {"text": TEXT, "pair": TARGET, "part": "cross"}
    header, arrays = page.frame(**asked, direction="reads", caret=[6, 6], field=0)  # in the source
    assert (header["direction"], header["key_tokens"]["pieces"][header["query"][0]]) == ("read_by", "river")
    assert (len(arrays["column"]), "row" in arrays) == (len(header["tokens"]["pieces"]), False)
    header, arrays = page.frame(**asked, direction="read_by", caret=[4, 4], field=1)
    assert (header["direction"], header["tokens"]["pieces"][header["query"][0]]) == ("reads", "she")
    assert header["predictions"]["position"] == header["query"][0]
    # A caret in a text that the part does not have leaves the query where it is.
    header, _ = page.frame(**{**asked, "part": "decoder"}, caret=[1, 1], field=0, query=[1, 2])
    assert header["query"] == [1, 2]


def test_every_way_of_looking_at_a_cross_map_gives_the_same_numbers(monkeypatch):
    page = opened(monkeypatch, target=TARGET)
    trace = page.explorer.trace
    exact = trace.weights(1, 2, "cross").numpy()
    asked = {"text": TEXT, "pair": TARGET, "part": "cross", "layer": 1, "head": 2}
    content, buffers = page.end_of(page.ask("tile", **asked, rows=[1, 4], columns=[2, 6]))
    from tests.unit.frames.frames_read import decode

    assert decode(buffers[0])[1]["matrix"] == pytest.approx(exact[1:4, 2:6], rel=1e-5, abs=1e-6)
    for direction, query, expected in (
        ("reads", (1, 3), exact[1:3].mean(0)),
        ("read_by", (4, 6), exact[:, 4:6].sum(1)),
    ):
        strip = compose_strip(trace, Question(query, direction, "single", 2, "cross"))
        assert strip.values[1] == pytest.approx(expected, rel=1e-5, abs=1e-6)
        _header, arrays = page.frame(**asked, direction=direction, query=list(query))
        assert arrays["row" if direction == "reads" else "column"] == pytest.approx(expected, rel=1e-5, abs=1e-6)
        assert arrays["previews"].shape[2] == len(expected)
    content, _ = page.end_of(page.ask("tile", **asked, rows=[0, 1], columns=[0, 99]))
    assert content["code"] == "bad_request"


def test_an_edit_of_either_text_is_read(monkeypatch):
    page = opened(monkeypatch)
    explorer = page.explorer
    assert explorer.part == "encoder"
    page.sets(pair="she walked", part="cross")
    assert explorer.trace.tokens("cross")[0].text == "she walked"
    page.sets(text="the bank was quiet")
    assert explorer.trace.tokens("cross")[1].text == "the bank was quiet"
    page.sets(pair="")
    assert (explorer.part, len(explorer.trace.tokens("cross")[0])) == (
        "cross",
        1,
    )  # its start token, as somebody types anew


def test_a_target_that_is_too_long_can_be_cut(monkeypatch):
    long = "quiet " * 90
    page = Page(Explorer(aw.load(limited(), words()), TEXT, pair=long), monkeypatch)
    content, _ = page.end_of(page.ask("frame", text=TEXT, pair=long.strip(), part="cross"))
    assert (content["code"], content["limit"]) == ("too_long", 64)
    header, _ = page.frame(text=TEXT, pair=long.strip(), part="cross", first=True)
    assert (len(header["tokens"]["pieces"]), header["truncated"]["shown"]) == (64, 64)


def limited():
    import transformers

    torch.manual_seed(1)
    return transformers.BartForConditionalGeneration(
        transformers.BartConfig(**{**BART, "max_position_embeddings": 64})
    ).eval()


# a sentence pair


def test_a_pair_is_one_text_to_the_model_and_two_to_the_page(monkeypatch):
    pair = "who walked ?"
    page = opened(monkeypatch, "class", pair=pair)
    header, _ = page.frame(text=TEXT, pair=pair)
    tokens = header["tokens"]
    assert header["key_tokens"] is None
    assert page.about()["second"] == "pair"
    texts = (TEXT, pair)
    for piece, (start, stop), field in zip(tokens["pieces"], tokens["spans"], tokens["fields"], strict=True):
        assert start < 0 or texts[field][start:stop] == piece
    assert tokens["fields"] == tokens["segment"]
    assert page.explorer.trace.text.pieces == tuple(tokens["pieces"])
    header, _ = page.frame(text=TEXT, pair=pair, caret=[0, 3], field=1)
    assert tokens["pieces"][header["query"][0]] == "who"
    assert "fields" not in page.frame(text=TEXT)[0]["tokens"]


def test_a_model_of_one_text_refuses_a_second_one():
    with pytest.raises(aw.AttnWidgetError, match="takes a single text"):
        aw.explore(text="The cat.", pair="The dog.")
    with pytest.raises(aw.AttnWidgetError, match="both name"):
        aw.explore(text="The cat.", pair="a", target="b")


# weights that were given


def test_given_weights_are_looked_at_and_not_edited(monkeypatch):
    weights = crossed()
    explorer = aw.view(weights, list("abcde"), [f"k{i}" for i in range(9)], part="cross")
    page = Page(explorer, monkeypatch)
    assert (explorer.text, explorer.pair, explorer.query) == (" ".join(f"k{i}" for i in range(9)), "a b c d e", (4, 5))
    header, arrays = page.frame(text="whatever", layer=1, head=2)
    assert arrays["matrix"] == pytest.approx(weights[1][2].numpy(), rel=1e-5, abs=1e-6)
    assert header["texts"] == [explorer.text, explorer.pair]
    assert (set(header["tokens"]["fields"]), "fields" in header["key_tokens"]) == ({1}, False)
    with pytest.raises(aw.AttnWidgetError, match="there is no model"):
        explorer.text = "other"
    assert not page.end_of(page.ask("about"))[0]["about"]["editable"]
    assert explorer.snapshot().png[1:4] == b"PNG"
    with pytest.raises(aw.AttnWidgetError, match="between two texts"):
        explorer.save("nowhere.html")


def test_a_trace_is_looked_at_part_by_part():
    square = [torch.eye(3)[None]]
    trace = aw.Trace.from_weights(
        {"decoder": [torch.eye(5)[None]], "cross": crossed(5, 3), "encoder": square}, list("abcde"), ["x", "y", "z"]
    )
    explorer = aw.view(trace, part="cross")
    assert (explorer.text, explorer.pair) == ("x y z", "a b c d e")
    explorer.layer = 1
    explorer.part = "encoder"
    assert (explorer.text, explorer.pair, explorer.layer) == ("x y z", "a b c d e", 0)
    with pytest.raises(aw.AttnWidgetError, match="Weights need tokens"):
        aw.view(crossed())
    with pytest.raises(aw.AttnWidgetError, match="has its own tokens"):
        aw.view(trace, ["a"])


def test_a_long_given_map_is_pooled_along_both_axes(monkeypatch):
    weights = crossed(1100, 40, layers=1, heads=1)
    page = Page(
        aw.view(weights, [f"w{i}" for i in range(1100)], [f"k{i}" for i in range(40)], part="cross"), monkeypatch
    )
    header, arrays = page.frame(text="", query=[700, 701])
    assert (header["pooling"], arrays["matrix"].shape, arrays["thumbnails"].shape) == (3, (367, 14), (1, 1, 32, 32))
    assert arrays["row"] == pytest.approx(weights[0][0, 700].numpy(), rel=1e-5, abs=1e-6)
    whole = weights[0][0].numpy()
    assert arrays["matrix"][1, 2] == pytest.approx(whole[3:6, 6:9].max(), rel=1e-3)


def test_a_first_word_that_all_read_is_no_sink_of_another_text(monkeypatch):
    weights = np.full((1, 1, 6, 4), 0.05)
    weights[..., 0] = 0.85
    names = ["house", "of", "cards", "."]
    page = Page(aw.view(weights, list("abcdef"), names, part="cross"), monkeypatch)
    assert page.frame(text="")[0]["sinks"] == []
    page = Page(aw.view(weights, list("abcdef"), ["[CLS]", *names[1:]], part="cross"), monkeypatch)
    assert page.frame(text="")[0]["sinks"] == [0]


def test_a_state_of_two_texts_comes_back():
    explorer = aw.explore(small("t5"), TEXT, tokenizer=words(), target=TARGET, direction="read_by", query=5)
    again = aw.explore(small("t5"), tokenizer=words(), state=explorer.state())
    assert again.state() == explorer.state()
    assert (again.part, again.target, again.query) == ("cross", TARGET, (5, 6))
