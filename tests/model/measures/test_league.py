"""The leagues: the truth is first, its reverse last, chance in between; links and falls are those of plain runs."""

import json
from itertools import product

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.experiments.league.aligning import LINK_RULES, is_exact, judge_alignments
from attnwidget.experiments.league.case import case_of
from attnwidget.experiments.league.contenders import CONTENDERS
from attnwidget.tiny.causal.truth import causal_samples
from attnwidget.tiny.sample import Sample
from tests.model.small import TEXT, small, words

SPANS = {sample.text: sample.deciding for sample in causal_samples(36, 0)}


@pytest.fixture(scope="module")
def model():
    return aw.load()


def knows(model, trace, answer):
    """The truth, token by token."""
    spans = SPANS[trace.text.text]
    return [float(any(start < b and a < stop for a, b in spans)) for start, stop in trace.text.spans]


def is_wrong(model, trace, answer):
    return -np.array(knows(model, trace, answer))


@pytest.fixture(scope="module")
def found(model):
    methods = ["attention", "replacing", "random", ("knows", knows), ("is wrong", is_wrong)]
    return aw.judge_methods(model, 36, methods=methods, progress=False)


def test_who_knows_the_truth_is_first_and_its_reverse_last(found):
    assert (found["knows"].area.mean, found["knows"].precision.mean) == (1, 1)
    assert (found["is wrong"].area.mean, found["is wrong"].precision.mean) == (0, 0)
    assert found["knows"].fall == found.truth.fall
    assert next(one.name for one in found.standings if one.scored) == "knows"
    assert found["knows"].finds
    assert found["attention"].finds
    assert not found["is wrong"].finds
    assert not found["random"].finds
    assert found["random"].area.low < 0.5 < found["random"].area.high


def test_a_method_that_cannot_be_asked_says_why(found):
    assert "no mask token" in found["replacing"].why
    assert not found["replacing"].scored
    assert found.standings[-1].name == "replacing"
    assert "replacing: " in repr(found)
    assert "replacing: " in found.markdown()
    assert json.loads(found.json())["standings"][-1]["area"]["mean"] is None


def test_the_table_has_every_method_and_the_page_runs_nothing(found):
    table = found.table()
    assert table["method"][0] == "the truth"
    assert len(table["method"]) == 6
    assert {len(column) for column in table.values()} == {6}
    assert found.kinds == dict.fromkeys(("facts", "two_names", "agreement", "pronouns", "enclosed", "repeats"), 6)
    assert "<script" not in found._repr_html_()
    assert "two_names" in found._repr_html_()
    with pytest.raises(aw.AttnWidgetError, match="There is no method 'x' here"):
        found["x"]


def test_the_fall_is_what_hiding_the_deciding_words_does(model):
    sample = causal_samples(2, 0)[1]
    case = case_of(model, sample, 0)
    assert [word for word, one in zip(case.pieces(), case.decides, strict=True) if one] == [
        sample.text[start:stop] for start, stop in sample.deciding
    ]
    tokens = [at for at, span in enumerate(case.trace.text.spans) if span in sample.deciding]
    hidden = model.trace(sample.text, edits=[aw.Hide(tokens)]).logits(-1)[0].double().log_softmax(-1)[case.asked.ids[0]]
    chosen = tuple(np.flatnonzero(case.decides).tolist())
    assert case.scores_without([chosen, ()])[0] == pytest.approx(float(hidden), abs=1e-4)
    assert case.scores_without([()])[0] == pytest.approx(case.asked.score(case.trace.logits(-1)[0]))


def test_only_texts_that_the_model_answers_right_count(model):
    sample = causal_samples(1, 0)[0]
    assert case_of(model, sample._replace(answer=" Mary"), 0) is None
    with pytest.raises(aw.AttnWidgetError, match="got none of 1 answers right"):
        aw.judge_methods(model, [sample._replace(answer=" Mary")], methods=["random"], progress=False)


def of_own(name, target=None):
    """A small random model and a text whose answer is whatever it says."""
    own = aw.load(small(name), words(special=True))
    said = own.trace(TEXT, target=target).logits(-1)[0].argmax().item()
    answer = ("NEGATIVE", "POSITIVE")[said] if name == "class" else own.tokenizer.decode([said])
    return own, Sample("made", TEXT, answer, ((4, 9), (19, 22)), target)


