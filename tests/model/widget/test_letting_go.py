"""What an explorer holds on to, and for how long: models, readings, threads."""

import copy
import gc
import resource
import subprocess
import sys
import threading
import weakref

import ipywidgets
import pytest
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets.widgets.widget import _instances
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

import attnwidget as aw
from attnwidget.engine import go_on
from attnwidget.engine import model as engine_model
from attnwidget.errors import Cancelled
from attnwidget.widget.answering.worker import Worker
from attnwidget.widget.explorer import Explorer
from attnwidget.widget.selection.changing import turn
from tests.model.widget.played_page import Page

TEXT = "The cat sat on the mat."
STUCK = 120
"""Seconds after which a thread is held to be waited for by the one that it waits for."""


def own(tiny):
    """A model that nobody else has."""
    return aw.load(copy.deepcopy(tiny.model), tiny.tokenizer)


def dead(*found):
    gc.collect()
    return [each() for each in found] == [None] * len(found)


def shown(explorer, count=1):
    """What a page does that shows an explorer."""
    explorer._repr_mimebundle_()
    explorer.set_state({"_view_count": count})


def watched(explorer):
    return [weakref.ref(each) for each in (explorer, explorer.model, explorer.model.model, explorer.trace)]


# models and traces


def test_an_explorer_that_is_closed_keeps_no_model_though_it_is_kept(tiny):
    explorer = Explorer(own(tiny), TEXT)
    _, *held = watched(explorer)
    explorer.close()
    assert dead(*held)
    assert (explorer.text, explorer.model) == (TEXT, None)


def test_an_explorer_that_was_linked_is_not_kept_by_the_other_end(tiny):
    stays, closed, unlinked = Explorer(tiny, TEXT), Explorer(own(tiny), TEXT), Explorer(own(tiny), TEXT)
    stays.link(closed)
    link = unlinked.link(stays)
    held = [*watched(closed), *watched(unlinked)]
    closed.close()
    link.unlink()
    del closed, unlinked, link
    assert dead(*held)


def test_an_explorer_that_nobody_has_is_gone(tiny):
    explorer = Explorer(own(tiny), TEXT)
    explorer.observe(lambda _change: None, "layer")
    held = watched(explorer)
    explorer.snapshot()
    del explorer
    assert dead(*held)


def test_linked_explorers_are_let_go_in_the_midst_of_a_change_of_others(tiny):
    # Python collects rings in whatever thread it likes, which may hold what the thread that changes something waits for.
    changed, one, other = (Explorer(tiny, TEXT) for _ in range(3))
    one.link(other)
    ends, begun, gone = [weakref.ref(one), weakref.ref(other)], threading.Event(), threading.Event()
    waited = []

    def change():
        with turn(changed):
            begun.set()
            waited.append(gone.wait(STUCK))

    thread = threading.Thread(target=change)
    thread.start()
    begun.wait()
    del one, other
    assert dead(*ends)
    gone.set()
    thread.join()
    assert waited == [True]


def test_an_explorer_holds_itself_in_no_ring(tiny):
    """What is freed only when Python looks for rings is freed late: Python does not know how large a model is."""
    explorer = Explorer(own(tiny), TEXT)
    held = watched(explorer)
    shown(explorer)
    explorer.set_state({"_view_count": 0})
    explorer.snapshot()
    gc.collect()
    gc.disable()
    try:
        del explorer
        Explorer(tiny, TEXT)
        assert [each() for each in held] == [None] * 4
    finally:
        gc.enable()


def test_a_page_keeps_what_it_shows_until_the_cell_has_run_again(tiny):
    explorer = Explorer(own(tiny), TEXT)
    name, held = explorer.model_id, watched(explorer)
    shown(explorer)
    del explorer
    assert not dead(held[0])
    assert name in _instances  # a page that is loaded again asks ipywidgets for it
    # The cell is run again: a new explorer is made, and the view of the old one goes.
    Explorer(tiny, TEXT)
    assert not dead(held[0])
    _instances[name].set_state({"_view_count": 0})
    _instances[name].set_state({"_view_count": 1})  # a cell that was only moved
    Explorer(tiny, TEXT)
    assert not dead(held[0])
    _instances[name].set_state({"_view_count": 0})
    Explorer(tiny, TEXT)
    assert dead(*held)
    assert name not in _instances


def test_an_explorer_that_lost_its_views_can_be_shown_again(tiny, monkeypatch):
    explorer = Explorer(tiny, TEXT)
    shown(explorer)
    explorer.set_state({"_view_count": 0})
    Explorer(tiny, TEXT)
    assert _instances[explorer.model_id] is explorer  # a page that is opened again finds it
    assert explorer.trace.text.text == TEXT
    shown(explorer)
    assert _instances[explorer.model_id] is explorer
    assert Page(explorer, monkeypatch).frame(text=TEXT)


