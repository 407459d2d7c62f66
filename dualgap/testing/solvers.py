"""The conformance suite of solvers: what a class says of itself, held against tiny instances with known optimum."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from dualgap.core.arrays import array_digest
from dualgap.core.claim import Claim, Stop
from dualgap.core.errors import UsageError
from dualgap.core.forms import DualisedProgram, Form
from dualgap.core.problem import Problem
from dualgap.core.serialize import pack, unpack
from dualgap.core.solver import Solver, Trait, configure
from dualgap.core.witness import Multipliers, Witness
from dualgap.plugins.entries import solver_faults
from dualgap.testing.cases import Case, arrays_of, cases, refusals
from dualgap.testing.harness import Observer, observed
from dualgap.testing.measure import multiplier_bound, objective, violation
from dualgap.testing.pipeline import default_problems, missing, solver_on_batch, solver_on_problem
from dualgap.testing.report import Report, Skipped, ensure, run_checks

TOLERANCE = 1e-5
INFINITY = float("inf")


def check_solver(
    solver: type[Solver] | Solver, problems: Sequence[Problem] | None = None, instances: Sequence[Case] | None = None
) -> Report:
    """Holds a solver to the contract and to its traits; for the pytest of whoever wrote it.

    Args:
        solver: the class, or an object with the parameters to test.
        problems: to solve the whole way, with the certificate checked; small knapsacks and change-making instances (or,
            for a solver of one problem class, generated instances of that) by default.
        instances: forms with known optimum; ``dualgap.testing.cases`` of what it accepts by default.

    Raises:
        AssertionError: lists every check that failed.
    """
    return examine_solver(solver, problems, instances).require()


def examine_solver(
    solver: type[Solver] | Solver, problems: Sequence[Problem] | None = None, instances: Sequence[Case] | None = None
) -> Report:
    """The same, as a report with passes, failures and skips."""
    cls = solver if isinstance(solver, type) else type(solver)
    subject = f"solver {getattr(cls, 'name', '') or cls.__name__}"
    rows = run_checks(subject, [("the class is complete", lambda: _complete(cls))])
    if rows[0].passed:
        instance = configure(cls, {}) if isinstance(solver, type) else solver
        rows += run_checks(subject, _checks(instance, problems, instances))
    forms = ", ".join(part.__name__ for part in getattr(cls, "accepts", ()))
    traits = ", ".join(sorted(getattr(cls, "traits", ()))) or "none"
    return Report(f"{subject} ({cls.__module__}.{cls.__qualname__})", rows, (f"forms: {forms}", f"traits: {traits}"))


Check = tuple[str, Callable[[], str | None]]


def _checks(solver: Solver, problems: Sequence[Problem] | None, instances: Sequence[Case] | None) -> list[Check]:
    absent = missing(solver)
    static: list[Check] = [
        ("parameters have defaults and convert", lambda: _parameters(solver)),
        ("parameters are recorded", lambda: _recorded(solver)),
    ]
    if absent:
        return [*static, ("solving", lambda: _skip(f"{', '.join(absent)} isn't installed"))]
    forms = tuple(part for part in solver.accepts if issubclass(part, Form))
    given = cases(forms) if instances is None else list(instances)
    suite = _Suite(solver, [case for case in given if isinstance(case.form, solver.accepts)])
    on_forms: list[Check] = [
        ("refuses with a reason, never raises", suite.refuses),
        ("claims are well-typed and honest", suite.claims),
        ("bounds never beat the optimum", suite.bounds_hold),
        ("exact: finds the optimum", suite.exact),
        ("bounds: hands in a bound or a witness", suite.bounds_given),
        ("witnesses prove what they should", suite.witnesses),
        ("the same seed gives the same claim", suite.deterministic),
        ("leaves the form as it is", suite.unchanged),
        ("warm: takes a start", suite.warm),
        ("anytime: has something at a short limit", suite.anytime),
        ("asked to stop, it stops", suite.stops),
    ]
    wanted = default_problems(solver) if problems is None else list(problems)
    whole: list[Check] = [
        (f"certified on {problem.kind} #{number}", lambda problem=problem: solver_on_problem(solver, problem))  # type: ignore[misc]
        for number, problem in enumerate(wanted, start=1)
    ]
    many: list[Check] = [
        (f"batched: certified on {cls.__name__}", lambda cls=cls: solver_on_batch(solver, cls))  # type: ignore[misc]
        for cls in (solver.batches if Trait.BATCHED in solver.traits else ())
    ]
    return [*static, *(on_forms if suite.cases else []), *whole, *many]


def _skip(reason: str) -> str | None:
    raise Skipped(reason)


def _complete(cls: type[Solver]) -> str | None:
    faults = solver_faults(cls)
    ensure(not faults, "; ".join(faults))
    parameters = cls.__dataclass_params__  # type: ignore[attr-defined]
    ensure("__dataclass_params__" in vars(cls), "decorate it with @dataclass(frozen=True)")
    ensure(parameters.frozen, "must be a frozen dataclass")
    ensure(bool(cls.summary) and "\n" not in cls.summary, "needs a class variable 'summary' of one line")
    required = [
        item.name
        for item in dataclasses.fields(cls)
        if item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
    ]
    ensure(not required, f"parameters without a default: {', '.join(required)}")
    return None


def _parameters(solver: Solver) -> str | None:
    cls = type(solver)
    for name, value in solver.parameters().items():
        ensure(hash(name) is not None and not name.startswith("_"), f"parameter {name!r} starts with an underscore")
        if isinstance(value, bool | int | float | str):
            again = getattr(configure(cls, {name: str(value)}), name)
            ensure(again == value, f"{name}={value!s} on the command line becomes {again!r}, not {value!r}")
    try:
        configure(cls, {"no such parameter": 1})
    except UsageError:
        return None
    ensure("options" in solver.parameters(), "takes a parameter that it doesn't have")
    return None


def _recorded(solver: Solver) -> str | None:
    header, arrays = pack(solver.parameters())
    again = configure(type(solver), unpack(header, [array.tobytes() for array in arrays]))
    ensure(again.parameters().keys() == solver.parameters().keys(), "parameters don't survive the way to a worker")
    return None


class _Suite:
    """The checks that run the solver on forms; each claim is computed once."""

    def __init__(self, solver: Solver, given: list[Case]) -> None:
        self.solver = solver
        self.cases = given
        self._runs: dict[str, tuple[Claim, Observer]] = {}

    def refuses(self) -> str | None:
        return refusals(self.solver.refuses, self.cases)

    def claims(self) -> str | None:
        for case, claim, _ in self._all():
            _well_typed(case, claim)
            if claim.feasible:
                _feasible(case, claim.point)
            true = objective(case.form, claim.point) if claim.point is not None else None
            if claim.value is not None and true is not None:
                close = abs(float(claim.value) - true) <= TOLERANCE * max(1.0, abs(true))
                ensure(close, f"{case}: says the point is worth {claim.value}, it is worth {true}")
        return None

    def bounds_hold(self) -> str | None:
        seen = 0
        for case, claim, ctx in self._all():
            for bound in [*([] if claim.bound is None else [claim.bound]), *ctx.bounds]:
                seen += 1
                over = float(bound) - case.optimum
                held = over <= TOLERANCE * max(1.0, abs(case.optimum)) if math.isfinite(case.optimum) else over <= 0
                ensure(held, f"{case}: the bound {bound} is above the optimum {case.optimum}")
        return f"{seen} bounds" if seen else _skip("it gave no bound")

    def exact(self) -> str | None:
        self._trait(Trait.EXACT)
        for case, claim, _ in self._all():
            if case.optimum == INFINITY:
                ensure(claim.stop is Stop.INFEASIBLE, f"{case}: stopped as {claim.stop}, it is infeasible")
            elif case.optimum == -INFINITY:
                ensure(claim.stop is Stop.UNBOUNDED, f"{case}: stopped as {claim.stop}, it is unbounded")
            else:
                found = objective(case.form, claim.point) if claim.point is not None else None
                close = found is not None and abs(found - case.optimum) <= TOLERANCE * max(1.0, abs(case.optimum))
                ensure(close or (found is None and claim.bound is not None), f"{case}: {found}, not {case.optimum}")
        return None

    def bounds_given(self) -> str | None:
        self._trait(Trait.BOUNDS)
        without = [
            str(case)
            for case, claim, ctx in self._all()
            if math.isfinite(case.optimum) and claim.bound is None and claim.witness is None and not ctx.bounds
        ]
        ensure(not without, f"no bound and no witness on {', '.join(without)}")
        return None

    def witnesses(self) -> str | None:
        seen = 0
        for case, claim, ctx in self._all():
            for witness in [*([claim.witness] if claim.witness is not None else []), *ctx.witnesses]:
                header, arrays = pack(witness.pack())
                again = Witness.unpack(unpack(header, [array.tobytes() for array in arrays]))
                ensure(again == witness, f"{case}: the {witness.type} witness doesn't survive the way from a worker")
                if isinstance(witness, Multipliers):
                    seen += 1
                    _prices(case, witness, tight=bool(self.solver.traits & {Trait.EXACT}))
        return f"{seen} vectors of multipliers" if seen else _skip("it gave no multipliers")

    def deterministic(self) -> str | None:
        for case, claim, _ in self._all():
            again = observed(self.solver, case.form, Observer())
            same = _plain(claim.point) == _plain(again.point) and claim.stop is again.stop
            ensure(same and claim.value == again.value and claim.bound == again.bound, f"{case}: two runs differ")
        return None

    def unchanged(self) -> str | None:
        for case in self._accepted():
            before = [array_digest(array) for array in arrays_of(case.form)]
            observed(self.solver, case.form, Observer())
            after = [array_digest(array) for array in arrays_of(case.form)]
            ensure(before == after, f"{case}: it changed the form's arrays")
        return None

    def warm(self) -> str | None:
        self._trait(Trait.WARM)
        started = [case for case in self._accepted() if case.point is not None]
        said = False
        for case in started:
            start = np.array(case.point)
            start.setflags(write=False)
            claim = observed(self.solver, case.form, Observer(start=start))
            _well_typed(case, claim)
            said |= claim.start is not None
            if claim.feasible:
                _feasible(case, claim.point)
        ensure(said or not started, "never says what became of a start (Claim.start: used, repaired or ignored)")
        return None if started else _skip("no case has a point to start from")

    def anytime(self) -> str | None:
        self._trait(Trait.ANYTIME)
        looked = any(ctx.asked > 0 for _, _, ctx in self._all())
        ensure(looked, "never looks at ctx.time_left() or ctx.should_stop()")
        for case in self._accepted():
            ctx = Observer(seconds=0.5)
            claim = observed(self.solver, case.form, ctx)
            found = claim.point is not None or claim.bound is not None or ctx.points or ctx.bounds
            ensure(bool(found) or not math.isfinite(case.optimum), f"{case}: nothing at all after half a second")
        return None

    def stops(self) -> str | None:
        for case in self._accepted():
            ctx = Observer(stopped=True)
            claim = observed(self.solver, case.form, ctx)
            _well_typed(case, claim)
            if claim.feasible:
                _feasible(case, claim.point)
        return None

    def _trait(self, trait: Trait) -> None:
        if trait not in self.solver.traits:
            raise Skipped("not claimed")

    def _accepted(self) -> list[Case]:
        return [case for case in self.cases if not self.solver.refuses(case.form)]

    def _all(self) -> list[tuple[Case, Claim, Observer]]:
        for case in self._accepted():
            if case.name not in self._runs:
                ctx = Observer()
                self._runs[case.name] = (observed(self.solver, case.form, ctx), ctx)
        return [(case, *self._runs[case.name]) for case in self._accepted()]


def _well_typed(case: Case, claim: Claim) -> None:
    ensure(isinstance(claim.stop, Stop), f"{case}: stop is {claim.stop!r}, not a Stop")
    ensure(isinstance(claim.feasible, bool), f"{case}: feasible is {claim.feasible!r}, not a bool")
    ensure(not claim.feasible or claim.point is not None, f"{case}: feasible, but without a point")
    ensure(claim.witness is None or isinstance(claim.witness, Witness), f"{case}: witness is {claim.witness!r}")
    ensure(isinstance(claim.message, str), f"{case}: message is {claim.message!r}")
    ensure(not (claim.stop is Stop.ERROR and not claim.message), f"{case}: an error without a message")
    for name in ("value", "bound"):
        number = getattr(claim, name)
        plain = isinstance(number, int | float | Fraction) and not isinstance(number, bool | np.generic)
        ensure(number is None or plain, f"{case}: {name} is a {type(number).__name__}, not a Python number")
        ensure(number is None or number == number, f"{case}: {name} is NaN")
    for name, value in claim.statistics.items():
        plain = isinstance(name, str) and isinstance(value, str | int | float | bool | None)
        ensure(plain and not isinstance(value, np.generic), f"{case}: statistic {name} is a {type(value).__name__}")


def _feasible(case: Case, point: Any) -> None:
    ensure(case.optimum != INFINITY, f"{case}: claims a feasible point where there is none")
    off = violation(case.form, point)
    ensure(off <= TOLERANCE, f"{case}: claims a feasible point that violates a constraint by {off:.3g}")


def _prices(case: Case, witness: Multipliers, tight: bool) -> None:
    """Multipliers bound the optimum from below; those of an exact solver close the gap of a linear program."""
    proved = multiplier_bound(case.form, witness.rows)
    if proved is None or not math.isfinite(case.optimum):
        return
    ensure(proved > -INFINITY, f"{case}: the multipliers {witness.rows} have the wrong sign (see dualgap.core.forms)")
    slack = TOLERANCE * max(1.0, abs(case.optimum))
    ensure(proved <= case.optimum + slack, f"{case}: the multipliers prove {proved}, above {case.optimum}")
    linear = not isinstance(case.form, DualisedProgram) and not case.form.integer.any()  # type: ignore[attr-defined]
    if tight and linear:
        ensure(proved >= case.optimum - slack, f"{case}: the multipliers prove only {proved} of {case.optimum}")


def _plain(point: Any) -> Any:
    if isinstance(point, np.ndarray):
        return point.tolist()
    if isinstance(point, list | tuple):
        return [_plain(part) for part in point]
    return np.asarray(point).tolist() if hasattr(point, "__array__") else point
