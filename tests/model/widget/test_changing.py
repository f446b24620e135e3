"""Changes of explorers: from several threads, along links, with observers that raise, whole or not at all."""

import copy
import faulthandler
import logging
import sys
import threading
from itertools import cycle, islice

import pytest
import traitlets
from transformers import GPT2Config, GPT2LMHeadModel, T5Config, T5ForConditionalGeneration

import attnwidget as aw
from attnwidget.widget import explorer as module
from attnwidget.widget.explorer import Explorer
from tests.model.small import small, words
from tests.model.widget.played_page import Page

TEXT = "The cat sat on the mat."
STUCK = 120
"""Seconds after which threads are held to wait for each other; nothing here takes a tenth of it."""


@pytest.fixture
def explorer(tiny):
    return Explorer(tiny, TEXT)


@pytest.fixture
def page(explorer, monkeypatch):
    return Page(explorer, monkeypatch)


@pytest.fixture(autouse=True)
def _threads_take_turns_quickly():
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


def made(tiny, count, text=TEXT):
    return [Explorer(tiny, text) for _ in range(count)]


def at_once(*works):
    """Run functions in threads of their own, which begin together; what they raise is raised."""
    errors, start = [], threading.Barrier(len(works))

    def run(work):
        start.wait()
        try:
            work()
        except BaseException as error:  # noqa: BLE001  raised again below
            errors.append(error)

    threads = [threading.Thread(target=run, args=[work], daemon=True) for work in works]
    faulthandler.dump_traceback_later(STUCK)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(STUCK)
    faulthandler.cancel_dump_traceback_later()
    assert not any(thread.is_alive() for thread in threads), "the threads wait for each other"
    if errors:
        raise errors[0]


def sets(explorer, name, values, times=60):
    def work():
        for value in islice(cycle(values), times):
            setattr(explorer, name, value)

    return work


def agree(*explorers, names=("layer", "head", "heads", "direction", "query", "view", "filter", "look")):
    for name in names:
        assert len({str(getattr(each, name)) for each in explorers}) == 1, name
    for each in explorers:
        assert (each.layer, each.head) in each.heads
        assert {part: getattr(each, part) for part in each.look} == each.look


# links

GRAPHS = {
    "chain": [(0, 1), (1, 2)],
    "both directions": [(0, 1), (1, 0), (1, 2)],
    "cycle": [(0, 1), (1, 2), (2, 3), (3, 0)],
    "star": [(0, 1), (0, 2), (0, 3)],
    "all": [(one, other) for one in range(4) for other in range(one)],
}


@pytest.mark.parametrize("graph", GRAPHS)
def test_linked_explorers_that_are_set_from_several_threads_come_to_agree(tiny, graph):
    explorers = made(tiny, 4 if max(map(max, GRAPHS[graph])) == 3 else 3)
    for one, other in GRAPHS[graph]:
        explorers[one].link(explorers[other])
    at_once(
        sets(explorers[0], "layer", range(4)),
        sets(explorers[-1], "layer", [3, 1, 2, 0]),
        sets(explorers[1], "head", range(4)),
        sets(explorers[-1], "view", ["lines", "matrix", "layers"]),
    )
    agree(*explorers)


def test_a_smaller_model_in_a_ring_does_not_pull_the_larger_one_back(tiny):
    config = GPT2Config(n_layer=2, n_head=2, n_embd=8, n_positions=64, vocab_size=len(tiny.tokenizer))
    small = Explorer(aw.load(GPT2LMHeadModel(config), tiny.tokenizer), TEXT)
    one, other = made(tiny, 2)
    one.link(small), small.link(other), other.link(one)
    one.heads = ["L3H3"]
    assert (one.heads, other.heads, small.heads) == (((3, 3),), ((3, 3),), ((1, 1),))


def test_a_link_of_one_trait_takes_what_follows_from_it_to_other_links(tiny):
    one, other, third = made(tiny, 3)
    one.link(other, "layer")
    other.link(third)
    one.layer = 2
    assert (third.layer, third.heads) == (2, ((2, 0),))


