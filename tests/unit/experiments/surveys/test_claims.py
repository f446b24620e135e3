"""What a claim counts, beside maps that are painted by hand, and heads of the bundled model whose work is known."""

from functools import partial

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.experiments.surveys.answering import Plan, answer_items
from attnwidget.experiments.surveys.controls import controls_of, shuffled_item
from attnwidget.experiments.surveys.named_keys import KEYS_BY_NAME, keys_named, weight_on
from attnwidget.experiments.surveys.records import Answered, Item, Unanswered

PIECES = ["[CLS]", "the", "cat", ".", "the", "[SEP]"]


def painted(*pairs, rest=0.0, pieces=PIECES):
    """A trace of one head: every query puts 1 on the key that is given for it, or `rest` of it everywhere."""
    size = len(pieces)
    maps = torch.full((1, size, size), rest / size)
    for query, key in pairs:
        maps[0, query, key] += 1 - rest
    return aw.Trace.from_weights([maps], list(pieces), causal=False)


def weight(trace, name):
    return float(weight_on(trace, None, keys_named(name).marks(trace, None)).weight[0, 0])


@pytest.mark.parametrize(
    ("name", "pairs", "expected"),
    [
        ("previous token", [(i, i - 1) for i in range(1, 6)], 1.0),
        ("next token", [(i, i + 1) for i in range(5)], 1.0),
        ("itself", [(i, i) for i in range(6)], 1.0),
        ("offset -2", [(2, 0), (3, 1), (4, 0), (5, 3)], 0.75),
        ("first token", [(i, 0) for i in range(1, 6)], 1.0),
        ("special tokens", [(0, 0), (1, 5), (2, 1), (3, 1), (4, 1), (5, 1)], 2 / 6),
        ("punctuation", [(1, 3), (2, 3), (4, 0)], 2 / 6),
        ("same word", [(1, 4), (4, 2)], 0.5),
        ("duplicate token", [(1, 4), (4, 1)], 1.0),
        ("induction", [(4, 2)], 1.0),
    ],
)
def test_weight_on_named_keys(name, pairs, expected):
    trace = painted(*pairs, *[(i, 2) for i in range(6) if i not in {query for query, _ in pairs}])
    assert weight(trace, name) == pytest.approx(expected, abs=1e-6)


def test_uniform_attention_gives_chance():
    trace = painted(rest=1.0)
    for name in set(KEYS_BY_NAME) - {"sinks", "other text"}:
        found = weight_on(trace, None, keys_named(name).marks(trace, None))
        np.testing.assert_allclose(found.weight, found.uniform, atol=1e-6, err_msg=name)


def test_spans_are_summed_over_keys_and_averaged_over_queries():
    text = "old cats see new dogs"
    item = Item(0, text, spans={"seer": ((0, 8),), "seen": ((13, 21),)})
    maps = torch.full((1, 5, 5), 0.1)
    maps[0, 0] = torch.tensor([0, 0, 0, 0.5, 0.5])
    maps[0, 1] = torch.tensor([0, 0.6, 0, 0.3, 0.1])
    trace = aw.Trace.from_weights([maps], text.split())
    found = aw.claim(reads=("seer", "seen")).ask(MODEL, trace, item, ("same distance",), np.random.default_rng(0))
    assert found.values[0, 0] == pytest.approx((1.0 + 0.4) / 2)
    assert found.beside["uniform"][0, 0] == pytest.approx(2 / 5)
    assert np.isnan(found.beside["same distance"][0, 0])  # no other place has room for it


def test_same_distance_is_the_mean_of_all_other_places():
    text = "a b c d"
    item = Item(0, text, spans={"from": ((2, 3),), "to": ((0, 1),)})
    maps = torch.tensor([[[1.0, 0, 0, 0], [0.7, 0.3, 0, 0], [0, 0.4, 0.6, 0], [0, 0, 0.2, 0.8]]])
    trace = aw.Trace.from_weights([maps], text.split())
    found = aw.claim(reads=("from", "to")).ask(MODEL, trace, item, ("same distance",), np.random.default_rng(0))
    assert found.values[0, 0] == pytest.approx(0.7)
    assert found.beside["same distance"][0, 0] == pytest.approx((0.4 + 0.2) / 2)


