"""What a change does to the answer, against plain hooks on eager models and against whole passes."""

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

import attnwidget as aw
from attnwidget.engine import Run, many_runs, silenced_runs
from attnwidget.errors import Cancelled
from tests.model.families import FAMILIES, build, others_long, reference
from tests.model.small import small, words

TEXT = "The capital of Veldt is Miro. The capital of Veldt is"
DECODERS = [
    name
    for name, family in FAMILIES.items()
    if family.known()
    and family.path == "interface"
    and family.parts == ("self",)
    and set(family.inputs(3)) == {"input_ids"}
    and family.model.endswith(("ForCausalLM", "ForMaskedLM", "LMHeadModel"))
]


@pytest.fixture(scope="module")
def model():
    return aw.load()


@pytest.fixture(scope="module")
def trace(model):
    return model.trace(TEXT)


@pytest.mark.parametrize("by", ["zero", "mean"])
@pytest.mark.parametrize("name", others_long(DECODERS))
def test_runs_from_a_layer_on_give_what_whole_runs_give(name, by):
    model = aw.load(build(name))
    trace = model.trace(FAMILIES[name].inputs(20))
    runs = silenced_runs(model, trace, 15, by)
    for block in {trace.blocks[0], trace.blocks[-1]}:
        found = runs.logits(block.layer, [0, block.heads - 1])
        for row, head in zip(found, (0, block.heads - 1), strict=True):
            whole = model.trace(trace, edits=aw.Silence(block.layer, head, by=by)).logits(15)[0]
            assert torch.allclose(row, whole, atol=1e-4 * max(1.0, float(whole.abs().max())))


@pytest.mark.parametrize("name", ["gpt2", "llama-grouped"])
def test_head_effects_are_those_of_hooks_on_the_projection(name):
    family, eager = FAMILIES[name], reference(name)
    inputs = family.inputs(12)
    model = aw.load(build(name))
    trace = model.trace(inputs)
    effects = aw.head_effects(model, trace, answer=7, at=9)
    with torch.no_grad():
        before = eager(**inputs).logits[0, 9].log_softmax(-1)[7]
    for block in trace.blocks:
        width = block.v.shape[-1]
        for head in range(block.heads):

            def without(_module, given, head=head, width=width):
                silent = given[0].clone()
                silent[..., head * width : (head + 1) * width] = 0
                return (silent, *given[1:])

            hook = eager.get_submodule(block.projection.path).register_forward_pre_hook(without)
            with torch.no_grad():
                after = eager(**inputs).logits[0, 9].log_softmax(-1)[7]
            hook.remove()
            assert abs(effects.values[block.layer, head] - float(before - after)) < 1e-4


def test_a_decoder_is_run_from_its_layers(model, trace):
    assert silenced_runs(model, trace, 11).from_layers is not None


def test_token_effects_are_those_of_whole_passes(model, trace):
    effects = aw.token_effects(model, trace, answer="Miro")
    for token in range(11):
        assert abs(effects.values[token] - aw.effect(model, trace, f"hide {token}", answer="Miro").difference) < 1e-5
    assert effects.values[11] == 0
    assert effects.top(1)[0].piece == "Miro"


@pytest.mark.parametrize("name", others_long(DECODERS))
def test_runs_in_a_batch_give_what_whole_runs_give(name):
    model = aw.load(build(name))
    trace = model.trace(FAMILIES[name].inputs(14))
    last = aw.Cut(11, 2, heads=[(trace.blocks[-1].layer, 1)])
    each = [
        (),
        (aw.Hide(0),),
        (aw.Hide([3, 4], start=5),),
        (aw.Cut(11, 9),),
        (last,),
        (aw.Hide(1), aw.Cut([5, 6], 0, heads=[(trace.blocks[0].layer, None)])),
    ]
    found = many_runs(model, trace).logits([Run(11, edits) for edits in each])
    for row, edits in zip(found, each, strict=True):
        whole = model.trace(trace, edits=edits).logits(11)[0]
        assert torch.allclose(row, whole, atol=1e-4 * max(1.0, float(whole.abs().max())))


