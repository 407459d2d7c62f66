"""Where the runs of a sweep are made: processes of this machine, or a Dask cluster. The coordinator alone stores them.

Cases travel, not problems: each process closes the instances that it meets and keeps the last few. Files must therefore
lie under the same path wherever a worker runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from dualgap.core.errors import UsageError
from dualgap.engine.environment import machine
from dualgap.study.sweep.cases import Case, Outcome
from dualgap.study.sweep.perform import failed, perform

if TYPE_CHECKING:
    from distributed import Client

TRIES = 3
"""How often a run is begun whose worker dies."""


@dataclass(frozen=True)
class Job:
    """A case with its key, and how often it was begun before."""

    case: Case
    key: str
    attempts: int = 0


class Engine(Protocol):
    """Makes runs somewhere."""

    def outcomes(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """The outcomes as they come, in any order; closing the iterator ends what is running."""


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

    def outcomes(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """A process that dies takes the pool along: what was in flight is tried again, each run in its own pool."""
        left = {job.key: job for job in jobs}
        while left:
            try:
                for outcome in self._pooled(list(left.values())):
                    del left[outcome.key]
                    yield outcome
            except _broken():
                for job in list(left.values())[: 2 * self.workers]:
                    yield self._alone(replace(job, attempts=job.attempts + 1))
                    del left[job.key]

    def _pooled(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        from joblib import Parallel, delayed

        pool = Parallel(n_jobs=self.workers, return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs")
        yield from pool(delayed(perform)(job.case, job.key, job.attempts + 1) for job in jobs)

    def _alone(self, job: Job) -> Outcome:
        """Runs one that may have killed its process, until it has been begun often enough."""
        while job.attempts < TRIES:
            try:
                return next(iter(self._single(job)))
            except _broken():
                job = replace(job, attempts=job.attempts + 1)
        return lost(job)

    def _single(self, job: Job) -> Iterator[Outcome]:
        from joblib import Parallel, delayed

        yield from Parallel(n_jobs=2, return_as="generator_unordered", batch_size=1)(
            [delayed(perform)(job.case, job.key, job.attempts + 1)]
        )


def _broken() -> type[BaseException]:
    """What joblib raises when a process is gone."""
    from joblib.externals.loky.process_executor import BrokenProcessPool

    found: type[BaseException] = BrokenProcessPool
    return found


def lost(job: Job) -> Outcome:
    """What is kept of a run whose workers die."""
    message = f"its worker died {job.attempts} times"
    instance = job.case.instance
    run = failed(job.case, message).data()
    return Outcome(job.key, run, instance.name, instance.size, 0.0, "", job.attempts, machine())


@dataclass(frozen=True)
class Dask:
    """Workers of a Dask scheduler; of a local cluster where no address is given."""

    address: str
    workers: int

    def outcomes(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """A worker that dies is replaced by another one: Dask begins its runs again there, and counts it."""
        with self._client() as client:
            from distributed import as_completed

            by_future = {
                client.submit(perform, job.case, job.key, key=f"dualgap-{job.key}", pure=False, retries=0): job
                for job in jobs
            }
            try:
                for future in as_completed(list(by_future)):
                    job = by_future.pop(future)
                    yield _gathered(client, future, job)
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
        with dask.config.set({"distributed.scheduler.allowed-failures": TRIES - 1}):
            if self.address:
                try:
                    client = Client(self.address, timeout="10s")
                except OSError as error:
                    raise UsageError(f"no scheduler answers at {self.address}: {error}") from None
                with client:
                    yield client
                return
            with (
                LocalCluster(n_workers=self.workers, threads_per_worker=1, dashboard_address=None) as cluster,
                Client(cluster) as client,
            ):
                yield client


def _gathered(client: Client, future: Any, job: Job) -> Outcome:
    from distributed.scheduler import KilledWorker

    began = client.run_on_scheduler(_begun, key=future.key)
    try:
        outcome: Outcome = future.result()
    except KilledWorker:
        return lost(replace(job, attempts=began))
    return replace(outcome, attempts=began)


def _begun(key: str, dask_scheduler: Any = None) -> int:
    """How often the scheduler has begun a task."""
    task = dask_scheduler.tasks.get(key)
    return 1 + (task.suspicious if task is not None else 0)
