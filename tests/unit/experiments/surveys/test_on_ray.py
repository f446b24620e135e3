"""A survey on Ray finds what it finds here, and loses nothing where workers end."""

import os
import signal
import sys
from pathlib import Path
from threading import Lock

import numpy as np
import pytest

import attnwidget as aw
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.surveys.on_ray import RayOptions, ray_options

TEXTS = [
    f"The {animal} sat on the {place}." for animal in ("cat", "dog", "bird", "fox") for place in ("mat", "road")
] * 5
CLAIM = aw.claim("L0H2", reads="previous token")


@pytest.mark.parametrize(
    "engine",
    [
        "spark",
        7,
        {"workers": 2},
        {"name": "ray", "threads": 2},
        {"name": "ray", "cpus": -1},
        {"name": "ray", "workers": 0},
    ],
)
def test_an_engine_that_is_none_is_refused_before_any_text_is_read(engine):
    with pytest.raises(AttnWidgetError):
        aw.survey(aw.load(), TEXTS, CLAIM, engine=engine)


def test_options_are_numbers_of_any_kind():
    given = {"name": "ray", "workers": np.int64(2), "cpus": 0.5, "gpus": np.float32(1)}
    assert ray_options(given) == RayOptions(2, 0.5, 1.0)


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(AttnWidgetError, match=r"pip install \"attnwidget\[ray\]\""):
        aw.survey(aw.load(), TEXTS, CLAIM, engine="ray")


START = {"include_dashboard": False, "object_store_memory": 100_000_000}


def started(start):
    """Ray starts processes that give each other 15 seconds, which is not much on a machine that is busy with others."""
    os.environ.setdefault("RAY_raylet_start_wait_time_s", "240")
    for left in (2, 1, 0):
        try:
            return start()
        except Exception:
            if not left:
                raise
    return None


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_cluster_that_is_gone_is_said_and_what_was_computed_is_kept(tmp_path):
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    cluster = started(lambda: Cluster(initialize_head=True, head_node_args={**START, "num_cpus": 0}))
    try:
        only = started(lambda: cluster.add_node(num_cpus=1, object_store_memory=100_000_000))
        ray.init(address=cluster.address, log_to_driver=False)
        nodes = [only]

        def lose(done, total):
            if done >= 8 and nodes:
                cluster.remove_node(nodes.pop(), allow_graceful=False)

        with pytest.raises(AttnWidgetError, match="What was computed with keep= is kept: see to the cluster"):
            aw.survey(aw.load(), TEXTS * 9, CLAIM, engine="ray", batch=4, keep=tmp_path, progress=lose)
    finally:
        ray.shutdown()
        cluster.shutdown()
    kept = len(list(tmp_path.glob("answers-*")))
    assert kept >= 2
    found = aw.survey(aw.load(), TEXTS[: 4 * kept], CLAIM, batch=4, keep=tmp_path, progress=False)
    assert len(found) == 4 * kept


@pytest.fixture(scope="module")
def cluster():
    """Two workers of one thread each, on this machine alone."""
    ray = pytest.importorskip("ray")
    started(lambda: ray.init(address="local", num_cpus=2, log_to_driver=False, _node_ip_address="127.0.0.1", **START))
    yield ray
    ray.shutdown()


def alike(one, other):
    assert [answer.number for answer in one.answers] == [answer.number for answer in other.answers]
    assert np.abs(one.values - other.values).max() <= 1e-6
    for name, table in one.controls.items():
        assert np.abs(table - other.controls[name]).max() <= 1e-6


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_numbers_are_those_of_one_process(cluster, tmp_path):
    model = aw.load()
    texts = [*TEXTS, "", ("The cat sat.", "It slept."), *TEXTS[:3]]
    options = {"controls": ["shuffled words", "another head"], "seed": 3, "batch": 4, "progress": False}
    here = aw.survey(model, texts, CLAIM, **options)
    there = aw.survey(model, iter(texts), CLAIM, engine={"name": "ray", "workers": 2}, keep=tmp_path, **options)
    alike(here, there)
    assert (there.recipe["hash"], there.unread) == (here.recipe["hash"], here.unread)
    assert cluster.is_initialized()
    again = aw.survey(model, texts, CLAIM, engine={"name": "ray", "workers": 2}, keep=tmp_path, **options)
    alike(here, again)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_worker_that_is_killed_loses_nothing(cluster, tmp_path):
    killed = tmp_path / "killed"
    driver = os.getpid()

    def length(trace):
        if "fox" in trace.text.text and not killed.exists() and os.getpid() != driver:
            killed.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        return float(len(trace.text))

    model = aw.load()
    there = aw.survey(model, TEXTS, length, engine={"name": "ray", "workers": 2}, batch=4, progress=False)
    assert int(killed.read_text()) != driver
    alike(there, aw.survey(model, TEXTS, length, batch=4, progress=False))


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_batch_that_ends_every_worker_is_said_and_the_others_are_kept(cluster, tmp_path):
    driver = os.getpid()

    def length(trace):
        if trace.text.text == "The end." and os.getpid() != driver:
            os.kill(os.getpid(), signal.SIGKILL)
        return float(len(trace.text))

    model, texts = aw.load(), [*TEXTS[:12], "The end."]
    with pytest.raises(AttnWidgetError, match="workers have ended at the texts 12 to 12"):
        aw.survey(model, texts, length, engine={"name": "ray", "workers": 1}, batch=4, keep=tmp_path, progress=False)
    kept = {file.name.rsplit("-", 1)[0] for file in Path(tmp_path).glob("answers-*")}
    assert kept == {"answers-0-3", "answers-4-7", "answers-8-11"}


@pytest.mark.long
@pytest.mark.timeout(600)
def test_more_workers_than_fit_and_questions_that_cannot_be_sent_are_refused(cluster):
    with pytest.raises(AttnWidgetError, match="3 workers of 1 CPU and 0 GPU each do not fit: the cluster has 2 CPU"):
        aw.survey(aw.load(), TEXTS, CLAIM, engine={"name": "ray", "workers": 3})
    lock = Lock()
    with pytest.raises(AttnWidgetError, match="The question cannot be sent to other processes"):
        aw.survey(aw.load(), TEXTS, lambda trace: float(len(trace.text) + lock.locked()), engine="ray", progress=False)
