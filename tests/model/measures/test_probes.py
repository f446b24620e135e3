"""Probes of models: which states are read, where they are kept, what is said of what cannot be."""

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import attnwidget as aw
from attnwidget.engine import hidden_states
from attnwidget.experiments.probes import kept_states, vectors
from attnwidget.experiments.probes.given_texts import given_texts
from attnwidget.experiments.probes.labels import Labelled
from tests.model.small import small, words

NOUNS = "river bank money".split()
TEXTS = [f"the {noun} was {end} {mark}" for noun in NOUNS for end in ("quiet", "so", "for") for mark in (".", "?")]
LABELS = [text.split()[1] for text in TEXTS]


@pytest.fixture(scope="module")
def model():
    return aw.load(small("class"), words(special=True))


@pytest.mark.parametrize("kind", ["class", "bloom", "t5"])
def test_states_are_those_of_the_model_alone(kind):
    module = small(kind)
    model = aw.load(module, words(special=kind == "class"))
    texts = ["the river", "the quiet river bank .", "so quiet", ("the river", "the bank")][
        : 4 if kind == "class" else 3
    ]
    for text, found in zip(texts, hidden_states(model, texts), strict=True):
        given = model.inputs(*text) if isinstance(text, tuple) else model.inputs(text)
        with torch.no_grad():
            output = module(**given.forward, output_hidden_states=True)
        expected = output.encoder_hidden_states if kind == "t5" else output.hidden_states
        assert torch.allclose(found.values, torch.stack(expected)[:, 0], atol=1e-5)
        assert len(found.tokens) == found.values.shape[1]


def test_a_word_in_the_embedding_is_found_there(model):
    found = aw.probe(model, TEXTS * 2, [[None, label, None, None, None] for label in LABELS] * 2, pooling="first")
    assert found.names == ("embedding", "L0", "L1")
    assert found.accuracy[0] == 1
    assert found.compression[0] > 1
    assert found.classes == tuple(sorted(NOUNS))


def test_numbers_are_those_of_scikit_learn(model):
    found = aw.probe(model, TEXTS, LABELS, pooling="first", layers=["L0"], seed=4, description=False, control=False)
    module, rows = model.model, []
    for text in TEXTS:
        with torch.no_grad():
            output = module(**model.inputs(text).forward, output_hidden_states=True)
        rows.append(output.hidden_states[1][0, 0].numpy())
    learnt, held_out = next(
        GroupShuffleSplit(1, test_size=0.25, random_state=4).split(rows, groups=np.arange(len(rows)))
    )
    own, labels = np.array(rows), np.array(LABELS)
    fitted = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(own[learnt], labels[learnt])
    assert found.accuracy[0] == pytest.approx(fitted.score(own[held_out], labels[held_out]))
    assert np.isnan(found.control).all()
    assert np.isnan(found.compression).all()


def test_what_is_pooled_is_said_and_done(model):
    texts = ["quiet river bank ."]
    (states,) = hidden_states(model, texts)
    expected = {"mean": states.values[:, 1:5].mean(1), "first": states.values[:, 0], "last": states.values[:, 5]}
    for pooling, rows in expected.items():
        whole = Labelled(0, None, "a", "")
        found = vectors.vectors_of(model, given_texts(texts), [whole], pooling, None, 8, None, lambda *_: None)
        np.testing.assert_allclose(found.values[:, 0], rows.numpy(), atol=1e-6)


def test_states_on_disk_are_read_again_and_are_the_same(model, tmp_path, monkeypatch):
    first = aw.probe(model, TEXTS, LABELS, keep=tmp_path, description=False)
    files = sorted(tmp_path.iterdir())
    assert len(files) == len(TEXTS)
    with monkeypatch.context() as patch:
        patch.setattr("attnwidget.engine.between_layers._run", lambda *_: pytest.fail("run again"))
        again = aw.probe(model, TEXTS, LABELS, keep=tmp_path, description=False)
    np.testing.assert_array_equal(first.accuracy, again.accuracy)
    files[0].write_bytes(b"damaged")
    aw.probe(model, TEXTS, LABELS, keep=tmp_path, description=False)
    assert sorted(tmp_path.iterdir()) == files
    with torch.no_grad():
        model.model.bert.embeddings.word_embeddings.weight[5] += 1
    aw.probe(model, TEXTS, LABELS, keep=tmp_path, description=False)
    assert len(list(tmp_path.iterdir())) == 2 * len(TEXTS)


def test_a_folder_of_states_is_bounded(model, tmp_path):
    store = kept_states.KeptStates(tmp_path, model, most=20_000)
    list(hidden_states(model, TEXTS, store.known, store.keep))
    assert 0 < sum(file.stat().st_size for file in tmp_path.iterdir()) <= 20_000


def test_texts_that_cannot_be_read_are_left_out_and_said(model):
    long = "the river " * 60
    found = aw.probe(model, [*TEXTS, long], [*LABELS, "bank"], description=False, control=False)
    assert [number for number, _ in found.unread] == [len(TEXTS)]
    assert "64" in found.unread[0][1]
    assert "not read: text 18" in repr(found)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"layers": ["L9"]}, "no layer 'L9'"),
        ({"layers": []}, "empty"),
        ({"pooling": "max"}, "pooling='max'"),
        ({"held_out": 1}, "held_out=1"),
        ({"held_out": 0.01}, "fewer than two texts"),
        ({"classifier": 3}, "classifier=int"),
        ({"keep": "/proc/none"}, "cannot be used"),
    ],
)
def test_what_cannot_be_done_is_said(model, options, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        aw.probe(model, TEXTS, LABELS, **options)


def test_too_much_for_memory_is_said_before_it_is_taken(model, monkeypatch):
    monkeypatch.setattr(vectors, "MOST_BYTES", 1000)
    with pytest.raises(aw.AttnWidgetError, match="Choose fewer layers"):
        aw.probe(model, TEXTS, LABELS)


def test_a_module_without_hidden_states_is_refused():
    with pytest.raises(aw.AttnWidgetError, match="needs a model"):
        aw.probe("bert", TEXTS, LABELS)


def test_the_table_has_a_row_for_each_layer(model):
    found = aw.probe(model, TEXTS, LABELS, description=False)
    table = found.table()
    assert list(table["layer"]) == ["embedding", "L0", "L1"]
    np.testing.assert_allclose(table["selectivity"], found.accuracy - found.control)
    assert found.best == found.names[int(found.accuracy.argmax())]
    assert dataclasses.asdict(found)["counts"]["texts held out"] == 5