def test_traitlets_own_links_and_ours_do_not_ring(tiny):
    one, other = made(tiny, 2)
    heard = []
    one.link(other)
    traitlets.link((one, "layer"), (other, "layer"))
    for each in (one, other):
        each.observe(lambda change: heard.append((change["owner"], change["new"])), "layer")
    one.layer = 2
    other.layer = 1
    assert heard == [(one, 2), (other, 2), (other, 1), (one, 1)]


def test_a_link_in_the_page_beside_ours_comes_to_rest(tiny, monkeypatch):
    """A jslink copies in the page what comes from the kernel, and the page says what it has copied."""
    one, other = made(tiny, 2)
    one.link(other)
    state, messages = {one: 0, other: 0}, 0

    def arrives(each):
        def hear(names):
            nonlocal messages
            messages += 1
            assert messages < 100, "it rings for ever"
            if "layer" not in names:
                return
            state[each] = each.layer
            across = other if each is one else one
            if state[across] != state[each]:
                state[across] = state[each]
                across.set_state({"layer": state[across]})

        return hear

    for each in (one, other):
        monkeypatch.setattr(each, "send_state", arrives(each))
    one.layer = 3
    other.set_state({"layer": 1})
    one.set_state({"layer": 2})
    assert (one.layer, other.layer, *state.values()) == (2, 2, 2, 2)


def test_an_end_that_is_let_go_is_not_kept(tiny):
    one, other = made(tiny, 2)
    link = one.link(other)
    link.unlink()
    assert one.links == other.links == ()


# threads

VALUES = {
    "text": [TEXT, "The dog ran.", "Two words and more of them."],
    "layer": range(4),
    "head": range(4),
    "heads": [["L1H2", "L3H0"], ["L0H0"], [(2, 1), (2, 2)]],
    "query": [0, (0, 2), -1],
    "direction": ["reads", "read_by"],
    "view": ["lines", "matrix", "flow"],
    "filter": ["auto", "all", "top 5"],
    "look": [{"words": True}, {"sinks": "hide"}, {"words": False, "sinks": "show"}],
    "words": [True, False],
    "against": ["", "The dog."],
}


def test_every_trait_is_set_by_four_threads_while_observers_set_others(explorer):
    told = {}
    explorer.send_state = lambda names: told.update({name: getattr(explorer, name) for name in names})
    explorer.observe(lambda change: setattr(explorer, "direction", ["reads", "read_by"][change["new"] % 2]), "layer")
    explorer.observe(lambda _change: setattr(explorer, "layer", 1), "view")
    explorer.observe(lambda _change: setattr(explorer, "words", True), "direction")

    def all_of(shift):
        def work():
            for turn in range(12):
                for name, values in VALUES.items():
                    if name != "query" or shift == 0:
                        setattr(explorer, name, values[(turn + shift) % len(values)] if name != "query" else 0)

        return work

    def of_the_page():
        for turn in range(25):
            explorer.set_state(
                {"heads": [[turn % 4, 1]], "layer": turn % 4, "head": 1, "view": VALUES["view"][turn % 3]}
            )
            with explorer.hold_trait_notifications():
                explorer.layer = turn % 4
                explorer.head = 2

    at_once(*map(all_of, range(3)), of_the_page)
    agree(explorer)
    start, stop = explorer.query
    assert 0 <= start < stop <= len(explorer.trace.text)


def test_a_page_hears_the_newest_value_last(explorer, monkeypatch):
    told = []
    monkeypatch.setattr(explorer, "send_state", lambda names: told.append(explorer.layer) if "layer" in names else None)
    at_once(*(sets(explorer, "layer", [first, 3 - first], 99) for first in range(4)))
    assert told[-1] == explorer.layer


def test_an_observer_may_wait_for_a_thread_that_sets(explorer):
    """Nobody holds a lock while observers run."""

    def ask(_change):
        other = threading.Thread(target=lambda: setattr(explorer, "view", "lines"), daemon=True)
        other.start()
        other.join(STUCK)
        assert not other.is_alive()

    explorer.observe(ask, "layer")
    explorer.layer = 2
    assert explorer.view == "lines"


