"""``solve_batch``: many instances of one shape, a chunk at a time, every instance with its own certificate."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dualgap.core.batch import Batch, BatchClaim, Certificates
from dualgap.core.errors import NoRouteError, UsageError
from dualgap.core.problem import Problem
from dualgap.core.solver import Budget, Solver, Trait
from dualgap.engine.batch_files import read_arrays
from dualgap.engine.prepare import check_installed, prepare
from dualgap.plugins.registry import registry

_CHUNK_BYTES = 3 * 2**19  # of instances' arrays: what a chunk makes then stays in the caches, a quarter faster
_MOST = 2**14

Arrays = Mapping[str, Any]


@dataclass(frozen=True)
class BatchRun:
    """What came of a batch.

    Attributes:
        solver: its name.
        answers: (B, n), in the order of the spec's items; 0 where time ran out before an instance.
        certificates: one an instance, as columns.
        seconds: process time of "solve" (the solver's), "verify" and "compile".
    """

    solver: str
    answers: np.ndarray
    certificates: Certificates
    seconds: Mapping[str, float]

    @property
    def rate(self) -> float:
        """Instances a CPU second, solved and verified; compiling apart."""
        spent = self.seconds["solve"] + self.seconds["verify"]
        return len(self.answers) / max(spent, 1e-9)

    def summary(self) -> dict[str, Any]:
        """Counts of verdicts, certified relative gaps, the rate and the seconds."""
        gaps = self.certificates.relative_gaps
        known = gaps[np.isfinite(gaps)]
        named, counts = np.unique(self.certificates.verdicts, return_counts=True)
        return {
            "solver": self.solver,
            "instances": len(self.answers),
            "verdicts": dict(zip(named.tolist(), counts.tolist(), strict=True)),
            "relative_gap": {
                "mean": float(known.mean()) if len(known) else None,
                "median": float(np.median(known)) if len(known) else None,
                "max": float(known.max()) if len(known) else None,
            },
            "instances_per_cpu_second": self.rate,
            "seconds": dict(self.seconds),
        }


def solve_batch(
    problems: Sequence[Problem] | Arrays | str | Path,
    solver: str | Solver | type[Solver] = "greedy",
    *,
    kind: str = "knapsack",
    shared: Arrays | None = None,
    time: float = 60.0,
    gap: float = 0.0,
    chunk: int | None = None,
) -> BatchRun:
    """Solves many instances of one shape as one array program, in this process.

    Args:
        problems: problems, arrays by field (one row an instance), or a file of these: .npz, .parquet or .jsonl.
        solver: one with the trait ``batched``: a name, an object or a class.
        kind: of the problems, where arrays are given.
        shared: fields that all instances have in common.
        time: wall seconds; checked between chunks. Instances not reached have the verdict ``nothing``.
        gap: the relative gap that counts as ``within``.
        chunk: instances at a time; as many as take 1.5 MiB by default.

    Raises:
        SpecError: the arrays are at fault. UsageError: so is an option. NoRouteError: the solver takes no such batches.
    """
    if not time > 0 or not gap >= 0 or (chunk is not None and chunk < 1):
        raise UsageError("time must be above 0, gap at least 0 and chunk at least 1")
    chosen = prepare(solver).instance
    check_installed(chosen)
    batch = _batch(problems, kind, shared or {})
    if Trait.BATCHED not in chosen.traits or not isinstance(batch.problem(0), chosen.batches):
        known = ", ".join(_batched(type(batch.problem(0))))
        raise NoRouteError(f"solver {chosen.name} solves no batches of this kind; take one of {known}")
    most = chunk or max(1, min(_MOST, _CHUNK_BYTES // batch.instance_bytes))
    parts = -(-batch.count // most)
    return _run(chosen, batch, -(-batch.count // parts), time, gap)  # even parts: one shape to compile


def _batch(problems: Any, kind: str, shared: Arrays) -> Batch:
    source = "batch"
    if isinstance(problems, str | Path):
        source, arrays = str(problems), read_arrays(Path(problems))
    elif isinstance(problems, Mapping):
        arrays = dict(problems)
    elif isinstance(problems, Sequence) and problems and all(isinstance(one, Problem) for one in problems):
        kind, arrays = problems[0].kind, _stacked(problems)
    else:
        raise UsageError("a batch is a sequence of problems (at least one), arrays by field, or the path of a file")
    kinds = registry().problem_kinds()
    if kind not in kinds:
        raise UsageError(f"there is no problem kind {kind!r}; see dualgap problems list")
    return kinds[kind].batch({**shared, **arrays}, source)


def _stacked(problems: Sequence[Problem]) -> dict[str, Any]:
    """The fields that aren't at their defaults, one row a problem."""
    contents = [problem.content() for problem in problems]
    plain = type(problems[0]).model_fields
    names = [
        name
        for name in contents[0]
        if plain[name].is_required() or any(_differs(content[name], plain[name].default) for content in contents)
    ]
    try:
        return {name: np.stack([np.asarray(content[name]) for content in contents]) for name in names}
    except (KeyError, ValueError):
        raise UsageError("the problems of a batch must be of one kind and of one shape") from None


def _differs(value: Any, default: Any) -> bool:
    return bool(not np.array_equal(np.asarray(value), np.asarray(default)))


def _batched(problem: type[Problem]) -> list[str]:
    found = []
    for name, entry in registry().solvers.items():
        try:
            cls = entry.resolve()
        except (NoRouteError, UsageError):  # a plugin's or an extra's that can't be used here
            continue
        if Trait.BATCHED in cls.traits and issubclass(problem, cls.batches):
            found.append(name)
    return sorted(found)


def _run(solver: Solver, batch: Batch, size: int, time: float, gap: float) -> BatchRun:
    budget, deadline = Budget(seconds=time, gap=gap), clock.monotonic() + time
    claims: list[BatchClaim] = []
    parts: list[Certificates] = []
    spent = {"solve": 0.0, "verify": 0.0, "compile": 0.0}
    done = 0
    while done < batch.count and (done == 0 or clock.monotonic() < deadline):
        part = batch.part(done, min(done + size, batch.count))
        began = clock.process_time()
        claim = _checked(solver, solver.solve_batch(part, budget), part)
        solved = clock.process_time()
        parts.append(part.verify(claim, gap))
        spent["solve"] += solved - began - claim.compile_seconds
        spent["compile"] += claim.compile_seconds
        spent["verify"] += clock.process_time() - solved
        claims.append(claim)
        done += part.count
    if done < batch.count:
        left = batch.count - done
        claims.append(BatchClaim(np.zeros((left, claims[0].points.shape[1]), dtype=np.int8), np.zeros((left, 1))))
        parts.append(_nothing(left))
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])}
    return BatchRun(solver.name, np.concatenate([claim.points for claim in claims]), Certificates(**columns), spent)


def _checked(solver: Solver, claim: BatchClaim, part: Batch) -> BatchClaim:
    if len(claim.points) != part.count or len(claim.multipliers) != part.count:
        raise UsageError(f"solver {solver.name} answered {len(claim.points)} of {part.count} instances of a batch")
    return claim


def _nothing(count: int) -> Certificates:
    none = np.full(count, None, dtype=object)
    verdicts, evidence = np.full(count, "nothing"), np.full(count, "none")
    return Certificates(none, none, none, np.full(count, np.nan), verdicts, evidence)