MODEL = aw.load()
TEXTS = [
    f"The {animal} sat on the {place}. The {animal} saw a {other}."
    for animal in ("cat", "dog", "bird")
    for place in ("mat", "road")
    for other in ("fish", "horse")
]


def test_the_previous_token_head_of_the_bundled_model_holds_and_its_neighbour_does_not():
    found = aw.survey(MODEL, TEXTS, aw.claim("L0H2", reads="previous token"), progress=False)
    assert found.verdict.word == "holds"
    assert "position, not words" in found.verdict.sentence
    plain = [MODEL.trace(text).weights("L0H2").diagonal(-1).mean().item() for text in TEXTS]
    assert found.per_text == pytest.approx(plain, abs=1e-5)
    assert found.overall.mean == pytest.approx(np.mean(plain), abs=1e-5)
    other = aw.survey(MODEL, TEXTS, aw.claim("L1H0", reads="previous token"), progress=False)
    assert other.verdict.word == "does not hold"


def test_the_induction_head_is_the_best_of_all():
    found = aw.survey(MODEL, TEXTS, aw.claim(reads="induction"), controls=("uniform",), progress=False)
    assert (found.top(1)[0].layer, found.top(1)[0].head) == (1, 0)
    assert found.verdict.word in {"holds", "holds in part"}
    assert "flatters" in found.verdict.sentence  # twelve texts both choose and measure


def test_a_head_matters_by_as_much_as_silencing_it_alone_costs():
    facts = [f"The capital of Veldt is {name}. The capital of Veldt is" for name in ("Miro", "Tarn")]
    items = [{"text": text, "answer": f" {text.split()[5][:-1]}"} for text in facts]
    found = aw.survey(MODEL, items, aw.claim("L1H0", matters_for="answer"), progress=False)
    for at, item in enumerate(items):
        trace = MODEL.trace(item["text"])
        alone = aw.effect(MODEL, trace, "silence L1H0", answer=item["answer"]).difference
        assert found.values[at, 1, 0] == pytest.approx(alone, abs=1e-4)
    assert found.verdict.word == "too few texts"
    assert {answer.columns["right"] for answer in found.answers} <= {True, False}


def test_measures_of_heads_layers_and_texts():
    heads = aw.survey(MODEL, TEXTS[:3], aw.entropy, controls=("another head",), progress=False)
    assert heads.scores.values == pytest.approx(
        np.mean([aw.entropy(MODEL.trace(text)).values for text in TEXTS[:3]], 0)
    )
    text = aw.survey(MODEL, TEXTS[:3], lambda trace: float(len(trace.text)), controls=(), progress=False)
    assert text.scores == pytest.approx(np.mean([len(MODEL.trace(text).text) for text in TEXTS[:3]]))
    effects = aw.survey(MODEL, TEXTS[:2], aw.layer_effects, controls=(), progress=False)
    assert effects.scores.shape == (4,)
    shares = aw.survey(MODEL, TEXTS[:2], partial(aw.share, of="first"), controls=(), progress=False)
    assert shares.scores.shape == (4, 4)


def test_a_question_may_find_several_numbers_of_a_text(tmp_path):
    def lengths(trace):
        tokens = len(trace.text)
        return {"tokens": tokens, "long": tokens > 13, "none": float("nan")}

    found = aw.survey(MODEL, TEXTS, lengths, keep=tmp_path / "kept", progress=False)
    tokens = [len(MODEL.trace(text).text) for text in TEXTS]
    assert found.overall.mean == pytest.approx(np.mean(tokens))
    assert found.found_with("long").mean == pytest.approx(np.mean([one > 13 for one in tokens]))
    assert set(found.by("long").groups) == {True, False}
    assert list(found.table("texts")["tokens"]) == tokens
    with pytest.raises(aw.AttnWidgetError, match="It found 'tokens', 'long'"):
        found.found_with("none")
    again = aw.Survey.load(found.save(tmp_path / "survey.json"))
    resumed = aw.survey(MODEL, TEXTS, lengths, keep=tmp_path / "kept", progress=False)
    assert repr(again) == repr(resumed) == repr(found)
    with pytest.raises(aw.AttnWidgetError, match="empty mapping"):
        aw.survey(MODEL, TEXTS[:2], lambda _trace: {}, progress=False)
    with pytest.raises(aw.AttnWidgetError, match="rows, is no single"):
        aw.survey(MODEL, TEXTS[:2], lambda trace: {"rows": np.ones(len(trace.text))}, progress=False)


