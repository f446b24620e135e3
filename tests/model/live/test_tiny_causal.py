"""The bundled tiny-causal as it lies in the package: what its card promises, measured again."""

import json
import re

import pytest
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

import attnwidget as aw
from attnwidget.tiny.causal import CAUSAL, EXAMPLES, FOLDER, card, evaluate, tokenizer

NEEDED = {
    "facts": 0.9, "facts, three and one question": 0.9, "two_names": 0.95, "agreement": 0.95, "repeats": 0.9, "repeats, BOS": 0.9,
}  # fmt: skip
WEIGHTS = FOLDER / "model.safetensors"


@pytest.fixture(scope="module")
def loaded():
    return card.stored_model(FOLDER)


@pytest.fixture(scope="module")
def figures(loaded):
    # Another seed than the card's: the figures must not hang on its samples.
    return evaluate.card_figures(*loaded, count=32, seed=7)


def test_the_weights_are_f16_and_small():
    assert WEIGHTS.stat().st_size <= 2_500_000
    with safe_open(WEIGHTS, framework="pt") as stored:
        assert {stored.get_tensor(name).dtype for name in stored.keys()}  # noqa: SIM118 == {torch.float16}


def test_it_loads_by_the_usual_calls_in_f32():
    model = AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32, local_files_only=True)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert (model.config.n_layer, model.config.n_head, model.config.n_embd, model.config.n_positions) == (
        4,
        4,
        128,
        512,
    )


def test_the_stored_tokenizer_is_the_one_that_is_built():
    stored = AutoTokenizer.from_pretrained(FOLDER, local_files_only=True)
    text = 'The cat sat, so Ana walked to the bank.\nThe naïve 猫 said, "x = 1"'
    assert stored.get_vocab() == tokenizer.build().get_vocab()
    assert stored(text).input_ids == tokenizer.build()(text).input_ids
    assert stored.model_max_length == 512


@pytest.mark.parametrize("kind", NEEDED)
def test_held_out_answers_are_right(kind, figures):
    assert figures.accuracy[kind] >= NEEDED[kind]


def test_there_are_a_previous_token_head_and_an_induction_head(figures):
    assert figures.previous_token.score >= 0.7
    assert figures.prefix_matching.score >= 0.7
    assert figures.prefix_matching.layer > figures.previous_token.layer


def test_the_card_tells_the_measured_figures(figures):
    told = json.loads((FOLDER / "figures.json").read_text(encoding="utf-8"))["figures"]
    for name in ("previous_token", "prefix_matching"):
        head = getattr(figures, name)
        assert told[name]["score"] == pytest.approx(head.score, abs=0.05)
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "teaching model" in text
    assert all(f"| {kind} | {share:.3f} |" in text for kind, share in told["accuracy"].items())


ANSWERS = {
    "A fact from the context": " Paris",
    "Random words, twice": " Oslo",
    "The other name": " Ana",
    "Agreement across a noun": " are",
    "Which quote to close": '."',
}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_the_examples_are_whole_words_and_predicted_right(example, loaded):
    model, ids = loaded
    encoded = AutoTokenizer.from_pretrained(FOLDER, local_files_only=True)(example.text, return_tensors="pt").input_ids
    assert set(encoded[0].tolist()) <= set(ids.values())
    if example.title in ANSWERS:
        assert model(encoded).logits[0, -1].argmax() == ids[ANSWERS[example.title]]


def test_every_answer_belongs_to_an_example():
    assert set(ANSWERS) < {example.title for example in EXAMPLES}


def test_the_first_head_reads_the_answer_of_the_first_example(loaded):
    model, ids = loaded
    encoded = AutoTokenizer.from_pretrained(FOLDER, local_files_only=True)(
        EXAMPLES[0].text, return_tensors="pt"
    ).input_ids
    layer, head = CAUSAL.first_head
    read = evaluate.attention(model, encoded)[layer, 0, head, -1].argmax()
    assert encoded[0, read] == ids[" Paris"]


# What the sentence of each example says: which token reads which, counted from 0, at least half of its attention.
LOOKS = {
    "A fact from the context": {25: 5},
    "Random words, twice": {query: query - 5 for query in range(6, 11)},
    "The other name": {13: 1},
    "Agreement across a noun": {4: 1},
    "Which quote to close": {7: 3},
    "One word, two senses": {2: 2, 11: 8},
    "A plain sentence": {query: query - 1 for query in range(1, 7)},
}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_each_example_shows_what_its_sentence_says(example, tiny):
    trace = tiny.trace(example.text)
    weights = trace.weights(*example.head)
    reads = LOOKS[example.title]
    assert example.query in reads
    assert all(weights[query, key] > 0.5 for query, key in reads.items())
    spoken = re.findall("“(.+?)”", example.look)
    pieces = trace.tokens()[0].pieces
    assert {word for word in spoken if word not in {"is", "are"}} <= {
        pieces[at] for pair in reads.items() for at in pair
    }


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_a_pattern_that_a_sentence_begins_with_is_that_of_its_head(example, tiny):
    found = aw.patterns(tiny.trace(example.text))
    assert example.look.partition(":")[0].lower() not in {*found.scores} - {found.labels[example.head]}


@pytest.mark.long
def test_training_gives_the_same_weights_from_the_same_seed(tmp_path):
    from attnwidget.tiny.causal import train

    ids = tokenizer.surface_ids(tokenizer.build())
    recipe = train.Recipe(tokens=4 * 1536)
    first, second = (train.train(recipe, ids, tmp_path / name, keep=3).state_dict() for name in "ab")
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert sorted(path.name for path in (tmp_path / "a" / "checkpoints").iterdir()) == [
        "step-00000.safetensors",
        "step-00002.safetensors",
        "step-00004.safetensors",
    ]
