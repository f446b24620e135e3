"""The diagnosis: each symptom is found where it was planted and nowhere else, and the report says it everywhere alike."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import T5Config, T5ForConditionalGeneration

import attnwidget as aw
from attnwidget.engine.trace.records import Step
from attnwidget.measures.diagnosis.symptoms.examined import mean_rows
from attnwidget.measures.places import tokens_named
from tests.unit.traces import example, random_trace

WORDS = "the fact is here and many other words that say nothing stand around it".split()
SIZE = len(WORDS)


def causal(maps):
    return maps.tril() / maps.tril().sum(-1, keepdim=True)


def trace_of(*layers, words=None):
    return aw.Trace.from_weights(list(layers), words or WORDS)


def noise(seed, heads=4, size=SIZE):
    return torch.rand(heads, size, size, generator=torch.Generator().manual_seed(seed)) ** 4 + 1e-3


def ordinary():
    """Heads of different shapes, none of them ill."""
    return [causal(noise(seed)) for seed in range(3)]


def test_an_ordinary_trace_is_clear():
    report = aw.diagnose(trace_of(*ordinary()))
    assert len(report) == 0
    assert {"uniform attention", "collapsed heads", "position bias", "redundant heads"} <= set(report.clear)
    assert set(report.skipped) == {"ignored context", "repetition loop", "thin attention", "attention to padding"}


def test_a_fact_that_no_head_reads_is_ignored():
    layers = ordinary()
    for layer in layers:
        layer[:, -1, 1] = 0
    report = aw.diagnose(trace_of(*[causal(layer) for layer in layers]), "fact")
    finding = report["ignored context"]
    assert finding.severity == "high"
    assert finding.evidence["lift over chance"] == 0
    assert finding.evidence["best head"] == 0
    assert not any("'fact'" in token for token in finding.where)


def test_a_fact_that_a_head_reads_was_read():
    layers = ordinary()
    layers[1][2, -1] = torch.eye(SIZE)[1]
    report = aw.diagnose(trace_of(*layers), {"fact": "fact", "rest": "other words"})
    finding = report["relevant tokens were read"]
    assert finding.severity == "note"
    assert finding.where == ("L1H2",)
    assert finding.evidence["best head"] == pytest.approx(1)
    rest = np.stack([layer[:, -1, 6:8].sum(-1) for layer in layers])
    assert finding.evidence["mass on rest"] == pytest.approx(rest.mean(), rel=1e-5, abs=1e-6)


def test_uniform_heads_are_named():
    layers = ordinary()
    layers[0] = causal(torch.ones(4, SIZE, SIZE))
    finding = aw.diagnose(trace_of(*layers))["uniform attention"]
    assert finding.severity == "medium"
    assert finding.evidence["share of flat heads"] == pytest.approx(1 / 3)
    assert set(finding.where) == {"L0H0", "L0H1", "L0H2", "L0H3"}


def test_heads_that_all_look_at_one_word_have_collapsed_and_at_a_sink_they_rest():
    maps = torch.zeros(4, SIZE, SIZE)
    maps[..., 5] = 1
    report = aw.diagnose(trace_of(maps, maps))
    assert report["collapsed heads"].severity == "high"
    assert report["redundant heads"].evidence["share of heads with a twin"] == 1
    resting = torch.zeros(4, SIZE, SIZE)
    resting[..., 0] = 1
    assert aw.diagnose(trace_of(resting, resting))["collapsed heads"].severity == "low"


def test_heads_bound_to_positions():
    previous = torch.zeros(4, SIZE, SIZE)
    previous[:, torch.arange(SIZE), (torch.arange(SIZE) - 1).clamp(0)] = 1
    finding = aw.diagnose(trace_of(previous, previous, *ordinary()[:1]))["position bias"]
    assert finding.severity == "medium"
    assert finding.evidence["share of heads"] == pytest.approx(2 / 3)
    assert finding.evidence["heads on previous"] == pytest.approx(2 / 3)


def test_a_word_that_holds_most_heads_is_spurious_unless_it_is_relevant():
    layers = ordinary()
    for layer in layers[:2]:
        layer[:, -1] = 0.4 * torch.eye(SIZE)[4] + 0.6 * layer[:, -1]
    report = aw.diagnose(trace_of(*layers))
    assert report["spurious attention"].where == ("'and' at 4",)
    assert "spurious attention" not in aw.diagnose(trace_of(*layers), "and")


def test_weight_on_padding_is_found_with_and_without_a_mask():
    words = [*WORDS[:-1], "[PAD]"]
    report = aw.diagnose(trace_of(*[noise(seed) / noise(seed).sum(-1, keepdim=True) for seed in range(2)], words=words))
    assert report["attention to padding"].severity == "high"
    masked = [layer[:, :-1, :-1] for layer in ordinary()]
    padded = [torch.nn.functional.pad(layer, (0, 1, 0, 1)) for layer in masked]
    assert "attention to padding" in aw.diagnose(trace_of(*padded, words=words)).clear


def test_a_loop_is_found_with_the_heads_that_copy():
    words = [*"say it:".split(), *("a b c".split() * 5)]
    size = len(words)
    layers = [causal(noise(seed, size=size)) for seed in range(2)]
    copying = torch.zeros(size, size)
    for row in range(size):
        earlier = [k + 1 for k in range(row) if words[k] == words[row]]
        copying[row, earlier or [0]] = 1 / len(earlier or [0])
    layers[1][3] = copying
    pieces = aw.Tokens.from_pieces(words)
    trace = aw.Trace.from_weights(layers, replace(pieces, ids=tuple(map(hash, words))))
    steps = tuple(Step(at, hash(words[at]), words[at], 0.9, 1, ()) for at in range(2, size))
    finding = aw.diagnose(replace(trace, steps=steps))["repetition loop"]
    assert finding.where == ("L1H3",)
    assert finding.evidence["period"] == 3
    assert finding.evidence["strongest copying head"] == pytest.approx(1)


def test_unsure_words_over_thin_attention_are_named():
    layers = [causal(torch.ones(4, SIZE, SIZE)) for _ in range(2)]
    steps = tuple(Step(at, at, WORDS[at], 0.1 if at == 9 else 0.9, 1, ()) for at in range(7, SIZE))
    finding = aw.diagnose(replace(trace_of(*layers), steps=steps))["thin attention"]
    assert finding.where == ("'say' at 9",)
    assert finding.evidence["tokens"] == 1
    clear = aw.diagnose(replace(trace_of(*ordinary()), steps=steps)).clear
    assert "thin attention" in clear


def test_the_report_says_the_same_as_text_html_and_json():
    trace = trace_of(causal(torch.ones(4, SIZE, SIZE)), words=["<script>alert(1)</script>", *WORDS[1:]])
    report = aw.diagnose(trace, [0, "fact"])
    told = json.loads(report.json())
    assert [finding["symptom"] for finding in told["findings"]] == [finding.symptom for finding in report.findings]
    for finding in report.findings:
        assert finding.shows in report.text()
        assert finding.cause.replace("'", "&#x27;") in report.html()
    assert "<script" not in report.html()
    assert [finding.severity for finding in report.findings] == sorted(
        (finding.severity for finding in report.findings), key=["high", "medium", "low", "note"].index
    )
    with pytest.raises(KeyError):
        report["no such symptom"]


@pytest.mark.parametrize("named", ["no such phrase", "", [], {"fact": "absent"}, 99, [1, 99]])
def test_what_the_text_does_not_have_is_refused(named):
    with pytest.raises(aw.AttnWidgetError):
        aw.diagnose(trace_of(*ordinary()), named)


def test_a_phrase_is_all_tokens_it_covers_wherever_it_stands():
    text = aw.load().tokens("The capital of France is Paris. The capital of France is")
    assert [text.pieces[at].strip() for at in tokens_named(text, "capital of")] == ["capital", "of"] * 2


@pytest.mark.parametrize("trace", [example(), random_trace(1, 1, 1), random_trace(2, 3, 2, causal=True)])
def test_the_smallest_traces_have_a_report(trace):
    assert aw.diagnose(trace, 0).subject


def test_cross_attention_is_diagnosed_but_for_positions():
    cross = torch.rand(2, 4, 3, 9, generator=torch.Generator().manual_seed(0))
    cross = cross / cross.sum(-1, keepdim=True)
    trace = aw.Trace.from_weights(list(cross), list("abc"), list("defghijkl"), part="cross")
    report = aw.diagnose(trace, "g")
    assert "position bias" in report.skipped
    assert mean_rows(trace, None, torch.tensor([2]))[1, 0] == pytest.approx(cross[1, 0, 2].numpy(), rel=1e-5, abs=1e-6)


def test_a_phrase_is_no_part_of_a_word_unless_it_stands_nowhere_else():
    text = aw.Tokens.from_pieces(["Paris", "is", "near", "Parisian"])
    assert tokens_named(text, "is") == (1,)
    assert tokens_named(text, "Paris") == (0,)
    assert tokens_named(text, "ari") == (0, 3)


def test_a_fact_that_one_head_reads_at_the_one_step_that_needs_it_is_not_ignored():
    layers = ordinary()
    for layer in layers:
        layer[:, 6:, 1] = 1e-6
    layers[1][2, 9, :] = 1e-6
    layers[1][2, 9, [1, 4]] = torch.tensor([0.45, 0.55])
    trace = trace_of(*[causal(layer) for layer in layers])
    steps = tuple(Step(at, at, WORDS[at], 0.9, 1, ()) for at in range(7, SIZE))
    finding = aw.diagnose(replace(trace, steps=steps), "fact")["read at single steps"]
    assert finding.where == ("L1H2",)
    assert finding.evidence["best head at the best step"] == pytest.approx(0.45, abs=1e-3)
    assert finding.evidence["best head"] < 0.3
    assert finding.evidence["best head at the worst step"] < 0.01
    assert f"{WORDS[10]!r} at 10" in finding.shows
    assert "query 9" in finding.try_next


def answered(*rows, words):
    """An ordinary trace whose last six words were generated, with rows (layer, head, query, key, weight) of its own."""
    layers = [causal(noise(seed, size=len(words))) for seed in range(3)]
    for layer in layers:
        layer[:, 6:, 1] = 1e-6
    layers = [causal(layer) for layer in layers]
    for layer, head, query, key, weight in rows:
        layers[layer][head, query] *= 1 - weight
        layers[layer][head, query, key] += weight
    first = len(words) - 6
    steps = tuple(Step(at, at, words[at], 0.9, 1, ()) for at in range(first, len(words)))
    return replace(trace_of(*layers, words=words), steps=steps)


ANSWERED = "the Paris is here and many other words say it is Paris . end".split()
READ = (1, 2, 10, 1, 0.44)


def test_the_step_that_says_the_fact_comes_first_and_one_that_repeats_it_is_set_apart():
    report = aw.diagnose(answered(READ, (0, 1, 11, 1, 0.95), (2, 0, 8, 1, 0.6), words=ANSWERED), "Paris")
    finding = report["read at single steps"]
    assert finding.severity == "note"
    assert finding.where == ("L1H2",)
    first, best, worst = finding.places
    assert (first.query, first.name, first.step) == (10, "L1H2", 3)
    assert (best.query, best.name, best.step) == (8, "L2H0", 1)
    assert worst.weight == pytest.approx(finding.evidence["best head at the worst step"])
    assert (
        first.weight
        == pytest.approx(finding.evidence["best head at the answer's step"])
        == pytest.approx(0.44, abs=1e-3)
    )
    assert finding.shows.index("'Paris' at 11 (query 10)") < finding.shows.index("'it' at 9 (query 8)")
    assert finding.shows.endswith("query 11.")
    assert "6 produced tokens" in report.subject


def test_a_fact_that_the_answer_does_not_read_is_told_of_its_step_first():
    finding = aw.diagnose(answered((2, 0, 8, 1, 0.6), words=ANSWERED), "Paris")["read at single steps"]
    assert finding.severity == "low"
    assert finding.where == ()
    assert finding.places[0].query == 10
    assert finding.places[0].weight < 0.01


def test_a_phrase_means_the_prompt_and_positions_mean_themselves():
    trace = answered(READ, (2, 3, 12, 11, 0.9), words=ANSWERED)
    best = "best head at the best step"
    assert aw.diagnose(trace, "Paris")["read at single steps"].evidence[best] == pytest.approx(0.44, abs=1e-3)
    assert any(found.evidence.get(best, 0) > 0.8 for found in aw.diagnose(trace, [1, 11]).findings)


def test_what_is_read_instead_is_no_sink_and_sinks_are_named_apart():
    words = ["<s>", "fact", *ANSWERED[2:]]
    resting = [(layer, head, query, 0, 0.6) for layer in range(3) for head in range(4) for query in range(1, 14)]
    read = [(layer, head, query, 5, 0.5) for layer in range(3) for head in range(4) for query in range(6, 14)]
    finding = aw.diagnose(answered(*resting, *read, words=words), "fact")["ignored context"]
    assert finding.where[0] == "'many' at 5"
    assert not any("<s>" in token for token in finding.where)
    assert "Sinks, which are left out there: '<s>' at 0 (" in finding.shows


def test_every_place_leads_to_its_row():
    trace = answered(READ, words=ANSWERED)
    report = aw.diagnose(trace, "Paris")
    place = report["read at single steps"].places[0]
    there = aw.view(trace, query=place.query, layer=place.layer, head=place.head)
    assert (there.query, there.layer, there.head) == ((10, 11), 1, 2)
    there = aw.view(trace)
    there.query = place.query
    there.show(place.name)
    assert (there.query, there.layer, there.head) == ((10, 11), 1, 2)
    assert float(trace.weights(place.layer)[place.head, place.query, 1]) == pytest.approx(place.weight)
    assert "query 10, L1H2, step 3: 0.44" in report.text()
    assert "query 10, L1H2, step 3: 0.44" in report.html()
    told = {finding["symptom"]: finding["places"] for finding in json.loads(report.json())["findings"]}
    assert told["read at single steps"][0]["name"] == "L1H2"


def test_findings_about_heads_lead_to_them():
    layers = ordinary()
    layers[0] = causal(torch.ones(4, SIZE, SIZE))
    places = aw.diagnose(trace_of(*layers))["uniform attention"].places
    assert {(place.query, place.layer) for place in places} == {(SIZE - 1, 0)}


def test_what_comes_after_the_query_is_not_said_to_be_ignored():
    report = aw.diagnose(trace_of(*ordinary()), "around", query=3)
    assert "after the query" in report.skipped["ignored context"]
    json.loads(report.json(), parse_constant=pytest.fail)


def test_the_first_token_may_be_what_matters():
    layers = ordinary()
    for layer in layers:
        layer[:, -1] = 0.8 * torch.eye(SIZE)[0] + 0.2 * layer[:, -1]
    report = aw.diagnose(trace_of(*layers), 0)
    assert "whatever the text" in report["relevant tokens were read"].shows


def test_notes_are_no_symptoms():
    layers = ordinary()
    layers[1][2, -1] = torch.eye(SIZE)[1]
    report = aw.diagnose(trace_of(*layers), "fact")
    assert len(report.findings) == 1
    assert len(report) == len(report.symptoms) == 0
    assert report.text().splitlines()[0].endswith("no symptom, 1 note.")
    assert "likely cause" not in report.text()
    assert aw.diagnose(trace_of(*ordinary())).text().splitlines()[0].endswith("no symptom found.")


def test_padding_is_neither_the_query_nor_the_first_token():
    words = ["[PAD]"] * 3 + WORDS + ["[PAD]"] * 2
    padded = [torch.nn.functional.pad(layer, (3, 2, 3, 2)) for layer in ordinary()]
    text = replace(aw.Tokens.from_pieces(words), padding=tuple(word == "[PAD]" for word in words))
    plain = aw.diagnose(trace_of(*ordinary()), "fact")
    report = aw.diagnose(aw.Trace.from_weights(padded, text), "fact")
    assert "'it' at 16" in report.subject
    for finding, other in zip(plain.findings, report.findings, strict=True):
        assert finding.evidence == pytest.approx(other.evidence, rel=1e-5, abs=1e-6)
    with pytest.raises(aw.AttnWidgetError, match="not padding"):
        aw.diagnose(aw.Trace.from_weights(padded, text), query=-1)


def test_a_decoder_that_starts_with_padding_is_not_padded():
    maps = noise(0) / noise(0).sum(-1, keepdim=True)
    report = aw.diagnose(trace_of(maps, words=["<pad>", *WORDS[1:]]))
    assert "attention to padding" in report.skipped


def test_every_part_of_a_generated_translation_has_a_report(translator):
    trace = translator.generate([5, 6, 7, 8, 9, 10, 11, 12, 13], max_new_tokens=12)
    reports = {part: aw.diagnose(trace, part=part) for part in ("encoder", "decoder", "cross")}
    assert "repetition loop" in reports["encoder"].skipped
    assert "repetition loop" in reports["cross"].skipped
    assert "repetition loop" not in reports["decoder"].skipped
    assert "thin attention" not in reports["cross"].skipped


@pytest.fixture(scope="module")
def translator():
    torch.manual_seed(0)
    sizes = {"d_model": 32, "d_kv": 8, "num_layers": 2, "num_heads": 4, "d_ff": 64, "vocab_size": 64}
    return aw.load(T5ForConditionalGeneration(T5Config(**sizes, decoder_start_token_id=0, eos_token_id=None)).eval())


def test_many_heads_are_compared_on_few_rows_or_not_at_all(monkeypatch):
    monkeypatch.setattr("attnwidget.measures.diagnosis.diagnose.PAIRS_OF_WEIGHTS", 10)
    assert "aw.redundancy" in aw.diagnose(trace_of(*ordinary())).skipped["redundant heads"]
