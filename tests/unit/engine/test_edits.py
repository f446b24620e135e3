"""Edits as records and text, and what they do to the bundled model."""

import json
from functools import partial
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import attnwidget as aw
from attnwidget.engine import edits_of
from attnwidget.engine.capture.forward import NothingSeen
from tests.model.small import small

TEXT = "The capital of Veldt is Miro. The capital of Veldt is"
SAID = json.loads((Path(__file__).parents[2] / "fixtures" / "edits.json").read_text())


@pytest.fixture(scope="module")
def model():
    return aw.load()


@pytest.fixture(scope="module")
def plain(model):
    return model.trace(TEXT)


@pytest.mark.parametrize(("text", "written"), SAID["read"])
def test_text_reads_back(text, written):
    (edit,) = edits_of(text)
    assert str(edit) == written
    assert edits_of(written) == (edit,)
    assert hash(edit) == hash(edits_of(written)[0])


@pytest.mark.parametrize("text", SAID["refused"])
def test_what_the_page_refuses_is_refused(text):
    with pytest.raises(aw.AttnWidgetError):
        edits_of(text)


numbers = st.sets(st.integers(0, 999), min_size=1, max_size=6)
heads = st.tuples(st.integers(-9, 99), st.none() | st.integers(-9, 99))
parts = st.sampled_from([None, "cross", "encoder", "text"])


@given(
    st.builds(lambda tokens, start, part: aw.Hide(tokens, start=start, part=part), numbers, st.integers(0, 99), parts)
    | st.builds(
        lambda head, by, part: aw.Silence(*head, by=by, part=part), heads, st.sampled_from(["zero", "mean"]), parts
    )
    | st.builds(
        lambda queries, keys, named, part, whole: aw.Cut(queries, keys, heads=named, part=part, renormalise=whole),
        st.none() | numbers,
        numbers,
        st.lists(heads, max_size=3),
        parts,
        st.booleans(),
    )
    | st.builds(
        lambda head, seed, part: aw.Paint(*head, "shuffled", seed=seed, part=part), heads, st.integers(0, 99), parts
    )
)
def test_every_record_reads_back(edit):
    assert edits_of(str(edit)) == (edit,)


