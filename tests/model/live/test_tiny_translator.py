"""The bundled tiny-translator as it lies in the package: what its card promises, measured again."""

import json
import re

import pytest
import torch
from safetensors import safe_open
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

import attnwidget as aw
from attnwidget.tiny.translator import TRANSLATOR, card, evaluate, grammar, language, tokenizer
from tests.model.widget.played_page import Page

FOLDER = TRANSLATOR.folder


@pytest.fixture(scope="module")
def loaded():
    return card.stored_translator(FOLDER)


@pytest.fixture(scope="module")
def translator():
    return aw.load("tiny-translator")


@pytest.fixture(scope="module")
def figures(loaded):
    # Another seed than the card's: the figures must not hang on its samples.
    return evaluate.translator_figures(*loaded, count=24, seed=7)


@pytest.fixture(scope="module")
def told():
    return json.loads((FOLDER / "figures.json").read_text(encoding="utf-8"))["figures"]


def test_the_weights_are_f16_and_small():
    weights = FOLDER / "model.safetensors"
    assert weights.stat().st_size <= 2_500_000
    with safe_open(weights, framework="pt") as stored:
        assert {stored.get_tensor(name).dtype for name in stored.keys()} == {torch.float16}  # noqa: SIM118


def test_it_loads_by_the_usual_calls_in_f32():
    model = AutoModelForSeq2SeqLM.from_pretrained(FOLDER, dtype=torch.float32, local_files_only=True)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert model.config.model_type == "marian"


def test_the_stored_tokenizer_is_the_one_that_is_built():
    stored = AutoTokenizer.from_pretrained(FOLDER, local_files_only=True)
    text = "The naïve 猫 of my sister's car is not l'église, May 3"
    assert stored.get_vocab() == tokenizer.built().get_vocab()
    assert stored(text).input_ids == tokenizer.built()(text).input_ids


def test_held_out_texts_are_translated_exactly(figures):
    assert figures.overall >= 0.97


@pytest.mark.long
def test_the_card_tells_what_is_measured_again(loaded, told):
    assert json.loads(json.dumps(evaluate.translator_figures(*loaded).as_dict())) == told
    assert told["overall"] >= 0.97


def test_the_card_tells_the_figures(figures, told):
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "teaching model" in text
    assert all(f"| {kind} | {share:.3f} |" in text for kind, share in told["exact"].items())
    for name in ("writing", "reading"):
        now, then = torch.tensor(getattr(figures.errors, name)), torch.tensor(told["errors"][name])
        assert (now - then).abs().max() < 0.1


def test_an_error_rate_is_that_of_och_and_ney():
    """Two links of which one is sure, and three that are sure: 1 - 2 * 1 / (2 + 3)."""
    assert evaluate.error_rate([{(0, 0), (1, 2)}], [{(0, 0), (1, 1), (2, 2)}]) == pytest.approx(0.6)
    assert evaluate.error_rate([{(0, 0)}], [{(0, 0)}]) == 0


def test_one_head_at_least_reads_what_is_translated(told):
    errors = told["errors"]
    assert min(map(min, errors["writing"])) < errors["diagonal"] / 2


def test_the_traced_links_are_those_that_were_judged(translator, loaded):
    """The cross-attention of a trace is that of transformers: the same word is read most in every row."""
    texts = evaluate.held_out_texts("owner", 6, seed=3)
    model, ids = loaded
    for made in texts:
        trace = translator.trace(made.text, target=made.target)
        theirs = evaluate.cross_attention(model, evaluate.parallel([made], ids))[:, 0]
        assert len(trace.tokens("cross")[1]) == len(made.english) + 1
        for layer, weights in enumerate(theirs):
            torch.testing.assert_close(trace.weights(layer, part="cross"), weights, atol=1e-5, rtol=0)


def test_it_translates_by_generating(translator):
    trace = translator.generate("my sister's red car", max_new_tokens=20)
    assert trace.tokens("decoder")[0].text.removesuffix("</s>") == "la voiture rouge de ma sœur"


def test_the_explorer_writes_the_translation(translator, monkeypatch):
    """Continue: from nothing, from a beginning, and under edits; the end token is no part of it."""
    explorer = aw.explore(translator, "my sister's red car")
    page = Page(explorer, monkeypatch)
    assert page.about()["generates"]

    def written(**asked):
        content, _ = page.end_of(page.ask("continue", text="my sister's red car", count=32, partial=True, **asked))
        assert content["continued"]["ended"]
        return content["continued"]["text"]

    assert written() == "la voiture rouge de ma sœur"
    assert written(pair="la voiture") == " rouge de ma sœur"
    assert written(pair="la voiture", edits=["silence cross L2"]) != " rouge de ma sœur"
    explorer.close()


def test_it_opens_at_both_texts_of_its_first_example():
    first = TRANSLATOR.examples[0]
    explorer = aw.explore("tiny-translator")
    assert (explorer.text, explorer.pair, explorer.part) == (first.text, first.pair, "cross")
    assert (explorer.layer, explorer.head) == TRANSLATOR.first_head == first.head
    assert explorer.query == (first.query, first.query + 1)
    assert explorer.trace.model.teaching
    explorer.close()
    other = aw.explore("tiny-translator", "the red car")
    assert (other.text, other.pair) == ("the red car", "")
    other.close()


@pytest.mark.parametrize("example", TRANSLATOR.examples, ids=lambda example: example.title)
def test_the_examples_are_translated_right(example, translator):
    french = grammar.translated(grammar.split_words(example.text))
    assert french is not None
    assert example.pair == grammar.as_text([word.word for word in french])[0]
    made = translator.generate(example.text, max_new_tokens=30)
    assert made.tokens("decoder")[0].text.removesuffix("</s>") == example.pair


# What the sentence of each example says: which row of the cross-attention reads which word, at least half of its attention.
LOOKS = {
    "An owner changes place": {1: 4, 2: 3, 5: 1},
    "A noun decides the word before it": {0: 1},
    "One word becomes two": {3: 4, 4: 3},
    "Day and month": {1: 1, 2: 0},
    "Two words share one": {2: 1},
}


@pytest.mark.parametrize("example", TRANSLATOR.examples, ids=lambda example: example.title)
def test_each_example_shows_what_its_sentence_says(example, translator):
    trace = translator.trace(example.text, target=example.pair)
    weights = trace.weights(*example.head, part=example.part)
    queries, keys = trace.tokens(example.part)
    reads = LOOKS[example.title]
    assert example.query in reads
    assert all(weights[query, key] > 0.5 for query, key in reads.items())
    spoken = {*re.findall("“(.+?)”", example.look)}
    assert spoken <= {queries.pieces[at].strip() for at in reads} | {keys.pieces[at].strip() for at in reads.values()} | {
        # A row writes the word behind the one that it stands at.
        queries.pieces[at + 1].strip() for at in reads if at + 1 < len(queries)
    }  # fmt: skip


@pytest.mark.long
def test_the_same_seed_gives_the_same_weights():
    from attnwidget.tiny.translator import train

    ids = tokenizer.ids_of_surfaces(tokenizer.built())
    recipe = train.TranslatorRecipe(texts=4 * 96)
    first, second = (train.trained(recipe, ids, 1200).state_dict() for _ in "ab")
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_held_out_kinds_are_all_judged(told):
    assert {*told["exact"]} == {*language.TEXT_KINDS}
