"""The data and the file of a saved page; how the page answers from them is tested in js, against the same fixture."""

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.errors import AttnWidgetError
from attnwidget.export.data import page_data, precision
from attnwidget.export.held import held
from attnwidget.export.log_scale import as_steps, least, worst
from attnwidget.export.page import Shell, page_html
from attnwidget.frames.codec import encode_frame
from tests.unit.export import saved_cases
from tests.unit.frames.frames_read import decode
from tests.unit.traces import random_trace

FIXTURE = Path(__file__).parents[2] / "fixtures" / "saved_v1.json"
NEAR = {"rel": worst(20) + 1e-6, "abs": 2 * least(20)}
HOSTILE = "</script><!-- ]]> \u2028 <b onload=x> & \" ' \x00 </style> \ud800"


# --------------------------------------------------------------------------------------------------- the scale


def from_steps(found, steps):
    """What the page makes of the bytes."""
    return np.where(found == 0, 0.0, np.exp((found.astype(np.float64) - 255) / steps))


@pytest.mark.parametrize(("steps", "percent"), [(20, 2.6), (10, 5.2)])
def test_steps_are_as_true_as_they_say(steps, percent):
    weights = torch.logspace(-5.4, 0, 5000)
    found = from_steps(as_steps(weights, steps), steps)
    error = 100 * float(np.abs(found / weights.numpy() - 1).max())
    assert 0.9 * percent < error < percent
    assert error / 100 <= worst(steps) + 1e-5
    small = torch.linspace(0, least(steps), 100)
    assert float(np.abs(from_steps(as_steps(small, steps), steps) - small.numpy()).max()) <= 1.1 * least(steps)
    assert as_steps(torch.tensor([0.0, 1.0]), steps).tolist() == [0, 255]


# ------------------------------------------------------------------------------------------------------ the data


@pytest.mark.parametrize("kind", ["all", "layer", "head"])
def test_what_is_held_is_what_the_trace_says(monkeypatch, kind):
    header, arrays = decode(encode_frame(saved_cases.saved(monkeypatch, kind)))
    trace = saved_cases.trace()
    longest = max(np.asarray(aw.value_norms(trace, layer)).max() for layer in range(4))
    assert len(header["held"]) == {"all": 16, "layer": 4, "head": 1}[kind]
    for pair, steps in zip(header["held"], arrays["maps"], strict=True):
        assert from_steps(steps, 20) == pytest.approx(trace.weights(*pair).numpy(), **NEAR)
    assert arrays["exact"] == pytest.approx(trace.weights(1, 2).numpy(), rel=1e-5, abs=1e-6)
    for layer in range(4):
        exact = trace.weights(layer).numpy()
        assert arrays["rows"][layer] == pytest.approx(exact[:, 7], rel=1e-5, abs=1e-6)
        assert arrays["columns"][layer] == pytest.approx(exact[:, :, 7], rel=1e-5, abs=1e-6)
        norms = np.asarray(aw.value_norms(trace, layer))
        assert arrays["norms"][layer] == pytest.approx(norms / longest, rel=2e-3)
        if kind != "all":
            pooled = exact.reshape(4, 3, 4, 3, 4).max((2, 4))
            assert from_steps(arrays["pooled"][layer], 20) == pytest.approx(pooled, **NEAR)
    assert ("pooled" in arrays) is (kind != "all")


def test_both_languages_read_the_same_pages(monkeypatch):
    cases = {kind: saved_cases.saved(monkeypatch, kind) for kind in ("all", "layer", "head")}
    asked = [{"request": request, "answer": saved_cases.asked(request)} for request in saved_cases.REQUESTS]
    if not FIXTURE.exists():
        pages = {kind: saved_cases.packed(frame) for kind, frame in cases.items()}
        FIXTURE.write_text(json.dumps({"pages": pages, "asked": asked}, indent=1) + "\n")
    golden = json.loads(FIXTURE.read_text())
    for kind, frame in cases.items():
        stored_header, stored = decode(gzip.decompress(base64.b64decode(golden["pages"][kind])))
        # Pages said of themselves that they are saved, until what a source can do was asked of it.
        del stored_header["about"]["saved"]
        header, arrays = decode(encode_frame(frame))
        assert _plain(header) == _plain(stored_header)
        for name, array in arrays.items():
            # The order of sums is each processor's own: what differs is small beside the largest number.
            size = float(np.nanmax(np.abs(array.astype(float)), initial=0))
            share = 2e-3 if array.dtype == "f2" else 1e-5
            near = {"abs": 1} if array.dtype == "u1" else {"rel": share, "abs": share * size}
            assert stored[name].astype(float) == pytest.approx(array.astype(float), **near, nan_ok=True), name
    for new, old in zip(asked, golden["asked"], strict=True):
        assert json.loads(json.dumps(new["request"])) == old["request"]
        assert _answered(new["answer"]) == _answered(old["answer"])


def _plain(header):
    """Without numbers that may differ in their last digit."""
    facts = {name: {key: told[key] for key in ("title", "recipe", "sinks")} for name, told in header["facts"].items()}
    unsteady = ("facts", "predictions", "metrics", "similar", "neuron", "blocks")
    return {name: told for name, told in header.items() if name not in unsteady}, facts


