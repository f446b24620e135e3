"""Batches answered by Ray Data: a model on each worker, texts and answers streaming through."""

import asyncio
import logging
import os
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from queue import Empty, Queue
from threading import Thread
from typing import Any

from attnwidget.arguments import real_number, whole_from_one
from attnwidget.engine import AttentionModel
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.surveys.running import BatchAnswers, BatchRunner, ItemBatch

AnswerWith = Callable[[AttentionModel, ItemBatch], BatchAnswers]
"""What a worker does with its model and a batch; it is sent to the workers."""

AHEAD = 4
"""Batches on their way for each worker: one is answered, the others wait for it or for being kept."""

TRIES = 4
"""So often a batch is begun whose workers die: then it is the batch that ends them."""

PATIENCE_WITH_RAY = 5.0
"""Seconds without an answer, after which is asked whether the cluster is still there."""

PATIENCE_AT_THE_END = 20.0
"""Seconds, for Ray to put its workers away."""

GO_ON = "What was computed with keep= is kept: see to the cluster, and call again to go on."

ENGINE = 'Give engine="ray", or {"name": "ray", "workers": 4, "cpus": 2, "gpus": 1}'


@dataclass(frozen=True)
class RayOptions:
    """How many workers (None: as many as the cluster has room for), and what each of them needs."""

    workers: int | None = None
    cpus: float = 1
    gpus: float = 0


def ray_options(engine: Any) -> RayOptions | None:
    """What `engine=` of a survey asks for; None for no engine. Raises AttnWidgetError for anything else.

    >>> ray_options({"name": "ray", "workers": 2}), ray_options(None)
    (RayOptions(workers=2, cpus=1, gpus=0), None)
    """
    if engine is None:
        return None
    given = {"name": engine} if isinstance(engine, str) else engine
    if (
        not isinstance(given, Mapping)
        or given.get("name") != "ray"
        or given.keys() - {"name", "workers", "cpus", "gpus"}
    ):
        raise AttnWidgetError(f"engine={engine!r:.80} is not valid. {ENGINE}.")
    needs = {name: real_number(given[name]) for name in ("cpus", "gpus") if name in given}
    if any(one is None or one < 0 for one in needs.values()):
        raise AttnWidgetError(f"engine={engine!r:.80} is not valid: cpus and gpus are numbers, 0 or more.")
    workers = None if given.get("workers") is None else whole_from_one("workers", given["workers"])
    return RayOptions(workers, **{name: one for name, one in needs.items() if one is not None})


def run_on_ray(model: AttentionModel, answer: AnswerWith, options: RayOptions) -> BatchRunner:
    """Batches answered on the Ray cluster that this process is connected to, else on one that is found or started.

    What was connected or started here is ended here. The model travels with its weights, once to each machine, so a
    model that was changed in a notebook is the one that answers. Every worker has a copy; with `gpus` it stands there.
    Batches are sent as they are read, `AHEAD` for each worker, and arrive in any order. A worker that dies is replaced,
    and its batch given to another one.

    Raises AttnWidgetError without Ray, for a model that cannot be sent, for a cluster without room for a worker, and
    when the cluster is gone.
    """

    def run(batches: Iterator[ItemBatch]) -> Iterator[tuple[ItemBatch, BatchAnswers]]:
        sent: dict[int, ItemBatch] = {}
        numbers = count()
        more = True
        with ExitStack() as held:
            line: _Line | None = None
            while more or sent:
                while more and (line is None or len(sent) < line.room):
                    batch = next(batches, None)
                    if batch is None:
                        more = False
                        if line is not None:
                            line.end(next(numbers))
                    elif not batch:
                        yield (), ()
                    else:
                        line = line or held.enter_context(_line(model, answer, options))
                        number = next(numbers)
                        sent[number] = batch
                        line.send(number, batch)
                if line is not None and sent:
                    number, answers = line.next()
                    if isinstance(answers, AttnWidgetError):
                        raise answers
                    if number in sent:  # Ray may repeat what it has lost
                        yield sent.pop(number), answers
                        line.done(number)

    return run


class _Feed:
    """Batches between this process, which reads them, and Ray Data: each is kept until it is answered.

    Ray may ask for a batch again when a worker is lost.
    """

    def __init__(self) -> None:
        self._batches: dict[int, bytes] = {}
        self._begun: dict[int, int] = {}
        self._sent = 0
        self._end: int | None = None
        self._changed = asyncio.Condition()

    async def send(self, number: int, batch: bytes) -> None:
        async with self._changed:
            self._batches[number] = batch
            self._sent = number + 1
            self._changed.notify_all()

    async def end(self, total: int) -> None:
        async with self._changed:
            self._end = total
            self._changed.notify_all()

    async def begin(self, number: int) -> int:
        """How many times this batch has been begun before."""
        self._begun[number] = self._begun.get(number, -1) + 1
        return self._begun[number]

    async def done(self, number: int) -> None:
        self._batches.pop(number, None)
        self._begun.pop(number, None)

    async def get(self, number: int) -> bytes | None:
        """A batch, once it is there; b"" if it is answered already, None behind the last."""
        async with self._changed:
            await self._changed.wait_for(lambda: number < self._sent or self._end is not None)
        return self._batches.get(number, b"") if number < self._sent else None


