"""The bar of a long experiment in a notebook: once it is done, the notebook keeps nothing of it."""

import IPython.display
import pytest
from tqdm import tqdm as console_bar
from tqdm.notebook import tqdm as notebook_bar

from attnwidget.experiments import progress


def eager(bars):
    """They are drawn at every step, however soon it comes."""

    class Eager(bars):
        def __init__(self, **options):
            super().__init__(**{**options, "delay": 1e-9, "mininterval": 0})

    return Eager


class Shown:
    def __init__(self):
        self.updates = []

    def update(self, data, raw=False):
        self.updates.append((data, raw))


@pytest.fixture
def shown(monkeypatch):
    put = []

    def display(_widget, display_id=False):
        assert display_id
        put.append(Shown())
        return put[-1]

    monkeypatch.setattr(IPython.display, "display", display)
    monkeypatch.setattr(progress, "tqdm", eager(notebook_bar))
    return put


def test_nothing_of_a_bar_stays_in_a_notebook(shown):
    with progress.shown_progress(None, "texts") as step:
        for done in range(1, 4):
            step(done, 3)
    assert [one.updates for one in shown] == [[({"text/html": ""}, True)]]


def test_a_bar_that_was_interrupted_stays(shown):
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [one.updates for one in shown] == [[]]


def test_a_console_has_a_bar_of_its_own(monkeypatch, capsys):
    monkeypatch.setattr(progress, "tqdm", eager(console_bar))
    with progress.shown_progress(None, "texts") as step:
        step(2, 3)
    assert "texts" in capsys.readouterr().err


def interrupted():
    with progress.shown_progress(None, "texts") as step:
        step(1, 3)
        raise KeyboardInterrupt