def test_numbers_do_not_depend_on_batches_or_order():
    question = aw.claim("L0H2", reads="previous token")
    plan = Plan(question, controls_of(None, question), seed=5)
    items = [Item(number, text) for number, text in enumerate(TEXTS[:4])]
    together = answer_items(MODEL, items, plan)
    for item, known in zip(items[::-1], together[::-1], strict=True):
        (alone,) = answer_items(MODEL, [item], plan)
        assert isinstance(alone, Answered)
        np.testing.assert_allclose(alone.values, known.values, atol=1e-5)
        for name, table in known.controls.items():
            np.testing.assert_allclose(alone.controls[name], table, atol=1e-5, err_msg=name)


def test_spans_move_with_their_words():
    item = Item(7, "The old man met Anna, because he was tired.", spans={"who": ((4, 11),), "it": ((30, 32),)})
    for seed in range(20):
        moved = shuffled_item(item, np.random.default_rng(seed))
        assert [moved.text[slice(*moved.spans[name][0])] for name in ("who", "it")] == ["old man", "he"]
        assert moved.spans["who"] < moved.spans["it"]  # a causal model can still read it
        assert sorted(moved.text.replace(",", "").replace(".", "").split()) == sorted(
            item.text.replace(",", "").replace(".", "").split()
        )


def test_what_one_text_lacks_is_said_of_it_alone():
    question = aw.claim("L1H0", reads=("it", "that"))
    items = [
        Item(0, "The cat sat.", spans={"it": ((4, 7),), "that": ((0, 3),)}),
        Item(1, "The cat sat."),
        Item(2, "The cat sat.", spans={"it": ((0, 3),), "that": ((8, 11),)}),
        Item(3, "cat " * 3000, spans={"it": ((4, 7),), "that": ((0, 3),)}),
    ]
    first, *others = answer_items(MODEL, items, Plan(question))
    assert isinstance(first, Answered)
    assert all(isinstance(one, Unanswered) for one in others)
    assert "does not say where its 'it' stands" in others[0].reason
    assert "left to right" in others[1].reason
    assert "at most" in others[2].reason