@pytest.mark.parametrize(
    ("name", "target", "without"),
    [
        ("class", None, {"direct effect"}),
        ("t5", "the bank", {"flow", "ALTI", "value zeroing", "direct effect"}),
    ],
)
def test_every_method_answers_on_other_kinds_of_models_or_says_why_not(name, target, without):
    own, sample = of_own(name, target)
    found = aw.judge_methods(own, [sample], progress=False)
    assert {one.name for one in found.standings if not one.scored} == without
    assert len(found) == len(CONTENDERS)
    hidden = (
        ["hide 2", "hide 5"]
        if name == "class"
        else [f"hide {part} {at}" for part in ("encoder", "cross") for at in (2, 5)]
    )
    case = case_of(own, sample, 0)
    again = own.trace(TEXT, target=target, edits=hidden)
    assert case.scores_without([(1, 4)])[0] == pytest.approx(case.asked.score(again.logits(-1)[0]), abs=1e-4)


def test_what_is_no_method_no_model_and_no_sample_is_refused(model):
    for options, said in (
        ({"methods": ["atention"]}, "There is no method 'atention'"),
        ({"methods": {"mine": 3}}, "must be a function"),
        ({"samples": "many"}, "how many, or a list of Sample records"),
        ({"samples": 0}, "1 or more"),
        ({"samples": [("text", "answer")]}, "list of Sample records"),
        ({"model": 3}, "needs a model or its name"),
        ({"model": aw.load(small("class"), words())}, "The words that decide are not known"),
    ):
        with pytest.raises(aw.AttnWidgetError, match=said):
            aw.judge_methods(**{"model": model, "samples": 2, "progress": False} | options)
    short = aw.judge_methods(model, 2, methods=[("short", lambda *_: [1.0])], progress=False)
    assert "gave (1,) numbers for a text of" in short["short"].why


@pytest.fixture(scope="module")
def reader():
    return aw.load(small("t5"), words(special=True))


ALIGNED = Sample("made", TEXT, "", (), "bank river the", (((0, 4), (10, 14)), ((5, 10), (4, 9)), ((11, 14), (0, 3))))


def test_links_are_read_off_the_rows_of_the_head(reader):
    found = judge_alignments(reader, [ALIGNED, ALIGNED], progress=False)
    trace = reader.trace(TEXT, target=ALIGNED.target)
    queries, keys = trace.tokens("cross")
    places = [keys.pieces.index(piece) for piece in ("the", "river", "bank", "was", "quiet", ".")]
    true = {"bank": 2, "river": 1, "the": 0}
    for layer, head in product(range(2), range(4)):
        maps = trace.weights(layer, head, part="cross")[:, places]
        for variant, before in (("writes", 1), ("has read", 0)):
            hits = sum(
                int(maps[queries.pieces.index(piece) - before].argmax()) == place for piece, place in true.items()
            )
            assert found[f"L{layer}H{head}"].errors[variant].mean == pytest.approx(1 - 2 * hits / 6)
    assert found["diagonal"].errors["writes"].mean == pytest.approx(1)
    assert len(found.aligners) == 8 + 3 + 2
    assert all(set(one.errors) == {variant.name for variant in LINK_RULES} for one in found.aligners)
    assert found.exact == 0
    assert found["L0H0"].fall.mean == 0
    assert "L0H0" in repr(found)
    assert len(found.table()["name"]) == 13
    assert "<table>" in found._repr_html_()


def test_exact_is_what_the_model_writes_itself(reader):
    written = reader.model.generate(
        torch.tensor([reader.trace(TEXT).text.ids]), do_sample=False, max_new_tokens=6, min_new_tokens=6
    )[0].tolist()
    trace = reader.trace(
        {"input_ids": torch.tensor([reader.trace(TEXT).text.ids]), "decoder_input_ids": torch.tensor([written])}
    )
    said = trace.logits(range(len(written))).argmax(-1).tolist()
    assert said[:-1] == written[1:]
    assert is_exact(reader, trace) == (said[-1] == reader.tokenizer.eos_token_id)


def test_what_cannot_be_aligned_is_refused(model, reader):
    with pytest.raises(aw.AttnWidgetError, match="whole translation as target"):
        judge_alignments(reader, [ALIGNED._replace(aligned=())])
    with pytest.raises(aw.AttnWidgetError, match="not an encoder-decoder"):
        judge_alignments(model, [ALIGNED])