def test_a_cell_that_is_run_again_leaves_nothing_in_out(tiny):
    shell = InteractiveShell.instance()
    try:
        shell.user_ns["own"], held = lambda: Explorer(own(tiny), TEXT), []
        for _ in range(6):
            result = shell.run_cell("ex = own()\nex", store_history=True).result
            held.append(weakref.ref(result))
            shown(result)
            # The page takes the old view away once the cell has run again.
            for each in [found() for found in held[:-1]]:
                if each is not None:
                    each.set_state({"_view_count": 0})
            each = result = None
        gc.collect()
        # `_`, `__` and `___` are the last three; the one before is let go when the next explorer is made.
        assert [each() is None for each in held[:2]] == [True, True]
        assert shell.user_ns["_oh"][shell.execution_count - 1] is shell.user_ns["ex"]
    finally:
        InteractiveShell.clear_instance()


def test_an_explorer_in_a_box_is_kept_by_the_box(tiny):
    explorer = Explorer(tiny, TEXT)
    found = weakref.ref(explorer)
    box = ipywidgets.VBox([explorer])
    explorer.set_state({"_view_count": 1})
    del explorer
    assert not dead(found)
    assert found().model_id in _instances
    box.close()


@pytest.mark.long
def test_thirty_runs_of_a_cell_take_the_memory_of_a_few(tiny):
    """A model of 30 MB is made, explored and shown in every run."""
    config = GPT2Config(n_layer=2, n_head=2, n_embd=512, n_positions=64, vocab_size=len(tiny.tokenizer))
    before, held, size, explorer = 0, [], 0, None
    for run in range(30):
        model = GPT2LMHeadModel(config)
        size = sum(each.numel() * each.element_size() for each in model.parameters())
        old, explorer = explorer, aw.explore(aw.load(model, tiny.tokenizer), TEXT)
        held.append(weakref.ref(model))
        explorer.trace  # noqa: B018  reads
        shown(explorer)
        if old is not None:
            old.set_state({"_view_count": 0})
        if run == 5:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    del old, model
    gc.collect()
    assert sum(each() is not None for each in held) <= 3  # the last, the one before, and what the next one lets go of
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before < 6 * size


# use after the end


def test_what_is_closed_says_so_in_one_sentence(tiny):
    explorer, other = Explorer(tiny, TEXT), Explorer(tiny, TEXT)
    state = explorer.state()
    explorer.close()
    explorer.close()
    for use in (
        lambda: explorer.trace,
        explorer.snapshot,
        lambda: explorer.save("never.html"),
        lambda: explorer.link(other),
        lambda: other.link(explorer),
        lambda: setattr(explorer, "text", "The dog."),
    ):
        with pytest.raises(aw.AttnWidgetError, match="is closed"):
            use()
    explorer.layer, explorer.query = 2, 1
    assert explorer.wait(5)
    assert explorer.state() == {**state, "layer": 2, "head": 0, "heads": [[2, 0]], "query": [1, 2]}
    assert aw.explore(tiny, state=explorer.state()).state() == explorer.state()
    assert "Explorer(" in repr(explorer)


def test_an_explorer_is_shown_twice(tiny, monkeypatch):
    explorer = Explorer(tiny, TEXT)
    for count in (1, 2):
        assert "application/vnd.jupyter.widget-view+json" in explorer._repr_mimebundle_()[0]
        explorer.set_state({"_view_count": count})
    explorer.set_state({"_view_count": 1})
    Explorer(tiny, TEXT)
    assert explorer.model_id in _instances
    assert Page(explorer, monkeypatch).frame(text=TEXT)


def test_a_cell_that_waits_is_told_when_its_explorer_is_closed(tiny, monkeypatch):
    explorer, reads, told = Explorer(tiny, TEXT), threading.Event(), []

    def slowly(*_texts, **_how):
        reads.set()
        while True:
            go_on()
            threading.Event().wait(0.001)

    monkeypatch.setattr(explorer._session, "read", slowly)

    def wait():
        with pytest.raises(aw.AttnWidgetError, match="closed") as error:
            explorer.trace  # noqa: B018  reads
        told.append(error)

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    assert reads.wait(60)
    explorer.close()
    waiting.join(60)
    assert told


def test_what_is_cancelled_has_a_sentence_and_no_index():
    def cancel():
        raise Cancelled

    with pytest.raises(aw.AttnWidgetError, match="stopped"):
        Worker().result(cancel, topic=None, timeout=60)