def _answered(answer):
    """What is told, without numbers that may differ in their last digit."""
    if len(answer) > 1 or not answer["buffers"]:
        names = [name for told in answer.values() if isinstance(told, dict) for name in told]
        # Older answers came all at once: they said nothing of the layers that are done.
        return sorted(answer), [name for name in names if name != "measured"]
    header, arrays = decode(base64.b64decode(answer["buffers"][0]))
    kept = ("title", "recipe", "query", "sinks", "layer", "head", "rows", "columns")
    return {name: header.get(name) for name in kept}, {name: array.shape for name, array in arrays.items()}


def test_every_token_has_its_predictions():
    model = aw.load()
    trace = model.trace("The capital of France is Paris.")
    traits = {"layer": 1, "head": 2, "query": (3, 4), "direction": "reads", "part": "self"}
    found = page_data(trace, {}, traits, model.piece).header["predictions"]
    assert [each["position"] for each in found] == list(range(len(trace.text)))
    assert found[3]["top"][0]["piece"] == model.predict(trace, 3).top[0].piece


def test_a_text_that_is_too_long_is_refused():
    long = aw.Trace.from_weights([torch.eye(2049)[None]], ["a"] * 2049)
    with pytest.raises(AttnWidgetError, match="2,049 tokens"):
        held(long, "self", 0, 0)


@pytest.mark.parametrize("kind", ["all", "layer", "head"])
def test_what_is_missing_and_how_exact_it_is_are_said(monkeypatch, kind):
    page = saved_cases.saved(monkeypatch, kind)
    assert {"all": "all heads", "layer": "layer 1 completely", "head": "L1H2 completely"}[kind] in page.header[
        "missing"
    ]
    assert "“bank” (token 7)" in page.header["missing"]
    assert "L1H2" in precision(page)
    assert "2.5 %" in precision(page)


# ------------------------------------------------------------------------------------------------------ the file


class Seen(HTMLParser):
    """Tags, and the texts of the scripts, styles and titles."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.inside, self.open = [], {}, None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in {"script", "style", "title"}:
            self.open = self.inside.setdefault((tag, dict(attrs).get("type")), [])
            self.open.append("")

    def handle_endtag(self, _tag):
        self.open = None

    def handle_data(self, data):
        if self.open is not None:
            self.open[-1] += data

    def meta(self, name):
        return next(dict(attrs)["content"] for tag, attrs in self.tags if attrs.get("http-equiv") == name)


@pytest.fixture
def page(monkeypatch):
    data = saved_cases.saved(monkeypatch, "all")
    shell = Shell(*[HOSTILE] * 5)
    return page_html(data, shell, 'export const a = "</script><!--";\n', "b { color: red }")


def test_only_what_is_in_the_file_may_run(page):
    seen = Seen(page)
    policy = seen.meta("Content-Security-Policy")
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    scripts = seen.inside["script", None] + seen.inside["script", "module"]
    for text in scripts + seen.inside["style", None]:
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy
    assert len(re.findall("'sha256-", policy)) == 4


def test_hostile_words_stay_words(page):
    page.encode()  # half a surrogate pair would not travel
    seen = Seen(page)
    assert [tag for tag, _ in seen.tags].count("script") == 3
    assert {"b", "blockquote"} & {tag for tag, _ in seen.tags} == {"blockquote"}
    assert not any(name.startswith("on") for _, attributes in seen.tags for name in attributes)


def test_nothing_is_loaded(page):
    for tag, attributes in Seen(page).tags:
        assert "src" not in attributes, tag
        assert attributes.get("href", "data:,") == "data:,"
    assert "://" not in page
    assert "url(" not in page


def test_hostile_tokens_are_in_the_data_alone():
    pieces = ["</script>", "<!--", "]]>", "\u2028", "a"]
    trace = aw.Trace.from_weights([torch.eye(5)[None]], pieces)
    traits = {"layer": 0, "head": 0, "query": (0, 1), "direction": "reads", "part": "self", "text": trace.text.text}
    html = page_html(page_data(trace, {}, traits, str), Shell("", "", "", "", ""), "", "")
    inside = Seen(html).inside["script", "application/gzip"][0]
    header, _ = decode(gzip.decompress(base64.b64decode(inside)))
    assert header["frame"]["tokens"]["pieces"] == pieces


@pytest.mark.parametrize(("causal", "steps"), [(True, 20), (False, 8)])
def test_a_page_of_12_x_12_heads_and_128_tokens_is_small_enough(causal, steps):
    """Noise, the worst there is for compression; a bundle of 270 KB and its style fit in too."""
    traits = {"layer": 5, "head": 3, "query": (9, 10), "direction": "reads", "part": "self"}
    data = page_data(random_trace(12, 12, 128, causal=causal), {}, traits, str)
    assert data.header["steps"] == steps
    assert len(page_html(data, Shell("", "", "", "", ""), "", "")) < (3 << 20) - (300 << 10)
