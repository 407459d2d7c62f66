"""A solver on whole problems: from the spec to the certificate, beside a reference."""

from __future__ import annotations

import importlib.util
from typing import Any

from dualgap.core.certificate import Certificate, Evidence, Sense, Verdict
from dualgap.core.errors import NoRouteError, SpecError, UsageError
from dualgap.core.exact import Real
from dualgap.core.problem import Problem
from dualgap.core.solver import Solver, Trait
from dualgap.core.verify import DROPPED
from dualgap.core.witness import Exhaustion
from dualgap.engine.batch import solve_batch
from dualgap.engine.routes import routes
from dualgap.engine.run import Run
from dualgap.engine.solve import solve
from dualgap.plugins.registry import BUILT_IN, registry
from dualgap.testing.harness import captured
from dualgap.testing.report import Skipped, ensure

SECONDS = 10.0
_SIZE = 6
_SEEDS = 2
_BATCH = 5
_LINEAR = {
    "maximize": {"x": 3, "y": 5},
    "rows": {"r": {"terms": {"x": 3, "y": 2}, "le": 18}},
    "bounds": {"x": [0, 4], "y": [0, 6]},
}


def default_problems(solver: Solver) -> list[Problem]:
    """Small instances for a solver: of the problem classes that it accepts, else of several kinds."""
    own = [part for part in solver.accepts if issubclass(part, Problem)]
    if own:
        return [instance for cls in own for instance in small_instances(cls)]
    from dualgap.problems.coin_change import CoinChange
    from dualgap.problems.integer_program import IntegerProgram
    from dualgap.problems.knapsack import Knapsack

    decimals = {"values": [1.5, 0.7], "weights": [[0.1, 0.2], [0.3, 0.1]], "capacity": [0.3, 0.6], "copies": 3}
    made: list[Problem] = [
        Knapsack.model_validate({"values": [10, 13, 7, 8], "weights": [3, 4, 2, 3], "capacity": 7}),
        Knapsack.model_validate(decimals),
        CoinChange.model_validate({"coins": [1, 3, 4], "amount": 6}),
        CoinChange.model_validate({"coins": [2, 4], "amount": 7}),
        IntegerProgram.model_validate(_LINEAR),
    ]
    return [problem for problem in made if routes(problem, solver, registry().all_bridges())]


def small_instances(cls: type[Problem]) -> list[Problem]:
    """A few generated ones; none where the class has no generator."""
    try:
        return [cls.generate(_SIZE, seed) for seed in range(_SEEDS)]
    except NotImplementedError:
        return []


def solver_on_problem(solver: Solver, problem: Problem) -> str | None:
    """Solves in process and checks the certificate against the reference.

    Raises:
        AssertionError: a false claim, a bound beyond the optimum, or an exact solver off the optimum.
        Skipped: the solver refuses the problem.
    """
    try:
        run, printed = captured(lambda: solve(problem, solver, time=SECONDS, isolate=False))
    except NoRouteError as reason:
        raise Skipped(str(reason)) from None
    ensure(not printed.strip(), f"prints to stdout: {printed.strip()[:80]!r}")
    wrong = false_claims(run)
    certificate = certified(run)
    ensure(certificate.verdict not in (Verdict.VIOLATED, Verdict.CONTRADICTED), certificate.statement)
    ensure(not wrong, "; ".join(wrong))
    known = reference(problem)
    if known is None:
        return f"{certificate.verdict}; no built-in exact solver to compare with"
    _compare(problem, certificate, certified(known), exact=Trait.EXACT in solver.traits)
    return str(certificate.verdict)


def solver_on_batch(solver: Solver, cls: type[Problem]) -> str | None:
    """Solves a few instances of one shape together; each certificate is held against the reference on its own.

    Raises:
        AssertionError: an answer that isn't feasible, or one or a bound beyond the optimum.
        Skipped: the class makes no batch of its generated instances.
    """
    try:
        instances = [cls.generate(_SIZE, seed) for seed in range(_BATCH)]
        run, printed = captured(lambda: solve_batch(instances, solver, time=SECONDS))
    except (NotImplementedError, UsageError, SpecError) as reason:
        raise Skipped(str(reason)) from None
    ensure(not printed.strip(), f"prints to stdout: {printed.strip()[:80]!r}")
    found = run.certificates
    for index, problem in enumerate(instances):
        ensure(found.values[index] is not None, f"{cls.kind} #{index + 1}: {found.verdicts[index]}")
        known = reference(problem)
        if known is None or certified(known).value is None:
            continue
        optimum = float(certified(known).value)  # type: ignore[arg-type]
        slack = _SLACK * max(1.0, abs(optimum))
        value, bound = found.values[index], found.bounds[index]
        ensure(not ahead(problem, value, optimum, slack), f"{cls.kind} #{index + 1}: {value}, better than {optimum}")
        beaten = bound is not None and ahead(problem, optimum, bound, slack)
        ensure(not beaten, f"{cls.kind} #{index + 1}: the bound {bound} is beaten by {optimum}")
    return f"{len(instances)} instances of {cls.kind}"