def test_state_is_set_where_the_model_is_run_while_an_observer_waits_for_it(tiny, monkeypatch):
    """As a hook does: it sets a trait on the worker's thread, and whoever waits for the worker holds nothing it needs."""
    explorer = Explorer(tiny, TEXT)
    read, before = explorer._session.read, []

    def reading(*texts, **how):
        explorer.layer = 3
        before.append(threading.current_thread().name)
        return read(*texts, **how)

    monkeypatch.setattr(explorer._session, "read", reading)
    traces = []
    explorer.observe(lambda _change: traces.append(explorer.trace), "text")
    at_once(lambda: setattr(explorer, "text", "The dog ran."), sets(explorer, "view", ["lines", "matrix"]))
    assert (explorer.layer, traces[0].text.text) == (3, "The dog ran.")
    assert before == ["attnwidget"]


def test_the_trace_is_there_on_the_workers_own_thread(explorer):
    found = explorer._worker.result(lambda: explorer.trace, topic=None, timeout=STUCK)
    assert found.text.text == TEXT


def test_the_part_that_is_chosen_while_a_text_is_read_stays(tiny, monkeypatch):
    config = T5Config(vocab_size=len(tiny.tokenizer), d_model=16, d_kv=8, d_ff=16, num_layers=2, num_heads=2)
    config.num_decoder_layers = 3
    config.decoder_start_token_id = 0
    explorer = Explorer(aw.load(T5ForConditionalGeneration(config), tiny.tokenizer), TEXT)
    explorer.trace  # noqa: B018  from now on the parts are known
    seen, halfway, chosen = module.seen, threading.Event(), threading.Event()

    def slowly(trace):
        found = seen(trace)
        part = found.of(explorer.part)
        halfway.set()
        assert chosen.wait(STUCK)
        return part

    monkeypatch.setattr(module, "seen", slowly)
    explorer.text = "The dog ran."
    reader = threading.Thread(target=lambda: explorer.wait(STUCK), daemon=True)
    reader.start()
    assert halfway.wait(STUCK)
    explorer.part = "decoder"
    chosen.set()
    reader.join(STUCK)
    assert (explorer.part, len(explorer._shown.heads)) == ("decoder", 3)


def test_what_the_page_chooses_waits_for_no_reading(tiny, monkeypatch):
    """While a text is read for the first time nobody knows the heads of the cross part; messages go on being heard."""
    config = T5Config(vocab_size=len(tiny.tokenizer), d_model=16, d_kv=8, d_ff=16, num_layers=2, num_heads=2)
    config.decoder_start_token_id = 0
    explorer = Explorer(aw.load(T5ForConditionalGeneration(config), tiny.tokenizer), TEXT)
    page, read, asked, go_on = Page(explorer, monkeypatch), explorer._session.read, threading.Event(), threading.Event()

    def slowly(*texts, **how):
        asked.set()
        assert go_on.wait(STUCK)
        return read(*texts, **how)

    monkeypatch.setattr(explorer._session, "read", slowly)
    first = page.ask("frame", text=TEXT, part="encoder")
    assert asked.wait(STUCK)
    messages = threading.Thread(target=lambda: (page.sets(part="cross"), page.sets(view="lines")), daemon=True)
    messages.start()
    messages.join(STUCK / 4)
    waited = messages.is_alive()
    go_on.set()
    assert not waited
    assert page.end_of(first)[0]["status"] == "ok"
    assert (explorer.part, explorer.view) == ("cross", "lines")
    page.sets(layer=1, head=1)
    assert (explorer.layer, explorer.head) == (1, 1)


# pages and observers that raise


def test_a_line_to_a_page_that_breaks_keeps_nobody_else_from_hearing(tiny, monkeypatch, caplog):
    explorers = made(tiny, 3)
    explorers[0].link(explorers[1])
    explorers[0].link(explorers[2])
    told, heard = [], []

    def breaks(number):
        def send(names):
            told.append((number, "layer" in names))
            raise OSError(f"line {number} is broken")

        return send

    for number, one in enumerate(explorers):
        monkeypatch.setattr(one, "send_state", breaks(number))
        one.observe(heard.append, "layer")
    with caplog.at_level(logging.ERROR), pytest.raises(OSError, match="line 0 is broken"):
        explorers[0].layer = 2
    assert [one.layer for one in explorers] == [2, 2, 2]
    assert sorted(told) == [(0, True), (1, True), (2, True)]
    assert sorted(map(id, (change["owner"] for change in heard))) == sorted(map(id, explorers))
    assert sorted(str(record.exc_info[1]) for record in caplog.records) == ["line 1 is broken", "line 2 is broken"]