@pytest.mark.parametrize(
    ("given_edit", "said"),
    [
        ("hide", "hide 4"),
        ("hide z", "hide 4"),
        ("hide 6..4", "end is before"),
        ("silence 5", "silence L5H3"),
        ("cut 9", "cut 9 reads 4"),
        ("paint L5H3 stripes", "paint L5H3 uniform"),
        ("ablate L5H3", "begins with none of hide, silence, cut, paint"),
        (3, "is not an edit"),
        (["hide 4", "hide z"], "Edit 2 of 2"),
        ("patch L1H1 from the run over 'a'", "Give the record"),
    ],
)
def test_what_is_no_edit_is_said(given_edit, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        edits_of(given_edit)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ("silence L9H1", "no layer 9"),
        ("silence L1H9", "no head 9"),
        ("hide 99", "no token 99"),
        ("cut 99 reads 0", "no token 99"),
        ("paint cross L1 uniform", "no part 'cross'"),
        ("cut 0 reads 0", "leave query 0 without a key"),
        (aw.Paint("L1H1", torch.eye(3)), "fewer rows"),
        (aw.Paint("L1H1", torch.eye(12).flip(0)), "may not look"),
    ],
)
def test_what_is_not_there_is_said_and_the_model_is_as_before(model, plain, edit, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        model.trace(TEXT, edits=edit)
    assert torch.equal(model.trace(TEXT).logits(), plain.logits())


def test_knocking_out_a_pair_renormalises_the_others(model, plain):
    before = plain.weights(0, 1)
    after = model.trace(TEXT, edits="cut 9 reads 4 in L0H1").weights(0, 1)
    expected = before[9].clone()
    expected[4] = 0
    assert torch.allclose(after[9], expected / (1 - before[9, 4]), atol=1e-6)
    assert torch.equal(after[:9], before[:9])


def test_a_hidden_token_reads_itself_and_is_read_by_no_other(model):
    trace = model.trace(TEXT, edits="hide 3..5 from 7")
    for layer in range(4):
        maps = trace.weights(layer)
        assert float(maps[:, 7:, 3:6].max()) == 0
        assert float(maps[:, 5, 5].min()) > 0
        assert torch.allclose(maps.sum(-1), torch.ones(4, 12), atol=1e-5)


def test_the_first_token_hidden_leaves_the_second_itself_alone(model):
    assert torch.allclose(model.trace(TEXT, edits="hide 0").weights(2)[:, 1, 1], torch.ones(4))


def test_painting_what_is_there_changes_nothing(model, plain):
    trace = model.trace(TEXT, edits=aw.Paint("L1H2", plain.weights(1, 2)))
    assert torch.allclose(trace.logits(range(12)), plain.logits(range(12)), atol=1e-4)


@pytest.mark.parametrize("pattern", ["uniform", "identity", "previous", "shuffled"])
def test_patterns(model, plain, pattern):
    trace = model.trace(TEXT, edits=aw.Paint("L1H2", pattern, seed=3 * (pattern == "shuffled")))
    own, found = plain.weights(1, 2), trace.weights(1, 2)
    if pattern == "shuffled":
        assert torch.allclose(found.sort(-1).values, own.sort(-1).values, atol=1e-6)
        assert not torch.allclose(found, own, atol=1e-3)
        assert torch.equal(found, model.trace(TEXT, edits="paint L1H2 shuffled 3").weights(1, 2))
    else:
        rows = torch.arange(12)
        uniform = torch.ones(12, 12).tril() / (rows[:, None] + 1)
        read = {"identity": rows, "previous": (rows - 1).clamp(min=0)}
        expected = uniform if pattern == "uniform" else torch.eye(12)[read[pattern]]
        assert torch.allclose(found, expected)
    assert torch.equal(trace.weights(1, 1), plain.weights(1, 1))


def test_a_head_silenced_by_its_own_run_changes_nothing(model, plain):
    trace = model.trace(TEXT, edits=aw.Silence("L1H2", by="run", of=plain))
    assert torch.allclose(trace.logits(range(12)), plain.logits(range(12)), atol=1e-4)


@pytest.mark.parametrize("at", [None, 5, [3, 11]])
@pytest.mark.parametrize("head", [None, 2])
def test_a_run_patched_by_itself_is_as_before(model, plain, head, at):
    trace = model.trace(TEXT, edits=aw.Patch(1, head, of=plain, at=at))
    assert torch.allclose(trace.logits(range(12)), plain.logits(range(12)), atol=1e-4)


def test_a_patch_takes_what_the_other_run_gave_under_its_own_edits(model, plain):
    other = model.trace(TEXT, edits=["silence L0H1", aw.Patch("L1H1", of=plain, at=2), "silence L2H3 by mean"])
    for layer, of in ((1, other), (2, model.trace(TEXT, edits=aw.Patch(2, of=other)))):
        assert torch.allclose(model.trace(TEXT, edits=aw.Patch(layer, of=of)).logits(), other.logits(), atol=1e-4) == (
            layer == 2
        )
    silenced = model.trace(TEXT, edits="silence L2H3")
    both = model.trace(TEXT, edits=aw.Patch("L2H3", of=silenced))
    assert torch.allclose(both.logits(range(12)), silenced.logits(range(12)), atol=1e-5)


def test_patches_of_what_does_not_fit_are_said(model, plain):
    short = model.trace("The cat sat")
    for edit, said in (
        (aw.Patch("L1", of=short), "the other run has 3 tokens, and this text has"),
        (aw.Patch("L1H2", of=short), "the other run has 3 tokens, and this text has"),
        (aw.Patch("L1", of=short, at=5), "the other run has 3 tokens"),
        (aw.Patch("L1", of=plain, at=40), "no token 40"),
        (aw.Patch("L9", of=plain), "no layer 9"),
        (aw.Patch("L1", of=aw.load(small("class")).trace([4, 5, 6])), "by another one"),
    ):
        with pytest.raises(aw.AttnWidgetError, match=said):
            model.trace(TEXT, edits=edit)
    with pytest.raises(aw.AttnWidgetError, match="is not a trace"):
        aw.Patch("L1", of=TEXT)
    with pytest.raises(aw.AttnWidgetError, match="this text has 3"):
        model.trace("The cat sat", edits=aw.Patch("L1", of=plain))


@pytest.mark.parametrize(
    ("one", "other"),
    [("hide 3", "silence L1H2"), ("cut 9 reads 4 in L0H1", "hide 2"), ("paint L1H2 uniform", "silence L2H1 by mean")],
)
def test_edits_commute(model, one, other):
    first, second = model.trace(TEXT, edits=[one, other]), model.trace(TEXT, edits=[other, one])
    assert torch.equal(first.logits(range(12)), second.logits(range(12)))
    assert all(torch.equal(first.weights(layer), second.weights(layer)) for layer in range(4))


def test_reuse_reads_only_what_the_edit_can_change(model):
    long = TEXT.replace("is", "is, as they all say, ") + " Miro. The river of Veldt is"
    base = model.trace(long)
    count = len(base.text)
    apart = model.trace([*base.text.ids[:-6], 5, *base.text.ids[-5:]])
    patches = [aw.Patch(place, of=apart, at=range(count - 4, count)) for place in ("L1", "L2H3")]
    for edits in (f"hide {count - 4}", f"cut {count - 2}..{count - 1} reads 3", patches):
        heard = []
        again = model.trace(long, edits=edits, reuse=base)
        whole = model.trace(long, edits=edits, progress=heard.append)
        assert torch.allclose(again.logits(), whole.logits(), atol=1e-4)
        assert torch.allclose(again.weights(3), whole.weights(3), atol=1e-5)
        # What lies before is the very same memory's content, not computed again.
        assert torch.equal(again.blocks[3].q[:, :, : count - 4], base.blocks[3].q[:, :, : count - 4])
    back = model.trace(long, reuse=again)
    assert back.edits == ()
    assert torch.allclose(back.logits(), base.logits(), atol=1e-4)
    assert torch.allclose(back.weights(3), base.weights(3), atol=1e-5)


@pytest.mark.parametrize(
    "edit", ["hide 1", "hide 7", "silence L1H2", "cut * reads 0 in L1, without renormalising", "paint L2H0 shuffled 4"]
)
def test_an_edit_holds_for_the_tokens_that_come(model, edit):
    generated = model.generate("The cat sat on the", max_new_tokens=5, edits=edit)
    whole = model.trace(list(generated.text.ids), edits=edit)
    assert generated.edits == whole.edits
    assert torch.allclose(generated.logits(range(10)), whole.logits(range(10)), atol=1e-4)
    for layer in range(4):
        assert torch.allclose(generated.weights(layer), whole.weights(layer), atol=1e-5)


def test_a_patch_holds_at_its_positions_while_tokens_are_generated(model, plain):
    other = model.trace(TEXT.replace("Miro", "Yssel"))
    patches = [aw.Patch("L1", of=other, at=[5, 9]), aw.Patch("L2H1", of=other, at=[5, 11])]
    generated = model.generate(TEXT, max_new_tokens=3, edits=patches)
    whole = model.trace(list(generated.text.ids), edits=patches)
    assert torch.allclose(generated.logits(range(15)), whole.logits(range(15)), atol=1e-4)
    assert not torch.allclose(generated.logits(11), plain.logits(11), atol=1e-3)


def test_an_edited_trace_is_saved_with_its_edits(model, tmp_path):
    trace = model.trace(TEXT, edits=["hide 1", "paint L1H1 shuffled 4", "silence L2H1"])
    loaded = aw.Trace.load(trace.save(tmp_path / "edited"))
    assert loaded.edits == trace.edits
    assert all(torch.equal(loaded.weights(layer), trace.weights(layer)) for layer in range(4))


def test_a_trace_is_saved_with_painted_matrices_and_the_names_of_other_runs(model, plain, tmp_path):
    edits = [
        aw.Paint("L1H1", torch.eye(12)),
        aw.Patch("L2H1", of=plain, at=3),
        aw.Patch("L0", of=plain, at=[1, 2]),
        aw.Silence("L1H3", by="mean", of=plain),
        aw.Silence("L2H2", by="run", of=plain),
    ]
    trace = model.trace(TEXT, edits=edits)
    loaded = aw.Trace.load(trace.save(tmp_path / "painted"))
    assert list(map(str, loaded.edits)) == list(map(str, edits))
    assert all(torch.equal(loaded.weights(layer), trace.weights(layer)) for layer in range(4))
    assert [block.silenced for block in loaded.blocks] == [(), (3,), (2,), ()]
    for held in loaded.edits[1:]:
        with pytest.raises(aw.AttnWidgetError, match="not saved with the trace"):
            model.trace(TEXT, edits=held)


def test_a_trace_is_read_again_and_says_what_it_lacks(model, plain, tmp_path):
    assert torch.equal(model.trace(plain).logits(), plain.logits())
    loaded = aw.Trace.load(plain.save(tmp_path / "plain"))
    with pytest.raises(aw.AttnWidgetError, match="does not hold what the model was given"):
        model.trace(loaded, edits="hide 1")
    with pytest.raises(aw.AttnWidgetError, match="first= cannot be given"):
        model.trace(plain, first=3)


def test_edits_are_refused_where_attention_is_not_computed_by_us():
    model = aw.load(small("bloom"))
    for read in (model.trace, partial(model.generate, max_new_tokens=1)):
        with pytest.raises(aw.AttnWidgetError, match="code of its own"):
            read([4, 5, 6], edits="hide 1")


def test_attention_that_is_not_seen_this_time_is_never_shown_as_edited(monkeypatch):
    def unseen(*_given, **_named):
        raise NothingSeen

    model = aw.load()
    model.trace([4, 5, 6])
    monkeypatch.setattr("attnwidget.engine.model.traced", unseen)
    monkeypatch.setattr("attnwidget.engine.model.generate.generate", unseen)
    for read in (model.trace, model.generate):
        with pytest.raises(aw.AttnWidgetError, match="code of its own"):
            read([4, 5, 6], edits="hide 1")


def test_layers_of_a_hybrid_are_edited_by_their_true_numbers():
    trace = aw.load(small("jamba")).trace([4, 5, 6], edits=["hide 1", "silence L3H1"])
    assert [float(trace.weights(layer)[:, 2, 1].max()) for layer in (1, 3)] == [0, 0]
    assert [block.silenced for block in trace.blocks] == [(), (1,)]
    with pytest.raises(aw.AttnWidgetError, match="no layer 2 with attention; choose one of 1, 3"):
        aw.load(small("jamba")).trace([4, 5, 6], edits="silence L2")


def test_a_trace_is_read_again_from_what_was_given_at_first(model, plain):
    ids = torch.tensor([list(plain.text.ids)])
    trace = model.trace({"input_ids": ids})
    ids[0, 5] = 1
    assert torch.equal(model.trace(trace).logits(), plain.logits())
