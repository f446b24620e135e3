"""What a model predicts, beside softmax of the logits that transformers computes."""

import itertools
from dataclasses import replace

import pytest
import torch
import transformers as hf

import attnwidget as aw
from attnwidget.engine.prediction import predict
from attnwidget.engine.trace.trace import Trace

SIZES = {
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "hidden_size": 32,
    "intermediate_size": 64,
    "vocab_size": 100,
}
IDS = torch.tensor([[2, 11, 12, 13, 14, 15, 16, 17]])


@pytest.fixture(autouse=True)
def _numbers_only():
    with torch.no_grad():
        yield


def bert(head, **more):
    torch.manual_seed(4)
    model = getattr(hf, f"BertFor{head}")(hf.BertConfig(**SIZES, **more)).eval()
    for parameter in {parameter for parameter in model.parameters() if parameter.ndim == 2}:
        parameter.mul_(10)
    return model


def bart():
    sides = {f"{side}_{what}": 2 for side in ("encoder", "decoder") for what in ("layers", "attention_heads")}
    torch.manual_seed(4)
    config = hf.BartConfig(**sides, d_model=32, encoder_ffn_dim=32, decoder_ffn_dim=32, vocab_size=100)
    return hf.BartForConditionalGeneration(config).eval()


def decode(number):
    return f"<{number}>"


def best(scores, count=5):
    return [
        (int(number), pytest.approx(float(scores.softmax(-1)[number]), rel=1e-5, abs=1e-5))
        for number in scores.topk(count)[1]
    ]


def found(prediction):
    return [(candidate.id, candidate.probability) for candidate in prediction.top]


def test_a_decoder_predicts_the_next_token(tiny):
    trace = tiny.trace("The cat sat on the mat.")
    scores = tiny.model(torch.tensor([trace.text.ids])).logits[0]
    for position in range(len(trace.text)):
        prediction = tiny.predict(trace, position)
        assert (prediction.kind, prediction.position) == ("next token", position)
        assert found(prediction) == best(scores[position])
        assert prediction.top[0].piece == tiny.piece(prediction.top[0].id)
        if position + 1 < len(trace.text):
            actual = trace.text.ids[position + 1]
            assert prediction.actual.id == actual
            assert prediction.actual.probability == pytest.approx(
                float(scores[position].softmax(-1)[actual]), rel=1e-5, abs=1e-5
            )
            assert prediction.rank == 1 + scores[position].argsort(descending=True).tolist().index(actual)
    assert prediction.actual is prediction.rank is None
    assert tiny.predict(trace) == prediction


def test_a_masked_model_predicts_the_token_that_stands_there():
    model = bert("MaskedLM")
    at_hand = aw.load(model)
    prediction = at_hand.predict(at_hand.trace(IDS), 3, top=3)
    scores = model(IDS).logits[0, 3]
    assert (prediction.kind, prediction.position) == ("this token", 3)
    assert found(prediction) == best(scores, 3)
    assert prediction.actual.id == 13
    assert prediction.rank == 1 + scores.argsort(descending=True).tolist().index(13)


def test_an_encoder_decoder_predicts_at_its_decoder():
    model = bart()
    at_hand = aw.load(model)
    target = [2, 21, 22, 23]
    prediction = at_hand.predict(at_hand.trace(IDS, target=target), 1)
    scores = model(IDS, decoder_input_ids=torch.tensor([target])).logits[0, 1]
    assert found(prediction) == best(scores)
    assert prediction.actual.id == 22
    with pytest.raises(aw.AttnWidgetError, match="no position 4"):
        at_hand.predict(at_hand.trace(IDS, target=target), 4)


def test_a_classifier_predicts_one_class_of_the_whole_input():
    names = {0: "good", 1: "bad", 2: "neither"}
    model = bert("SequenceClassification", id2label=names, label2id={name: number for number, name in names.items()})
    at_hand = aw.load(model)
    prediction = at_hand.predict(at_hand.trace(IDS))
    assert (prediction.kind, prediction.position, prediction.actual) == ("class", None, None)
    assert found(prediction) == best(model(IDS).logits[0], 3)
    assert [candidate.piece for candidate in prediction.top] == [names[candidate.id] for candidate in prediction.top]


def test_labels_are_those_of_the_token():
    names = {0: "O", 1: "B-PLACE", 2: "I-PLACE"}
    model = bert("TokenClassification", id2label=names, label2id={name: number for number, name in names.items()})
    at_hand = aw.load(model)
    trace = at_hand.trace(IDS)
    for position in range(-8, 8):
        prediction = at_hand.predict(trace, position, top=2)
        assert (prediction.kind, prediction.position) == ("label", position % 8)
        assert found(prediction) == best(model(IDS).logits[0, position], 2)
        assert prediction.top[0].piece == names[prediction.top[0].id]


def test_answers_are_the_likeliest_spans():
    model = bert("QuestionAnswering")
    trace = aw.load(model).trace(IDS)
    special = (True, False, False, False, True, False, False, False)
    text = type(trace.text)(**{**vars(trace.text), "special": special})
    trace = Trace(**{**vars(trace), "text": text})
    prediction = predict(trace, 0, decode)
    output = model(IDS)
    begin, end = output.start_logits[0].softmax(-1), output.end_logits[0].softmax(-1)
    spans = [
        (float(begin[start] * end[stop]), start, stop)
        for start, stop in itertools.combinations_with_replacement(range(8), 2)
        if not any(special[start : stop + 1])
    ]
    likeliest = sorted(spans, reverse=True)[:5]
    assert [candidate.id for candidate in prediction.top] == [start for _, start, _ in likeliest]
    assert [candidate.probability for candidate in prediction.top] == pytest.approx(
        [chance for chance, *_ in likeliest]
    )
    pieces = [text.text[text.spans[start][0] : text.spans[stop][1]] for _, start, stop in likeliest]
    assert [candidate.piece for candidate in prediction.top] == pieces


def test_no_answer_is_longer_than_thirty_tokens():
    model = bert("QuestionAnswering")
    ids = torch.randint(3, 90, (1, 50), generator=torch.Generator().manual_seed(2))
    prediction = predict(aw.load(model).trace(ids), 0, decode, top=10**6)
    assert len(prediction.top) == sum(50 - width + 1 for width in range(1, 31))


def test_a_model_that_predicts_nothing_says_so():
    at_hand = aw.load(bert("MaskedLM").bert)
    trace = at_hand.trace(IDS)
    assert predict(trace, 0, decode) is None
    with pytest.raises(aw.AttnWidgetError, match="predicts no tokens, classes, labels or answers"):
        at_hand.predict(trace)
    given = Trace.from_weights([torch.eye(3).expand(2, 3, 3)], ["a", "b", "c"])
    assert predict(given, 0, decode) is None


def test_a_single_output_is_a_score_and_no_class():
    at_hand = aw.load(bert("SequenceClassification", num_labels=1))
    assert predict(at_hand.trace(IDS), 0, decode) is None


def test_logits_that_are_not_numbers_are_no_prediction(tiny):
    trace = tiny.trace("The cat sat on the")
    broken = replace(trace, head=lambda hidden: trace.head(hidden) * float("nan"))
    with pytest.raises(aw.AttnWidgetError, match="logits that are NaN or infinite"):
        tiny.predict(broken)


def test_a_saved_trace_says_that_it_has_no_head(tiny, tmp_path):
    again = aw.Trace.load(tiny.trace("The cat sat on the").save(tmp_path / "cat"))
    with pytest.raises(aw.AttnWidgetError, match="a saved trace has no head"):
        tiny.predict(again)
