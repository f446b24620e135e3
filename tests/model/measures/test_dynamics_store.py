"""Heads over training, kept in a folder: runs that are taken up again, and stores of something else."""

import numpy as np
import pytest

import attnwidget as aw
from attnwidget.errors import AttnWidgetError, Cancelled
from attnwidget.experiments.training.dynamics import dynamics
from tests.model.measures.small_checkpoints import IDS, QUICK, gpt2, refuses_to_load, same


def test_stored_checkpoints_are_not_loaded_again(tmp_path):
    sources = {step: gpt2(step) for step in (0, 1, 2)}
    first = dynamics(sources, IDS, store=tmp_path)
    same(dynamics(dict.fromkeys(sources, "gone"), IDS, store=tmp_path, load=refuses_to_load), first)
    same(dynamics(sources, IDS), first)


def test_a_run_that_was_cancelled_goes_on_where_it_stopped(tmp_path):
    heard = []
    sources = {step: gpt2(step) for step in range(4)}
    with pytest.raises(Cancelled), aw.stopping_when(lambda: (2, 4) in heard):
        dynamics(
            sources,
            IDS,
            measures=QUICK,
            store=tmp_path,
            progress=lambda done, total: heard.append((done, total)),
        )
    assert heard == [(0, 4), (1, 4), (2, 4)]
    later = {step: source if step > 1 else (lambda: refuses_to_load("")) for step, source in sources.items()}
    same(dynamics(later, IDS, measures=QUICK, store=tmp_path), dynamics(sources, IDS, measures=QUICK))


def test_a_run_that_died_goes_on_where_it_stopped(tmp_path):
    def breaks():
        raise RuntimeError("the machine is gone")

    with pytest.raises(RuntimeError, match="is gone"):
        dynamics([gpt2, breaks], IDS, measures=QUICK, store=tmp_path)
    same(
        dynamics([breaks, lambda: gpt2(1)], IDS, measures=QUICK, store=tmp_path),
        dynamics([gpt2(), gpt2(1)], IDS, measures=QUICK),
    )


def test_a_checkpoint_between_two_stored_ones_changes_what_the_later_one_is_compared_with(tmp_path):
    sources = {step: gpt2(step) for step in (0, 1, 2, 3)}
    dynamics({step: sources[step] for step in (0, 2, 3)}, IDS, measures=QUICK, store=tmp_path)
    same(dynamics(sources, IDS, measures=QUICK, store=tmp_path), dynamics(sources, IDS, measures=QUICK))


def test_a_store_of_something_else_is_refused_in_a_sentence(tmp_path):
    model = gpt2()
    dynamics({"start": model}, IDS, store=tmp_path)
    for others, what in (
        ({"texts": [[1, 2, 3]]}, "different texts"),
        ({"measures": {"entropy": aw.entropy}}, "different measures"),
        ({"part": "self"}, "different part"),
    ):
        with pytest.raises(AttnWidgetError, match=what) as caught:
            dynamics(**{"checkpoints": {"start": model}, "texts": IDS, "store": tmp_path, **others})
        assert "\n" not in str(caught.value)


def test_a_store_of_another_run_is_refused(tmp_path):
    for run in ("one", "other"):
        gpt2().save_pretrained(tmp_path / run)
    dynamics({5: tmp_path / "one"}, IDS, store=tmp_path / "store")
    with pytest.raises(AttnWidgetError, match="separate store"):
        dynamics({5: str(tmp_path / "other")}, IDS, store=tmp_path / "store")


def test_a_damaged_store_and_one_that_cannot_be_are_refused(tmp_path):
    dynamics([gpt2()], IDS, store=tmp_path / "store")
    for file in (tmp_path / "store").glob("numbers-*.npz"):
        file.write_bytes(file.read_bytes()[:50])
    with pytest.raises(AttnWidgetError, match="Delete it"):
        dynamics([gpt2()], IDS, store=tmp_path / "store")
    (tmp_path / "file").write_text("")
    with pytest.raises(AttnWidgetError, match=r"store=.* cannot be used"):
        dynamics([gpt2()], IDS, store=tmp_path / "file")


def test_a_store_holds_rows_of_the_last_checkpoint_alone_and_nothing_to_execute(tmp_path):
    dynamics({"a/b": gpt2(), "a b": gpt2(1)}, IDS, store=tmp_path)
    files = sorted(file.name.split("-")[0] for file in tmp_path.iterdir())
    assert files == ["numbers", "numbers", "rows"]
    for file in tmp_path.iterdir():
        with np.load(file, allow_pickle=False) as found:
            assert all(found[name].dtype.kind in "fU" for name in found.files)
