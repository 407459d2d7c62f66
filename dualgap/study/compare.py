"""``compare``: several solvers on one problem, on equal terms, and what they say together."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from dualgap.core.certificate import Verdict
from dualgap.core.claim import Stop
from dualgap.core.errors import NoRouteError, SpecError, UsageError
from dualgap.core.exact import Real, nearest
from dualgap.core.problem import Problem
from dualgap.core.serialize import to_json
from dualgap.core.solver import Solver, Trait
from dualgap.engine.environment import machine
from dualgap.engine.execute import execute
from dualgap.engine.load import Loaded, Source, load
from dualgap.engine.monitor import Snapshot
from dualgap.engine.prepare import Prepared
from dualgap.engine.run import SCHEMA_VERSION, Run
from dualgap.engine.task import Settings
from dualgap.study.grade import grade
from dualgap.study.joint import Joint, judge
from dualgap.study.likeness import beside, like_with_like
from dualgap.study.repeats import Repeated, repeated
from dualgap.study.selection import is_exact, named, reachable

EXACT, APPROXIMATE = 1, 2  # how many of each a plain comparison takes
REFERENCE = "reference"

Solvers = Sequence[str | Solver | type[Solver]]


@dataclass(frozen=True)
class Comparison:
    """Several runs on one problem and their joint certificate.

    Attributes:
        problem: the closed spec.
        runs: in the order in which they ran; refused and failed ones have ``refused`` or ``error`` instead of a result,
            refuted ones the verdict ``contradicted``. ``joint.standings`` says what each amounts to beside the others.
        joint: what they say together.
        left_out: solvers that didn't run, with the reason.
        settings: the budget and the seed, the same for every solver.
        repeated: each solver's runs from several seeds, where they were asked for; ``runs`` are those of the first.
        point: the field and its value where this is one point of a path (see ``compare_path``).
        interrupted: whether somebody stopped it.
    """

    problem: Problem
    runs: tuple[Run, ...]
    joint: Joint
    left_out: Mapping[str, str] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    repeated: tuple[Repeated, ...] = ()
    point: tuple[str, Real] | None = None
    interrupted: bool = False

    @property
    def statement(self) -> str:
        """One English sentence on all runs together; another where their answers aren't of one class."""
        return " ".join(filter(None, (self.joint.statement, like_with_like(self.problem, self.runs))))

    @property
    def exit_code(self) -> int:
        """130 interrupted, 5 a refuted or violated claim, 0 a verified answer, 6 none exists, 3 all refused, else 4."""
        if self.interrupted:
            return 130
        verdicts = [run.certificate.verdict for run in self.runs if run.certificate is not None]
        codes = {verdict.exit_code for verdict in verdicts}
        if Verdict.VIOLATED.exit_code in codes:
            return Verdict.VIOLATED.exit_code
        if self.joint.value is not None:
            return 0
        if Verdict.INFEASIBLE.exit_code in codes:
            return Verdict.INFEASIBLE.exit_code
        refused = [run.refused != "" for run in self.runs]
        return 3 if all(refused) else Verdict.NOTHING.exit_code

    def __str__(self) -> str:
        """What all of them say together, then each."""
        return "\n".join([self.joint.statement, *map(str, self.runs)])

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from dualgap.study.notebook import comparison_card

        return comparison_card(self)

    def data(self) -> dict[str, Any]:
        """The comparison as strict JSON data."""
        standings = [{"verdict": s.verdict, "note": s.note} for s in self.joint.standings]
        plain: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "problem": {"kind": self.problem.kind, "hash": self.problem.digest()},
            "statement": self.statement,
            "joint": self.joint.data(),
            "runs": [
                {**run.data(), "standing": s, **_beside(self.problem, run)}
                for run, s in zip(self.runs, standings, strict=True)
            ],
            "left_out": dict(self.left_out),
            "budget": self.settings.record(),
            "seed": self.settings.seed,
            "machine": machine(),
            "interrupted": self.interrupted,
        }
        if self.repeated:
            plain["repeated"] = [one.data() for one in self.repeated]
        if self.point is not None:
            plain["point"] = {"field": self.point[0], "value": self.point[1]}
        strict: dict[str, Any] = to_json(plain)
        return strict


def _beside(problem: Problem, run: Run) -> dict[str, Any]:
    """The class of a run's answer and the metrics that compare it, where the kind has any."""
    found = beside(problem, run)
    return {name: value for name, value in (("classes", found.classes), ("measures", found.measures)) if value}