def test_a_decoder_runs_in_batches_beside_its_own_edits(model, trace):
    assert many_runs(model, trace).batched
    hidden = model.trace(TEXT, edits="hide 2")
    effects = aw.token_effects(model, hidden, answer="Miro")
    both = model.trace(TEXT, edits=["hide 2", "hide 5"])
    ours = [one.logits()[0].log_softmax(-1)[model.tokenizer(" Miro")["input_ids"][0]] for one in (hidden, both)]
    assert abs(effects.values[5] - float(ours[0] - ours[1])) < 1e-5


@pytest.mark.parametrize("by", ["replace", "delete"])
def test_tokens_replaced_and_deleted_are_those_of_other_texts(model, trace, by):
    ids = list(trace.text.ids)
    answer = int(trace.logits()[0].argmax())
    other = model.tokenizer.unk_token_id if model.tokenizer.unk_token_id is not None else 7
    found = aw.token_effects(model, trace, by=by, replacement=other if by == "replace" else None)
    with torch.no_grad():
        before = model.model(torch.tensor([ids])).logits[0, -1].log_softmax(-1)[answer]
        for place in range(len(ids) - (by == "delete")):
            text = [*ids[:place], *([other] if by == "replace" else []), *ids[place + 1 :]]
            after = model.model(torch.tensor([text])).logits[0, -1].log_softmax(-1)[answer]
            assert abs(found.values[place] - float(before - after)) < 1e-4
    assert np.isnan(found.values[-1]) == (by == "delete")
    assert ("one place earlier" in found.recipe) == (by == "delete")


def test_what_cannot_be_replaced_or_deleted_is_said(model, trace):
    for given, said in (
        ({"by": "mask"}, "'hide', 'replace', 'delete'"),
        ({"replacement": 3}, "by='replace'"),
        ({"by": "replace", "replacement": "two words of it"}, "no single token"),
    ):
        with pytest.raises(aw.AttnWidgetError, match=said):
            aw.token_effects(model, trace, **given)
    with pytest.raises(aw.AttnWidgetError, match="edits by the number"):
        aw.token_effects(model, model.trace(TEXT, edits="hide 2"), by="delete")


@pytest.mark.parametrize("wrong", ["mask", 3, None, ["zero"], {}, np.array(["a", "b"])], ids=repr)
def test_what_is_no_word_of_a_choice_is_a_sentence_whatever_it_is(model, trace, wrong):
    for ask in (
        lambda: aw.head_effects(model, trace, by=wrong),
        lambda: aw.head_effects(model, trace, how=wrong),
        lambda: aw.head_effects(model, trace, unit=wrong),
        lambda: aw.layer_effects(model, trace, by=wrong),
        lambda: aw.token_effects(model, trace, by=wrong),
        lambda: aw.patching(model, trace, trace, what=wrong),
        lambda: aw.direct_effects(model, trace, by=wrong),
        lambda: aw.gradient(model, trace, kind=wrong),
        lambda: aw.attention_gradient(model, trace, 0, start=wrong),
        lambda: aw.evidence(model, trace, units=wrong),
        lambda: aw.Silence(0, by=wrong),
    ):
        with pytest.raises(aw.AttnWidgetError, match=r"give (one of )?'"):
            ask()


def test_edge_effects_are_those_of_single_cuts(model, trace):
    found = aw.edge_effects(model, trace, answer="Miro", queries=[0, 10, 11])
    assert np.isnan(found.values[0, 0])
    assert not found.values[0, 1:].any()
    for place, query in ((1, 10), (2, 11)):
        for key in (0, 5, query):
            whole = aw.effect(model, trace, f"cut {query} reads {key}", answer="Miro").difference
            assert abs(found.values[place, key] - whole) < 1e-5
    one = aw.edge_effects(model, trace, answer="Miro", heads="L3H1")
    assert abs(one.values[0, 5] - aw.effect(model, trace, "cut 11 reads 5 in L3H1", answer="Miro").difference) < 1e-5
    assert one.query_positions == (11,)
    assert "L3H1" in one.recipe


def test_layer_effects_are_those_of_all_heads_silenced(model, trace):
    found = aw.layer_effects(model, trace, answer="Miro", by="mean")
    whole = aw.effect(model, trace, "silence L2 by mean", answer="Miro").difference
    assert abs(found.values[2] - whole) < 1e-5


