"""``sweep``: runs what a plan asks for and a store doesn't have yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from dualgap.core.errors import UsageError
from dualgap.plugins.registry import registry
from dualgap.study.sweep.cases import Case, Job, Outcome
from dualgap.study.sweep.engines import Engine
from dualgap.study.sweep.plan import Plan
from dualgap.study.sweep.store import Store


@dataclass(frozen=True)
class Grid:
    """What a plan amounts to beside a store.

    Attributes:
        jobs: every run. missing: those that the store doesn't have, and those that never got to their solver's end.
    """

    jobs: tuple[Job, ...]
    missing: tuple[Job, ...]

    @property
    def instances(self) -> int:
        return len({job.case.instance for job in self.jobs})

    @property
    def longest(self) -> float:
        """Seconds that the missing runs take at most, one after the other."""
        return sum(job.case.settings.time for job in self.missing)


@dataclass
class Progress:
    """How far a sweep is."""

    total: int
    done: int = 0
    failures: int = 0
    refusals: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float | None:
        """Seconds that the rest will take, if it goes on as it went; None before the first run."""
        return (time.monotonic() - self.began) / self.done * (self.total - self.done) if self.done else None

    def note(self, outcome: Outcome) -> None:
        self.done += 1
        self.refusals += bool(outcome.run.get("refused"))
        self.failures += bool(outcome.run.get("error"))


def grid(plan: Plan, folder: Path, store: Store | None) -> Grid:
    """Every run of a plan by its key.

    Raises:
        SpecError: an instance can't be loaded. UsageError: an unknown solver or parameter.
    """
    jobs: dict[str, Job] = {}
    plugins = tuple(registry().paths)
    for case in plan.cases(folder):
        key = case.key()
        jobs.setdefault(key, Job(case, key, plugins=plugins))
    known = store.known(list(jobs)) if store is not None else set()
    return Grid(tuple(jobs.values()), tuple(job for key, job in jobs.items() if key not in known))


def sweep(
    found: Grid,
    store: Store,
    engine: Engine,
    *,
    name: str,
    resume: bool = False,
    again: bool = False,
    on_run: Callable[[Outcome, Progress], None] | None = None,
) -> Progress:
    """Makes the runs and keeps each as it comes.

    Args:
        found: the plan's runs.
        store: where they are kept.
        engine: makes them.
        name: of the sweep.
        resume: make only what is missing. again: make all, in place of earlier ones.
        on_run: called with each outcome once it is kept.

    Raises:
        UsageError: the store has some of the runs, and neither ``resume`` nor ``again`` says what to do.
        KeyboardInterrupt: somebody interrupted; what has come is kept.
    """
    there = len(found.jobs) - len(found.missing)
    if there and not (resume or again):
        raise UsageError(
            f"{store.path} has {there} of these {len(found.jobs)} runs: --resume makes the others, --again all of them"
        )
    jobs = found.jobs if again else found.missing
    progress = Progress(len(jobs))
    with closing(engine.outcomes(jobs)) as outcomes:
        for outcome in outcomes:
            store.add(outcome, name)
            progress.note(outcome)
            if on_run is not None:
                on_run(outcome, progress)
    return progress


def expected(found: Grid, store: Store) -> float | None:
    """Seconds that the missing runs take one after the other, if each takes what its solver's runs took on average.

    None where a solver of theirs has no run in the store.
    """
    seconds: dict[str, list[float]] = {}
    for row in store.rows():
        seconds.setdefault(row["label"], []).append(row["seconds"])
    names = [_name(job.case) for job in found.missing]
    if any(name not in seconds for name in names):
        return None
    return sum(sum(seconds[name]) / len(seconds[name]) for name in names)


def _name(case: Case) -> str:
    return case.label or case.prepared.label or case.prepared.name