def compare(
    problem: Source,
    solvers: Solvers | None = None,
    *,
    everything: bool = False,
    time: float = 10.0,
    gap: float = 0.0,
    seed: int = 0,
    seeds: int = 1,
    threads: int = 1,
    memory: int | None = None,
    isolate: bool = True,
    tolerance: float | None = None,
    reference: Any = None,
    on_run: Callable[[Run], None] | None = None,
    on_progress: Callable[[Snapshot], None] | None = None,
) -> Comparison:
    """Runs several solvers on one problem, each with the same budget, and confronts their answers and bounds.

    Args:
        problem: a ``Problem``, a raw spec, the path of a spec, or a model of PuLP or CVXPY.
        solvers: names (``"highs"``, ``"fast=highs[presolve=off]"``) or objects; None takes one exact and two
            approximate ones in dispatch's order of preference.
        everything: every solver that reaches the problem.
        time: wall seconds for each solver.
        gap, seed, threads, memory, isolate, tolerance: as for ``solve``.
        seeds: how many seeds, from ``seed`` on, each solver runs with; the runs of the first are held against each
            other, all of them make ``Comparison.repeated``. The problem is the same for all.
        reference: a run file or an answer (see ``grade``) to hold against the solvers, shown as the row "reference".
        on_run: called with each run as it ends, before the runs are held against each other.
        on_progress: called with every ``Snapshot`` of the solver at work.

    Raises:
        SpecError: the spec or the reference is bad. UsageError: an unknown solver or parameter, or no seed.
        NoRouteError: no solver reaches the problem.

    Ctrl-C doesn't raise: what there is comes back, with ``interrupted``.
    """
    if seeds < 1:
        raise UsageError(f"seeds: {seeds} isn't a number of seeds from 1")
    settings = Settings(time, gap, seed, threads, memory, tolerance, isolate=isolate)
    loaded = load(problem, seed=seed)
    plan = _plan(loaded.problem, solvers, everything)
    first = [] if reference is None else [_reference(loaded.problem, reference, tolerance)]
    return _Comparer(loaded.problem, settings, on_run, on_progress, loaded.artefacts).run(plan, first, seeds)


def compare_path(
    problem: Source,
    field: str,
    values: Sequence[Real],
    solvers: Solvers | None = None,
    *,
    everything: bool = False,
    time: float = 10.0,
    gap: float = 0.0,
    seed: int = 0,
    threads: int = 1,
    memory: int | None = None,
    isolate: bool = True,
    tolerance: float | None = None,
    reference: Any = None,
    on_run: Callable[[Run], None] | None = None,
    on_progress: Callable[[Snapshot], None] | None = None,
) -> list[Comparison]:
    """``compare`` with a numeric field set to each of the values in turn; dots go into tables.

    Solvers with the trait ``warm`` start from their answer at the value before. The list ends early where somebody
    interrupts.

    Raises:
        UsageError: no values, or the field holds no number. SpecError: there is no such field, or it doesn't take one
            of the values; found before the first run.
    """
    if not len(values):
        raise UsageError(f"no values for {field}")
    settings = Settings(time, gap, seed, threads, memory, tolerance, isolate=isolate)
    found: list[Comparison] = []
    starts: dict[str, Any] = {}
    places = _places(problem, field, values, seed)
    for value, loaded in zip(values, places):
        plan = _plan(loaded.problem, solvers, everything)
        first = [] if reference is None else [_reference(loaded.problem, reference, tolerance)]
        comparer = _Comparer(loaded.problem, settings, on_run, on_progress, loaded.artefacts, starts)
        comparison = replace(comparer.run(plan, first), point=(field, value))
        found.append(comparison)
        if comparison.interrupted:
            break
        starts = {run.name: run.answer for run in comparison.runs if run.answer is not None}
    return found


def _places(problem: Source, field: str, values: Sequence[Real], seed: int) -> list[Loaded]:
    """The problem at each of the values: whatever is wrong with one of them shows before the first run."""
    try:
        found = [load(problem, seed=seed, settings={field: written(value)}) for value in values]
    except SpecError as error:
        raise SpecError(error.faults, f"the path along {field}") from None
    _check_number(found[0].problem, field)
    return found


def _check_number(problem: Problem, field: str) -> None:
    """Finds out whether a field (dots go into tables) holds a number: a flag takes 0 and 1, a text any."""
    found: Any = problem.content()
    for part in field.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, np.ndarray) and found.size == 1:  # a list of one number is written as the number
        found = found.item()
    if isinstance(found, bool) or not isinstance(found, int | float | Fraction | Decimal):
        raise UsageError(f"{field} of {problem.kind} holds no number, and a path needs one")


def written(value: Real) -> str:
    """A value of a path as a spec has it: a fraction as its nearest decimal."""
    return str(value) if isinstance(value, int) else repr(nearest(value))


