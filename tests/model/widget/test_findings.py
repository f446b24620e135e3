"""A finding keeps what was seen: it can be read, shown and opened again."""

import json

import pytest

import attnwidget as aw

TEXT = "The capital of Veldt is Miro. The capital of Veldt is"


@pytest.fixture(scope="module")
def explorer():
    return aw.explore(text=TEXT, edits=["hide 5", "(silence L1H2)"], question=" Miro", layer=2, head=1)


def test_it_says_the_answer_before_and_after_the_edits(explorer):
    kept = explorer.finding("It read the fact.")
    model = aw.load()
    number = model.tokenizer(" Miro", add_special_tokens=False)["input_ids"][0]
    for name, edits in (("before", ()), ("after", "hide 5")):
        expected = float(model.trace(TEXT, edits=edits).logits()[0].log_softmax(-1)[number])
        assert kept.answer[name] == pytest.approx(expected, abs=1e-5)
    assert list(kept.edits) == ["hide 5"]
    assert kept.predictions["before"][0][0] == " Miro"
    assert "It read the fact." in kept.html
    assert kept.model["name"] == "tiny-causal"


def test_it_is_a_file_that_opens_the_same_explorer(explorer, tmp_path):
    kept = explorer.finding("It read the fact.")
    again = aw.KeptFinding.load(kept.save(tmp_path / "found"))
    assert json.loads(again.json) == json.loads(kept.json)
    assert aw.explore(state=again).state() == explorer.state()


def test_evidence_is_kept_where_it_is_asked_for(explorer):
    kept = explorer.finding(evidence=True)
    assert kept.evidence["sentence"]
    assert "NaN" not in kept.json
    assert len(kept.evidence["table"]["word"]) == len(kept.evidence["table"]["attention"])
    assert explorer.finding().evidence is None


def test_without_edits_there_is_no_after():
    kept = aw.explore(text=TEXT).finding()
    assert kept.answer["after"] is None
    assert "after" not in kept.predictions


def test_a_card_is_text_not_html():
    kept = aw.explore(text="<b>The</b> cat").finding("<script>alert(1)</script>")
    assert "<script" not in kept.html
    assert "<b>" not in kept.html


def test_what_is_no_finding_is_said(explorer, tmp_path):
    kept = json.loads(explorer.finding("x").json)
    for given, said in (
        ([], "is no finding"),
        ({**kept, "format": 99}, "newer version"),
        ({**kept, "answer": 3}, "damaged finding: answer"),
    ):
        file = tmp_path / "found.json"
        file.write_text(json.dumps(given))
        with pytest.raises(aw.AttnWidgetError, match=said):
            aw.KeptFinding.load(file)
    with pytest.raises(aw.AttnWidgetError, match="without a model"):
        aw.view([[[[1.0]]]], ["a"]).finding()
    with pytest.raises(aw.AttnWidgetError, match="not a sentence"):
        explorer.finding(3)