def test_a_control_that_no_text_has_room_for_is_told_as_that():
    items = [{"text": text, "spans": {"end": (len(text) - 1, len(text)), "start": (0, 3)}} for text in TEXTS]
    found = aw.survey(MODEL, items, aw.claim(reads=("end", "start")), controls=("same distance",), progress=False)
    assert "same distance on no text" in found.verdict.sentence
    assert f"model {MODEL.name} " in found.in_small_print


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: aw.survey(MODEL, TEXTS, aw.claim("L9H0", reads="previous token")), "no layer 9"),
        (lambda: aw.survey(MODEL, TEXTS, aw.claim("L0H9", reads="previous token")), "no head 9"),
        (lambda: aw.survey("gpt2", TEXTS, aw.entropy), "needs a model"),
        (lambda: aw.survey(MODEL, TEXTS, "entropy"), "is no question"),
        (lambda: aw.survey(MODEL, TEXTS, aw.entropy, controls="noise"), "no control 'noise'"),
        (lambda: aw.survey(MODEL, TEXTS, aw.entropy, controls="same distance"), "of claims about what heads read"),
        (lambda: aw.survey(MODEL, TEXTS, lambda _trace: None), "gives a NoneType"),
        (lambda: aw.survey(MODEL, TEXTS, lambda _trace: float("inf")), "infinite number"),
        (lambda: aw.survey(MODEL, TEXTS, lambda trace: aw.rollout(trace, query=-1)), "one number a token"),
        (
            lambda: aw.survey(MODEL, [TEXTS[0], "The cat."], lambda trace: np.ones(len(trace.text))),
            "different shapes",
        ),
        (lambda: aw.survey(MODEL, ["", " "], aw.entropy), "None of 2 texts"),
        (lambda: aw.claim("L0H2"), "Say one thing"),
        (lambda: aw.claim("L0H2", reads="the moon"), "is not a pattern"),
        (lambda: aw.claim(3.5, reads="itself"), "does not name heads"),
    ],
)
def test_bad_input_is_told_in_a_sentence(call, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        call()


def test_an_example_opens_in_an_explorer_at_what_is_claimed():
    found = aw.survey(MODEL, TEXTS, aw.claim("L0H2", reads="previous token"), progress=False)
    explorer = aw.explore(MODEL, state=found.example(-1))
    assert (explorer.layer, explorer.head, explorer.text) == (0, 2, found.texts(1, against=True)[0].text)
    weights = explorer.trace.weights("L0H2")
    query = explorer.query[0]
    assert float(weights[query, query - 1]) == pytest.approx(float(weights.diagonal(-1).max()))
    explorer.close()


def test_a_survey_is_cut_by_a_column():
    items = [{"text": text, "kind": "cat" if "cat" in text else "other"} for text in TEXTS]
    found = aw.survey(MODEL, items, aw.claim("L0H2", reads="previous token"), controls=(), progress=False)
    cut = found.by("kind")
    assert list(cut.groups) == ["cat", "other"]
    assert cut.groups["cat"].texts == 4  # too few for a difference
    assert cut.difference is None
    alike = [{**item, "kind": "cat"} for item in items]
    same = aw.survey(MODEL, alike, aw.claim("L0H2", reads="previous token"), controls=(), progress=False)
    with pytest.raises(aw.AttnWidgetError, match=r"the same 'kind' \('cat'\)"):
        same.by("kind")
    with pytest.raises(aw.AttnWidgetError, match="no column 'genre'"):
        found.by("genre")


def test_answers_that_were_kept_are_not_computed_again(tmp_path, monkeypatch):
    question = aw.claim("L0H2", reads="previous token")
    first = aw.survey(MODEL, TEXTS[:4], question, batch=2, keep=tmp_path, progress=False)
    asked = []
    plain = type(question).ask
    monkeypatch.setattr(type(question), "ask", lambda self, *given: asked.append(1) or plain(self, *given))
    again = aw.survey(MODEL, TEXTS[:5], question, batch=2, keep=tmp_path, progress=False)
    assert len(asked) == 2  # the fifth text, and its shuffled words
    np.testing.assert_allclose(again.values[:4], first.values)


def test_an_interruption_gives_what_was_kept(tmp_path):
    def interrupt(done, _total):
        if done >= 4:
            raise KeyboardInterrupt

    found = aw.survey(MODEL, TEXTS, aw.entropy, controls=(), batch=2, keep=tmp_path, progress=interrupt)
    assert len(found) == 4
    assert "goes on" in found.notes[0]


def test_a_card_says_nothing_twice():
    texts = ["The cat sat.", "The dog sat.", "The bird sat."]
    found = aw.survey(MODEL, texts, aw.claim("L0H2", reads="previous token"), controls=(), progress=False)
    card = found._repr_html_()
    assert [card.count(text) for text in texts] == [1, 1, 1]
    assert card.count(found.said.words) == 1
    assert found.verdict.sentence.endswith(card.split("</p>")[1].split(">")[-1][1:])


def test_texts_are_html_in_a_card_and_not_markup():
    texts = ["The <b>cat</b> sat </script>.", "The dog & the cat sat."]
    found = aw.survey(MODEL, texts, aw.claim("L0H2", reads="previous token"), controls=(), progress=False)
    assert "<b>cat" not in found._repr_html_()
    assert "<b>cat" not in found.examples("L0H2")._repr_html_()
    assert "too few texts" in repr(found)