def test_a_worker_that_has_ended_takes_nothing_more():
    worker, ran = Worker(), []
    worker.result(lambda: ran.append(1), topic=None, timeout=60)
    worker.end()
    worker.join(60)
    assert worker._thread is None
    with pytest.raises(aw.AttnWidgetError, match="Python is exiting"):
        worker.result(lambda: ran.append(1), topic=None, timeout=60)
    assert len(ran) == 1


# the end of Python

READING = """
import sys, threading, torch, attnwidget as aw
from transformers import GPT2Config, GPT2LMHeadModel
tiny = aw.load()
model = GPT2LMHeadModel(GPT2Config(n_layer=40, n_head=8, n_embd=128, n_positions=512, vocab_size=len(tiny.tokenizer)))
explorer = aw.explore(aw.load(model, tiny.tokenizer), "cat")
reads = threading.Event()
read = explorer._session.model.trace
def telling(*given, progress, **options):
    def heard(done):
        progress(done)
        reads.set()
    return read(*given, progress=heard, **options)
explorer._session.model.trace = telling
explorer._on_request(None, {"id": "1", "kind": "frame", "text": "cat " * 500}, [])
assert reads.wait(120)
print("reads", flush=True)
"""

ENDS = {"": 0, "sys.exit(3)": 3, "raise ValueError('mine')": 1}


@pytest.mark.long
@pytest.mark.parametrize("end", ENDS)
def test_python_ends_in_good_order_while_a_text_is_read(end):
    ran = subprocess.run(
        [sys.executable, "-c", READING + end], capture_output=True, text=True, timeout=300, check=False
    )
    assert (ran.returncode, ran.stdout) == (ENDS[end], "reads\n"), ran.stderr
    assert "terminate" not in ran.stderr
    assert ran.stderr.count("Traceback") == (1 if "raise" in end else 0)


KEPT = """
import sys, attnwidget as aw
from attnwidget.widget import explorer
aw.shown = aw.explore(text="The cat sat.")
sys.kept = aw, explorer  # what Python ends with: modules that are emptied, the one with the explorer last
"""


@pytest.mark.long  # another Python
def test_python_ends_in_silence_with_an_explorer_in_a_module():
    ran = subprocess.run([sys.executable, "-c", KEPT], capture_output=True, text=True, timeout=300, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


# tokens


@pytest.fixture
def cuts(monkeypatch):
    """Every text that a tokenizer is asked to cut."""
    seen, call = [], PreTrainedTokenizerFast.__call__

    def counted(self, text=None, *given, **options):
        seen.append(text)
        return call(self, text, *given, **options)

    monkeypatch.setattr(PreTrainedTokenizerFast, "__call__", counted)
    return seen


def test_a_keystroke_is_tokenised_once(tiny, cuts, monkeypatch):
    explorer = Explorer(own(tiny), TEXT)
    page = Page(explorer, monkeypatch)
    page.frame(text=TEXT)
    assert page.end_of(page.ask("verify", text=TEXT))[0]["status"] == "ok"
    cuts.clear()
    typed = TEXT + " It"
    page.sets(text=typed, query=[7, 8])
    page.frame(text=typed, query=[7, 8], caret=[len(typed)] * 2)
    page.end_of(page.ask("strip", text=typed))
    page.sets(query=[2, 3], direction="read_by")
    assert explorer.trace.text.text == typed
    assert len(cuts) == 1


def test_tokens_are_those_of_the_tokenizer_as_it_is_now(tiny):
    tokenizer = copy.deepcopy(tiny.tokenizer)
    model = aw.load(copy.deepcopy(tiny.model), tokenizer)
    before = model.sequences("The <new> cat")["text"]
    assert model.sequences("The <new> cat")["text"] is before
    tokenizer.add_tokens(["<new>"])
    model.model.resize_token_embeddings(len(tokenizer))
    assert "<new>" in model.sequences("The <new> cat")["text"].pieces
    assert len(model.trace("The <new> cat", first=2).text) == 2


def test_what_another_thread_reads_while_the_tokenizer_is_renewed_is_of_the_new_one(tiny, monkeypatch):
    tokenizer = copy.deepcopy(tiny.tokenizer)
    model = aw.load(copy.deepcopy(tiny.model), tokenizer)
    model.sequences("The <new> cat")
    tokenizer.add_tokens(["<new>"])
    model.model.resize_token_embeddings(len(tokenizer))
    pieces = []

    def beside():
        pieces.extend(model.sequences("The <new> cat")["text"].pieces)

    def renewed(most):
        monkeypatch.undo()
        thread = threading.Thread(target=beside)
        thread.start()
        thread.join()
        return engine_model.Recent(most)

    monkeypatch.setattr(engine_model, "Recent", renewed)
    model.sequences("The <new> cat")
    assert "<new>" in pieces