def test_an_error_of_an_observer_is_the_users_and_the_others_hear(explorer, page, caplog):
    heard = []

    def fail(_change):
        raise ValueError("mine")

    explorer.observe(fail, "layer")
    explorer.observe(heard.append, "layer")
    explorer.observe(heard.append, "head")
    with pytest.raises(ValueError, match="mine"):
        explorer.layer = 2
    assert (explorer.layer, explorer.heads, len(heard)) == (2, ((2, 0),), 1)
    caplog.clear()
    page.sets(layer=3, head=1)
    assert (explorer.layer, explorer.head, len(heard)) == (3, 1, 3)
    assert any(record.exc_info and "mine" in str(record.exc_info[1]) for record in caplog.records)
    assert "dropped" not in caplog.text


def test_an_observer_that_chooses_what_is_not_there_hears_so_itself(explorer, page, caplog):
    explorer.observe(lambda _change: setattr(explorer, "layer", 99), "view")
    with pytest.raises(aw.AttnWidgetError, match="layer"):
        explorer.view = "lines"
    caplog.clear()
    page.sets(view="flow")
    assert (explorer.view, explorer.layer) == ("flow", 0)
    assert "dropped" not in caplog.text
    assert any(record.exc_info for record in caplog.records)


def test_what_is_the_pages_fault_is_still_said_to_be(explorer, page, caplog):
    explorer.observe(lambda _change: 1 / 0, "head")
    page.sets(layer=99, view="lines", head=1)
    assert (explorer.layer, explorer.view, explorer.head) == (0, "lines", 1)
    assert "attnwidget dropped what the page set: " in caplog.text
    assert [type(record.exc_info[1]) for record in caplog.records if record.exc_info] == [ZeroDivisionError]


def test_an_error_of_an_observer_does_not_hide_that_of_a_bad_value(explorer, caplog):
    def fails(_change):
        raise KeyError("an observer's own")

    explorer.observe(fails, "layer")
    other = explorer.layer + 1

    def choose():
        with explorer.hold_sync():
            explorer.layer = other
            explorer.layer = 99

    with pytest.raises(aw.AttnWidgetError, match="no layer 99"):
        choose()
    assert explorer.layer == other
    assert "an observer's own" in caplog.text


def test_errors_of_several_observers_are_all_told(explorer, caplog):
    explorer.observe(lambda _change: 1 / 0, "layer")
    explorer.observe(lambda _change: {}[0], "layer")
    with caplog.at_level(logging.ERROR), pytest.raises(ZeroDivisionError):
        explorer.layer = 1
    assert [type(record.exc_info[1]) for record in caplog.records] == [KeyError]


def test_the_page_is_told_once_and_not_what_it_said_itself(explorer, monkeypatch):
    told = []
    monkeypatch.setattr(explorer, "send_state", lambda names: told.append(sorted(names)))
    explorer.show("L2H3")
    explorer.set_state({"layer": 1, "head": 0, "heads": [[1, 0]]})
    explorer.set_state({"layer": 3})
    with explorer.hold_sync():
        explorer.layer, explorer.view = 0, "lines"
    assert told == [["head", "heads", "layer"], ["heads"], ["heads", "layer", "view"]]


# whole or not at all


def test_a_state_with_a_field_that_does_not_fit_changes_nothing(explorer, monkeypatch):
    before, heard = explorer.state(), []
    explorer.observe(heard.append)
    monkeypatch.setattr(explorer, "send_state", heard.append)
    wrong = {
        **before,
        "text": "The dog ran.",
        "layer": 3,
        "heads": [[3, 1]],
        "query": [0, 1],
        "view": "lines",
        "look": {"sinks": "gone"},
    }
    with pytest.raises(aw.AttnWidgetError, match="look") as error:
        explorer.restore(wrong)
    assert "sinks must be one of" in str(error.value)
    assert (explorer.state(), explorer.trace.text.text, heard) == (before, TEXT, [])