def reference(problem: Problem, without: str = "") -> Run | None:
    """The run of the first built-in exact solver with an exact route to the problem; None where there is none."""
    for entry in registry().solvers.values():
        if entry.plugin == BUILT_IN and entry.name in _REFERENCES and entry.name != without:
            try:
                run = solve(problem, entry.name, time=SECONDS, isolate=False)
            except NoRouteError:
                continue
            if certified(run).verdict in SETTLED:
                return run
    return None


def solver_for(form_type: type, form: Any = None) -> str:
    """The first built-in solver that takes a form as it is and is installed, the exact ones first; empty for none.

    ``form``, where given, is one of that type that it mustn't refuse.
    """
    exact: list[str] = []
    others: list[str] = []
    for entry in registry().solvers.values():
        try:
            solver = entry.resolve()
        except NoRouteError:
            continue
        if entry.plugin != BUILT_IN or not issubclass(form_type, solver.accepts) or missing(solver):
            continue
        if form is None or solver().refuses(form) is None:
            (exact if Trait.EXACT in solver.traits else others).append(entry.name)
    return next(iter(exact + others), "")


def missing(solver: Any) -> list[str]:
    """The modules that a solver needs and that aren't installed."""
    return [module for module in solver.requires if importlib.util.find_spec(module) is None]


_REFERENCES = ("highs",)
SETTLED = (Verdict.OPTIMAL, Verdict.CLAIMED_OPTIMAL, Verdict.INFEASIBLE, Verdict.CLAIMED_INFEASIBLE)
_SLACK = 1e-6


def false_claims(run: Run) -> list[str]:
    """The checks of the verifier that the solver's words didn't pass.

    An ``Exhaustion`` asks the problem to replay the argument; one that it can't, or hasn't the time for, is no lie. Nor
    is a bound on a restriction, which is dropped.
    """
    asked = isinstance(run.witness, Exhaustion)
    failed = [check for check in run.checks if not check.passed and not (asked and check.name == "witness")]
    return [f"{check.name}: {check.detail}" for check in failed if not check.detail.startswith(DROPPED)]


def certified(run: Run) -> Certificate:
    """The run's certificate.

    Raises:
        AssertionError: it has none, because the solver failed.
    """
    ensure(not run.error, run.error.strip().splitlines()[-1] if run.error else "")
    assert run.certificate is not None, run.message
    return run.certificate


def _compare(problem: Problem, found: Certificate, known: Certificate, exact: bool) -> None:
    if known.value is None:
        ensure(not found.feasible, f"finds {found.value}, the reference says that nothing is feasible")
        return
    optimum = float(known.value)
    infeasible = found.verdict in (Verdict.INFEASIBLE, Verdict.CLAIMED_INFEASIBLE)
    ensure(not infeasible, f"says {found.verdict}, the reference has {optimum}")
    slack = _SLACK * max(1.0, abs(optimum))
    if found.feasible and found.value is not None:
        ensure(not ahead(problem, found.value, optimum, slack), f"finds {found.value}, the reference only {optimum}")
        off = exact and ahead(problem, optimum, found.value, slack)
        ensure(not off, f"exact, but it finds {found.value} and the optimum is {optimum}")
    for bound in found.bounds:
        if bound.evidence is not Evidence.NONE:
            beaten = ahead(problem, optimum, bound.value, slack)
            ensure(not beaten, f"the bound {bound.value} ({bound.evidence}) is beaten by {optimum}")


def ahead(problem: Problem, left: Real, right: Real, slack: float) -> bool:
    """Whether ``left`` is better than ``right`` by more than the slack."""
    gap = float(left) - float(right)
    return (gap if problem.sense is Sense.MAXIMIZE else -gap) > slack