def test_progress_is_a_function_or_a_bar(model, trace):
    heard = []
    aw.token_effects(model, trace, progress=lambda *done: heard.append(done))
    assert heard[-1] == (11, 11)
    with pytest.raises(aw.AttnWidgetError, match="a function of"):
        aw.token_effects(model, trace, progress="loud")


def test_an_estimate_of_tokens_is_compared_with_exact_runs(model, trace):
    exact, found = aw.token_effects(model, trace), aw.token_effects(model, trace, how="estimate")
    assert [one.position for one in found.checked] == list(range(11))
    assert np.allclose([one.value for one in found.checked], exact.values[:11], atol=1e-5)
    assert found.agreement == pytest.approx(spearmanr(found.values[:11], exact.values[:11]).statistic)
    assert f"rank agreement with exact runs of 11 tokens {found.agreement:.2f}" in found.recipe
    assert len(aw.token_effects(model, trace, how="estimate", check=4).checked) == 4
    for given, said in (({"how": "guess"}, "'exact', 'estimate'"), ({"how": "estimate", "by": "delete"}, "of hiding")):
        with pytest.raises(aw.AttnWidgetError, match=said):
            aw.token_effects(model, trace, **given)


def test_an_effect_says_both_predictions_and_the_divergence(model, trace):
    found = aw.effect(model, trace, "hide 5", answer=(" Miro", " Yssel"), unit="logit")
    before, after = trace.logits()[0], found.trace.logits()[0]
    ids = [model.tokenizer(text, add_special_tokens=False)["input_ids"][0] for text in (" Miro", " Yssel")]
    assert abs(found.before - float(before[ids[0]] - before[ids[1]])) < 1e-5
    assert abs(found.after - float(after[ids[0]] - after[ids[1]])) < 1e-5
    divergence = torch.nn.functional.kl_div(
        after.log_softmax(-1), before.log_softmax(-1), log_target=True, reduction="sum"
    )
    assert abs(found.divergence - float(divergence)) < 1e-5
    assert [one.top[0].piece for one in found.predictions] == [
        model.predict(trace).top[0].piece,
        model.predict(found.trace).top[0].piece,
    ]
    assert float(found) == found.difference
    assert str(found.trace.edits[0]) == "hide 5"


def test_effects_of_a_classifier_and_of_a_masked_model():
    for kind, answer in (("class", "POSITIVE"), ("label", "B-PLACE")):
        model = aw.load(small(kind), words(special=True))
        trace = model.trace("the river bank was quiet .")
        whole = aw.effect(model, trace, "silence L1H2", answer=answer)
        assert abs(aw.head_effects(model, trace, answer=answer).values[1, 2] - whole.difference) < 1e-4


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"answer": 10**7}, "chooses between 783"),
        ({"answer": ""}, "is not an answer"),
        ({"answer": ("a",)}, "not a pair"),
        ({"answer": lambda _logits: "much"}, "gave no number"),
        ({"at": 99}, "no position 99"),
        ({"unit": "bits"}, "'log probability'"),
    ],
)
def test_what_cannot_be_asked_is_said(model, trace, given, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        aw.effect(model, trace, "hide 5", **given)


def test_an_effect_needs_an_edit_a_model_and_a_trace(model, trace):
    for given, said in (
        ((model, trace, ()), "no edit"),
        ((None, trace, "hide 1"), "needs a model"),
        ((model, TEXT, "hide 1"), "needs a Trace"),
    ):
        with pytest.raises(aw.AttnWidgetError, match=said):
            aw.effect(*given)


def test_it_can_be_stopped_between_two_layers(model, trace):
    asked = []
    with aw.stopping_when(lambda: len(asked) > 1), pytest.raises(Cancelled):
        aw.head_effects(model, trace, progress=lambda *done: asked.append(done))
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The cat (the friend of Tom", ")"),
        ('Ana said, "The ball is old', '."'),
        ("The keys to the cabinet", "are"),
        ("The keys to the cabinet", " are"),
    ],
)
def test_an_answer_is_the_token_that_the_model_says_also_where_it_is_glued_to_the_word_before(text, answer):
    model = aw.load()
    trace = model.trace(text)
    (said, *_) = model.predict(trace).top
    assert aw.effect(model, trace, "hide 1", answer=answer).before == pytest.approx(np.log(said.probability), abs=1e-5)