@dataclass(frozen=True)
class _Plan:
    """Solvers in the order of preference; ``quota`` says to stop when enough of each sort have run."""

    candidates: list[Prepared]
    left_out: dict[str, str]
    quota: bool


def _plan(problem: Problem, solvers: Solvers | None, everything: bool) -> _Plan:
    if solvers is not None and everything:
        raise UsageError("name the solvers, or take all: not both")
    if solvers is not None:
        return _Plan(named(solvers, [REFERENCE]), {}, False)
    candidates, left_out = reachable(problem)
    if not candidates:
        reasons = "; ".join(left_out.values()) or "none takes it or one of its forms"
        raise NoRouteError(f"no solver reaches {problem.kind}: {reasons}")
    return _Plan(candidates, left_out, not everything)


def _reference(problem: Problem, reference: Any, tolerance: float | None) -> Run:
    return replace(grade(problem, reference, tolerance=tolerance), label=REFERENCE)


@dataclass
class _Comparer:
    problem: Problem
    settings: Settings
    on_run: Callable[[Run], None] | None
    on_progress: Callable[[Snapshot], None] | None
    artefacts: Mapping[str, str]
    starts: Mapping[str, Any] = field(default_factory=dict)

    def run(self, plan: _Plan, first: Sequence[Run], seeds: int = 1) -> Comparison:
        runs: list[Run] = []
        done: list[tuple[Prepared, list[Run]]] = []  # of each solver that wasn't refused, from all seeds
        left_out = dict(plan.left_out)
        wanted = {True: EXACT, False: APPROXIMATE}
        interrupted = False
        for run in first:
            self._note(runs, run)
        for prepared in plan.candidates:
            exact = is_exact(prepared)
            if interrupted:
                left_out[prepared.label or prepared.name] = "interrupted before its turn"
                continue
            if plan.quota and wanted[exact] == 0:
                left_out[prepared.name] = (
                    f"a plain comparison takes {EXACT} exact and {APPROXIMATE} approximate solvers"
                )
                continue
            try:
                run = self._attempt(prepared)
                if plan.quota and run.refused:  # nobody asked for it
                    left_out[prepared.name] = run.refused.removeprefix(f"{prepared.name} refuses: ")
                    continue
                self._note(runs, run)
            except KeyboardInterrupt:
                interrupted = True
                left_out[prepared.label or prepared.name] = "interrupted"
                continue
            interrupted = run.stop is Stop.INTERRUPTED
            wanted[exact] -= not run.refused and not run.error
            if not run.refused:
                done.append((prepared, [run]))
        if seeds > 1 and not interrupted:
            interrupted = self._repeat(done, seeds)
        marked, joint = judge(self.problem, runs)
        found = [repeated(self.problem, of[0].name, of, is_exact(prepared)) for prepared, of in done if seeds > 1]
        return Comparison(
            self.problem, marked, joint, left_out, self.settings, repeated=tuple(found), interrupted=interrupted
        )

    def _repeat(self, done: Sequence[tuple[Prepared, list[Run]]], seeds: int) -> bool:
        """The further seeds, a round of all solvers for each; whether somebody interrupted."""
        for seed in range(self.settings.seed + 1, self.settings.seed + seeds):
            for prepared, runs in done:
                try:
                    run = self._attempt(prepared, seed)
                except KeyboardInterrupt:
                    return True
                self._note(runs, run)
                if run.stop is Stop.INTERRUPTED:
                    return True
        return False

    def _note(self, runs: list[Run], run: Run) -> None:
        runs.append(run)
        if self.on_run is not None:
            self.on_run(run)

    def _attempt(self, prepared: Prepared, seed: int | None = None) -> Run:
        """One run; a refusal or a crash becomes a row like any other."""
        warm = Trait.WARM in prepared.instance.traits
        start = self.starts.get(prepared.label or prepared.name) if warm else None
        settings = self.settings if seed is None else replace(self.settings, seed=seed)
        try:
            run = execute(self.problem, prepared, settings, start=start, on_progress=self.on_progress)
        except (NoRouteError, UsageError) as error:
            return self._failed(prepared, refused=str(error))
        except Exception as error:  # in process a solver may raise anything; it must not take the others along
            detail = "".join(traceback.format_exception(error))
            return self._failed(prepared, message=f"{type(error).__name__}: {error}", error=detail, stop=Stop.ERROR)
        return replace(run, artefacts=self.artefacts)

    def _failed(self, prepared: Prepared, **reasons: Any) -> Run:
        return Run(
            kind=self.problem.kind,
            problem_hash=self.problem.digest(),
            solver=prepared.name,
            parameters=prepared.instance.parameters(),
            label=prepared.label,
            budget=self.settings.record(),
            seed=self.settings.seed,
            isolated=self.settings.isolate,
            **reasons,
        )