class _Worker:
    """A model, and what is done with it: what Ray Data calls with batches, one at a time."""

    def __init__(self, model: Any, answer: Any, feed: Any, *, gpu: bool) -> None:
        import ray

        self._feed = feed

        self._model = pickle.loads(ray.get(model))()  # noqa: S301  what the driver has sent
        self._answer = pickle.loads(ray.get(answer))  # noqa: S301
        if gpu:
            self._model.model.to("cuda")

    def __call__(self, table: Any) -> Any:
        import pyarrow as pa

        rows = zip(table["number"].to_pylist(), table["batch"].to_pylist(), strict=True)
        return pa.table({"number": table["number"], "answers": [pickle.dumps(self._answered(*row)) for row in rows]})

    def _answered(self, number: int, batch: bytes) -> Any:
        """The answers, or the error that ends the survey: it would be the same for every batch."""
        import ray

        if not batch:
            return ()
        items = pickle.loads(batch)  # noqa: S301
        if ray.get(self._feed.begin.remote(number)) >= TRIES:
            texts = f"{items[0].number} to {items[-1].number}"
            return AttnWidgetError(
                f"{TRIES} workers have ended at the texts {texts}: memory, or the model, fails there."
            )
        try:
            return self._answer(self._model, items)
        except AttnWidgetError as error:
            return AttnWidgetError(str(error))


@dataclass(eq=False)
class _Line:
    """A running pipeline: batches go in, answers come out."""

    ray: Any
    feed: Any
    arrived: "Queue[Any]"
    """Tables, and at last the error that ended it."""
    room: int
    options: RayOptions
    ended: bool = False

    def send(self, number: int, batch: ItemBatch) -> None:
        with _in_sentences(self.ray):
            self.ray.get(self.feed.send.remote(number, pickle.dumps(list(batch))))

    def end(self, total: int) -> None:
        with _in_sentences(self.ray):
            self.ray.get(self.feed.end.remote(total))
        self.ended = True

    def done(self, number: int) -> None:
        with _in_sentences(self.ray):
            self.feed.done.remote(number)

    def next(self) -> tuple[int, Any]:
        """The next answers. Without a machine Ray waits for one that may never come, so this is asked in between."""
        while True:
            try:
                table = self.arrived.get(timeout=PATIENCE_WITH_RAY)
                break
            except Empty:
                with _in_sentences(self.ray):
                    room = _room(self.ray.cluster_resources(), self.options)
                if not room:
                    raise AttnWidgetError(f"The Ray cluster is gone: no worker has room there. {GO_ON}") from None
        if not isinstance(table, BaseException):
            (number,), (answers,) = table["number"].to_pylist(), table["answers"].to_pylist()
            return number, pickle.loads(answers)  # noqa: S301  from our own workers
        with _in_sentences(self.ray):
            raise table


@contextmanager
def _in_sentences(ray: Any) -> Iterator[None]:
    try:
        yield
    except (ray.exceptions.RayError, ConnectionError, RuntimeError) as error:
        said = str(getattr(error, "cause", None) or error).strip().splitlines() or [type(error).__name__]
        raise AttnWidgetError(f"Ray failed: {said[-1][:300].rstrip('.')}. {GO_ON}") from error


@contextmanager
def _line(model: AttentionModel, answer: AnswerWith, options: RayOptions) -> Iterator[_Line]:
    try:
        import ray
        from ray import data
    except ImportError:
        raise AttnWidgetError(
            'engine="ray" needs Ray Data, which is not installed: pip install "attnwidget[ray]".'
        ) from None
    with ExitStack() as held:
        with _in_sentences(ray):
            held.enter_context(_connected(ray))
            workers = _workers(ray.cluster_resources(), options)
            model_there, answer_there = _packed(model, ray), _packed_answer(answer, ray)
            here = ray.get_runtime_context().get_node_id()  # other machines may come and go
            beside: Any = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(here, soft=False)
            feed = ray.remote(num_cpus=0, scheduling_strategy=beside)(_Feed).remote()
        held.callback(_quietly, ray.kill, feed)
        held.enter_context(_quiet(data))
        answers = _streamed(data, feed, (model_there, answer_there, feed), workers, options)
        arrived: Queue[Any] = Queue()

        def stream() -> None:
            try:
                for table in answers:
                    arrived.put(table)
                arrived.put(RuntimeError("it ended before all texts were answered"))
            except BaseException as error:  # noqa: BLE001  it is raised where answers are waited for
                arrived.put(error)

        thread = Thread(target=stream, name="attnwidget-ray", daemon=True)
        thread.start()
        line = _Line(ray, feed, arrived, AHEAD * workers, options)
        try:
            yield line
        finally:
            if not line.ended:
                _quietly(ray.kill, feed)  # nobody waits for more: Ray gives up, and its workers are free again
            thread.join(PATIENCE_AT_THE_END)