def test_a_state_that_fits_is_one_update(explorer, monkeypatch):
    told, seen = [], []
    monkeypatch.setattr(explorer, "send_state", told.append)
    explorer.observe(lambda _change: seen.append(explorer.state()), ["layer", "view", "text"])
    state = {"text": "The dog ran.", "layer": 3, "head": 1, "heads": [[3, 1]], "view": "lines", "query": [1, 2]}
    explorer.restore(state)
    assert len(told) == 1
    assert len(seen) == 3
    assert all({name: one[name] for name in state} == state for one in seen)


def test_a_state_of_explore_that_does_not_fit_names_the_field():
    with pytest.raises(aw.AttnWidgetError, match="query of this state"):
        aw.explore(text=TEXT, state={"layer": 1, "query": [90, 91]})


# values are not changed in place


def test_a_look_is_not_changed_behind_the_explorers_back(explorer):
    def item(look):
        look["words"] = True

    def away(look):
        del look["words"]

    for change in (item, away, lambda look: look.update(words=True), lambda look: look.clear()):
        with pytest.raises(aw.AttnWidgetError, match=r"ex\.words = True"):
            change(explorer.look)
    with pytest.raises(aw.AttnWidgetError, match=r"ex\.words = True"):
        explorer.look |= {"words": True}
    assert (explorer.look["words"], explorer.words) == (False, False)
    for same in (copy.copy(explorer.look), copy.deepcopy(explorer.look)):
        assert same == explorer.look
    explorer.look = {**explorer.look, "words": True}
    assert explorer.words


def test_what_state_and_the_page_gave_is_not_ours(explorer):
    state = explorer.state()
    state["look"]["words"] = True
    state["heads"][0][0] = 3
    given = {"heads": [[1, 2]], "look": {"words": False}}
    explorer.set_state(given)
    given["heads"][0][0] = 3
    given["look"]["words"] = True
    assert (explorer.heads, explorer.words, explorer.look["words"]) == (((1, 2),), False, False)


# ------------------------------------------------------------------------------------- a query that its text outlived


@pytest.fixture
def encoder():
    """An explorer of a model whose texts stand between [CLS] and [SEP], with all words chosen, and what its page is told."""
    made = Explorer(aw.load(small("class"), words(special=True)), "the river bank was quiet", query=(1, 6))
    told = []
    made.send_state = lambda key=None: told.append(set(key))
    return made, told


@pytest.mark.parametrize("text", ["the bank", "the river bank was", "who ?"])
def test_words_that_were_chosen_never_become_a_special_token(encoder, text):
    explorer, told = encoder
    explorer.text = text
    assert explorer.query == (1, len(text.split()) + 1)
    assert told == [{"text", "query"}]


def test_special_tokens_stay_where_they_were_asked_for(encoder):
    explorer, _ = encoder
    explorer.query = (1, 7)
    explorer.direction = "read_by"
    assert explorer.query == (1, 7)
    explorer.query = 0
    explorer.text = "the bank"
    assert explorer.query == (0, 1)


def test_a_page_that_writes_says_the_query_itself(encoder):
    """What is fitted for the text of the page would take the caret away from whoever writes there."""
    explorer, told = encoder
    explorer.set_state({"text": "the bank"})
    assert (explorer.query, told) == ((1, 3), [])
    explorer.observe(lambda _: setattr(explorer, "query", 0), "text")
    explorer.set_state({"text": "the river"})
    assert (explorer.query, told) == ((0, 1), [{"query"}])


def test_a_frame_that_is_asked_for_with_an_old_query_ends_with_the_last_word(encoder, monkeypatch):
    explorer, _ = encoder
    page = Page(explorer, monkeypatch)
    assert page.frame(text="the bank", query=[1, 6])[0]["query"] == [1, 3]
