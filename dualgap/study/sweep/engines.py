"""Where the runs of a sweep are made: processes of this machine, or a Dask cluster. The coordinator alone stores them.

Cases travel, not problems: each process closes the instances that it meets and keeps the last few. Files must therefore
lie under the same path wherever a worker runs.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

import psutil

from dualgap.core.errors import UsageError
from dualgap.study.sweep.cases import Job, Outcome
from dualgap.study.sweep.perform import failed, perform

if TYPE_CHECKING:
    from distributed import Client, Future

TRIES = 3
"""How often a run is begun whose worker dies."""

_PATIENCE = 10.0  # seconds that a scheduler has to answer
_ANY_PORT = "127.0.0.1:0"
_BEGUN = "dualgap-begun"  # the topic under which Dask's workers tell that they begin a run


class Engine(Protocol):
    """Makes runs somewhere."""

    def outcomes(self, jobs: Sequence[Job]) -> Generator[Outcome]:
        """The outcomes as they come, in any order; closing the generator ends what is running."""


def engine(name: str, workers: int) -> Engine:
    """``joblib``, ``dask`` (a local cluster) or ``dask://HOST:PORT``.

    Raises:
        UsageError: another name.
    """
    if name == "joblib":
        return Joblib(workers)
    if name == "dask":
        return Dask("", workers)
    if name.startswith("dask://") and name != "dask://":
        return Dask("tcp://" + name.removeprefix("dask://"), workers)
    raise UsageError(f"there is no engine {name!r}; take joblib, dask or dask://HOST:PORT")


@dataclass(frozen=True)
class Joblib:
    """Processes of this machine."""

    workers: int

    def outcomes(self, jobs: Sequence[Job]) -> Generator[Outcome]:
        """A process that dies takes the pool along: what was begun then is tried again, each in a pool of its own."""
        left = {job.key: job for job in jobs}
        with TemporaryDirectory() as marks:
            while left:
                try:
                    for outcome in self._pooled(list(left.values()), self.workers, marks):
                        del left[outcome.key]
                        yield outcome
                except _broken():
                    begun = [job for job in left.values() if (Path(marks) / job.key).exists()]
                    for job in begun or list(left.values())[:1]:
                        yield self._alone(replace(job, attempts=job.attempts + 1), marks)
                        del left[job.key]

    def _alone(self, job: Job, marks: str) -> Outcome:
        """Makes a run that may have killed its process, until it has been begun often enough."""
        while job.attempts < TRIES:
            try:
                return next(self._pooled([job], 2, marks))  # one process at a time would be this one
            except _broken():
                job = replace(job, attempts=job.attempts + 1)
        return lost(job, f"its process died {job.attempts} times")

    @staticmethod
    def _pooled(jobs: Sequence[Job], workers: int, marks: str) -> Generator[Outcome]:
        from joblib import Parallel, delayed

        pool = Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs")
        yield from pool(delayed(_marked)(job, marks, os.getpid()) for job in jobs)


def _marked(job: Job, marks: str, coordinator: int) -> Outcome:
    """Leaves a mark for the coordinator: a process that is gone can't tell what it had begun."""
    if os.getpid() != coordinator:
        _follow(coordinator)
    (Path(marks) / job.key).touch()
    return perform(job)


@cache
def _follow(coordinator: int) -> None:
    """Has this process die with its coordinator: loky's would go on, and then wait for minutes."""
    threading.Thread(target=_outlive, args=(coordinator,), daemon=True).start()


def _outlive(coordinator: int) -> None:
    while os.getppid() == coordinator:  # psutil waits on for a dead one whose own parent hasn't asked for its status
        with suppress(psutil.Error):
            psutil.Process(coordinator).wait(timeout=1.0)
    os.kill(os.getpid(), signal.SIGKILL)


def _broken() -> type[BaseException]:
    """What joblib raises when a process is gone."""
    from joblib.externals.loky.process_executor import BrokenProcessPool

    found: type[BaseException] = BrokenProcessPool
    return found


def lost(job: Job, message: str) -> Outcome:
    """What is kept of a run that came back from nowhere."""
    instance = job.case.instance
    run = failed(job.case, message).data()
    return Outcome(job.key, run, instance.name, instance.size, time.time(), "", max(job.attempts, 1))


@dataclass(frozen=True)
class Dask:
    """Workers of a Dask scheduler; of a local cluster where no address is given."""

    address: str
    workers: int

    def outcomes(self, jobs: Sequence[Job]) -> Generator[Outcome]:
        """A worker that dies is replaced by another one: Dask begins its runs again there, as often as it is set to."""
        with self._client() as client:
            from distributed import as_completed

            begun: Counter[str] = Counter()
            client.subscribe_topic(_BEGUN, lambda event: begun.update([event[1]]))
            by_future = {client.submit(_announced, job, key=f"dualgap-{job.key}", pure=False): job for job in jobs}
            try:
                for future in as_completed(list(by_future)):
                    yield _gathered(future, by_future.pop(future), begun)
                    future.release()
            finally:
                client.cancel(list(by_future))

    @contextmanager
    def _client(self) -> Iterator[Client]:
        try:
            import dask
            from distributed import Client, LocalCluster
        except ImportError:
            raise UsageError("the Dask engine needs distributed: pip install 'dualgap[dask]'") from None
        if self.address:
            try:
                client = Client(self.address, timeout=_PATIENCE)
            except (OSError, ValueError) as error:
                raise UsageError(f"no scheduler answers at {self.address}: {error}") from None
            with client:
                yield client
            return
        with (
            dask.config.set({"distributed.scheduler.allowed-failures": TRIES - 1}),
            LocalCluster(
                n_workers=self.workers, threads_per_worker=1, dashboard_address=_ANY_PORT, silence_logs=logging.ERROR
            ) as cluster,
            Client(cluster) as client,
        ):
            client.run(_ignore_interrupts)
            yield client


def _ignore_interrupts() -> None:
    """A terminal interrupts all its processes: what becomes of the workers is the coordinator's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _announced(job: Job) -> Outcome:
    """Tells the coordinator first that a worker begins: Dask itself only counts those that died.

    It waits until the scheduler has the message. The worker's own ``log_event`` doesn't, and one that is killed takes
    it along; a client's does, at three times the price.
    """
    from distributed import get_worker
    from distributed.utils import sync

    worker = get_worker()
    sync(worker.loop, worker.scheduler.log_event, topic=_BEGUN, msg=job.key)
    return perform(job)


def _gathered(future: Future, job: Job, begun: Counter[str]) -> Outcome:
    """The outcome of a run that has ended, once it is here: one that died with its worker first is made again.

    Raises:
        UsageError: the scheduler is gone.
    """
    from concurrent.futures import CancelledError

    from distributed.scheduler import KilledWorker

    try:
        outcome: Outcome = future.result()
    except KilledWorker:
        return lost(replace(job, attempts=begun[job.key]), f"its worker died {begun[job.key]} times")
    except CancelledError:
        raise UsageError(
            "the scheduler is gone, or has dropped the runs: --resume makes those that are missing"
        ) from None
    except Exception as error:  # a worker without dualgap, say; the other runs go on
        return lost(replace(job, attempts=begun[job.key]), f"{type(error).__name__}: {error}")
    return replace(outcome, attempts=begun[job.key])