def _streamed(data: Any, feed: Any, given: tuple[Any, ...], workers: int, options: RayOptions) -> Iterator[Any]:
    source = data.read_datasource(_source(data, feed), num_cpus=0, override_num_blocks=1)
    answered = source.map_batches(
        _Worker,
        fn_constructor_args=given,
        fn_constructor_kwargs={"gpu": options.gpus > 0},
        batch_size=1,
        batch_format="pyarrow",
        compute=data.ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=2),
        num_cpus=options.cpus,
        num_gpus=options.gpus,
    )
    return iter(answered.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0))


def _source(data: Any, feed: Any) -> Any:
    """The feed as something that Ray Data reads."""
    from ray.data.block import BlockMetadata

    def read() -> Iterator[Any]:
        import pyarrow as pa
        import ray

        for number in count():
            batch = ray.get(feed.get.remote(number))
            if batch is None:
                return
            yield pa.table({"number": [number], "batch": [batch]})

    class Feeding(data.Datasource):  # Ray is an extra: made where it is there
        def get_read_tasks(self, *_: Any, **__: Any) -> list[Any]:
            about = BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)
            return [data.ReadTask(read, about)]

        def estimate_inmemory_data_size(self) -> int | None:
            return None

    return Feeding()


@contextmanager
def _connected(ray: Any) -> Iterator[None]:
    if ray.is_initialized():
        yield
        return
    # Without an address Ray may look for a cluster that somebody else has started on this machine, or that has ended.
    given = os.environ.get("RAY_ADDRESS")
    start: dict[str, Any] = {} if given else {"address": "local", "include_dashboard": False}
    try:
        ray.init(**start, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:
        what = f"reached at {given}" if given else "started here"
        raise AttnWidgetError(f"No Ray cluster could be {what}: {error}. {GO_ON}") from error
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _quiet(data: Any) -> Iterator[Any]:
    """The settings of Ray Data for as long as this lasts: no bars of its own, no lines about its plans."""
    context, log = data.DataContext.get_current(), logging.getLogger("ray.data")
    before = (context.enable_progress_bars, context.target_max_block_size, log.level)
    context.enable_progress_bars = False
    # A batch is a row and a block of its own: Ray would wait until 128 MB of texts have come together.
    context.target_max_block_size = 1
    log.setLevel(logging.ERROR)
    try:
        yield context
    finally:
        context.enable_progress_bars, context.target_max_block_size, level = before
        log.setLevel(level)


def _workers(resources: Mapping[str, float], options: RayOptions) -> int:
    """How many workers there are. Raises AttnWidgetError where the cluster has no room for them."""
    room = _room(resources, options)
    wanted = options.workers or max(1, room)
    if wanted > room:
        has = f"{resources.get('CPU', 0):g} CPU and {resources.get('GPU', 0):g} GPU"
        raise AttnWidgetError(
            f"{wanted} workers of {options.cpus:g} CPU and {options.gpus:g} GPU each do not fit: the cluster has {has}. "
            "Ask for fewer."
        )
    return wanted


def _room(resources: Mapping[str, float], options: RayOptions) -> int:
    needs = {"CPU": options.cpus, "GPU": options.gpus}
    return min((int(resources.get(name, 0) // need) for name, need in needs.items() if need), default=1)


def _packed(model: AttentionModel, ray: Any) -> Any:
    """The model in the cluster's object store, as what makes it again."""
    parts = {"processor": model.processor, "teaching": model.facts.teaching, "preparation": model.preparation}
    plain = type(model) is AttentionModel

    def again(made: Any = (model.model, model.tokenizer, model.name, parts) if plain else model) -> AttentionModel:
        if isinstance(made, AttentionModel):
            return made
        module, tokenizer, name, others = made
        return AttentionModel(module, tokenizer, name, **others)

    return _sent(ray, again, f"{model.name} cannot be sent to other processes")


def _packed_answer(answer: AnswerWith, ray: Any) -> Any:
    return _sent(ray, answer, "The question cannot be sent to other processes")


def _sent(ray: Any, what: Any, refusal: str) -> Any:
    try:
        return ray.put(ray.cloudpickle.dumps(what))
    except (TypeError, AttributeError, pickle.PicklingError, RuntimeError) as error:
        raise AttnWidgetError(f"{refusal}: {error}. Leave engine= out, and it is asked here.") from None


def _quietly(call: Callable[[Any], object], given: Any) -> None:
    with suppress(Exception):  # it is gone already
        call(given)
