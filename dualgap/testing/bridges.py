"""The conformance suite of bridges: a crossing's maps held against forms whose optimum is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dualgap.core.relations import Relation
from dualgap.core.views import Bridge, Crossing
from dualgap.plugins.entries import check_offer
from dualgap.plugins.registry import registry
from dualgap.testing.cases import Case, cases, refusals
from dualgap.testing.harness import Observer, captured, observed
from dualgap.testing.measure import objective, violation
from dualgap.testing.pipeline import solver_for
from dualgap.testing.report import Report, Skipped, ensure, run_checks

_CLOSE = 1e-6


def check_bridge(bridge: Bridge, instances: Sequence[Case] | None = None) -> Report:
    """Holds a bridge to the contract; for the pytest of whoever wrote it.

    Args:
        bridge: the bridge.
        instances: forms of its source with known optimum; ``dualgap.testing.cases`` of it by default.

    Raises:
        AssertionError: lists every check that failed.
    """
    return examine_bridge(bridge, instances).require()


def examine_bridge(bridge: Bridge, instances: Sequence[Case] | None = None) -> Report:
    """The same, as a report with passes, failures and skips."""
    subject = f"bridge {getattr(bridge, 'name', bridge)}"
    rows = run_checks(subject, [("it is complete", lambda: _complete(bridge))])
    if not rows[0].passed:
        return Report(subject, rows)
    suite = _Suite(bridge, cases(bridge.source) if instances is None else list(instances))
    checks: list[tuple[str, Callable[[], str | None]]] = [
        ("refuses with a reason, never raises", suite.refuses),
        ("crosses to its target, prints nothing", suite.crosses),
        ("points come back", suite.points_return),
        ("optimal points cross, unless it restricts", suite.points_cross),
        ("no bound beats the optimum", suite.bounds),
    ]
    rows += run_checks(subject, checks)
    offers = f"from {bridge.source.__name__} to {bridge.target.__name__}", f"relation: {bridge.relation}"
    return Report(subject, rows, offers)


def _complete(bridge: Bridge) -> str | None:
    try:
        check_offer("bridges", getattr(bridge, "name", ""), bridge)
    except TypeError as error:
        raise AssertionError(str(error)) from None
    ensure(bool(bridge.name), "needs a name")
    return None


class _Suite:
    def __init__(self, bridge: Bridge, given: list[Case]) -> None:
        self.bridge = bridge
        self.cases = given

    def refuses(self) -> str | None:
        return refusals(self.bridge.refuses, self.cases)

    def crosses(self) -> str | None:
        for case in self._accepted():
            crossing, printed = captured(lambda case=case: self.bridge.cross(case.form))  # type: ignore[misc]
            ensure(isinstance(crossing, Crossing), f"{case}: cross returned {type(crossing).__name__}")
            kind = type(crossing.form).__name__
            ensure(isinstance(crossing.form, self.bridge.target), f"{case}: the form is a {kind}")
            ensure(not printed.strip(), f"{case}: prints to stdout")
        return None

    def points_return(self) -> str | None:
        seen = 0
        for case, crossing in self._crossings():
            if case.point is None or crossing.encode is None or crossing.decode is None:
                continue
            seen += 1
            again = crossing.decode(crossing.encode(case.point))
            there, here = objective(case.form, again), objective(case.form, case.point)
            close = there is not None and here is not None and abs(there - here) <= _CLOSE * max(1.0, abs(here))
            ensure(close, f"{case}: a point worth {here} comes back worth {there}")
        return _said(seen, "it has no decode and encode, or no case has a point")

    def points_cross(self) -> str | None:
        """A relaxation holds every point of the form; an exact crossing values it alike, a relaxation no higher."""
        if self.bridge.relation not in (Relation.EXACT, Relation.RELAXATION):
            raise Skipped(f"a {self.bridge.relation} needn't hold the form's points")
        seen = 0
        for case, crossing in self._crossings():
            if case.point is None or crossing.encode is None:
                continue
            seen += 1
            point = crossing.encode(case.point)
            off = violation(crossing.form, point)
            ensure(off <= _CLOSE, f"{case}: the optimal point breaks a constraint of the crossing by {off:.3g}")
            value = _lifted(crossing, objective(crossing.form, point))
            if value is None:
                continue
            above = value - case.optimum
            slack = _CLOSE * max(1.0, abs(case.optimum))
            ensure(above <= slack, f"{case}: the optimal point is worth {value} there, above {case.optimum}")
            exact = self.bridge.relation is Relation.EXACT
            ensure(not exact or above >= -slack, f"{case}: exact, but {value} there and {case.optimum} here")
        return _said(seen, "it has no encode, or no case has a point")

    def bounds(self) -> str | None:
        """What the first built-in solver of the target claims as its bound, lifted back."""
        seen = 0
        for case, crossing in self._crossings():
            name = solver_for(type(crossing.form), crossing.form)
            if not name or crossing.lift_bound is None:
                continue
            claim = observed(registry().solver(name)(), crossing.form, Observer())
            lifted = _lifted(crossing, None if claim.bound is None else float(claim.bound))
            if lifted is None:
                continue
            seen += 1
            over = lifted - case.optimum
            ensure(over <= _CLOSE * max(1.0, abs(case.optimum)), f"{case}: {lifted} is above {case.optimum}")
        return _said(seen, "no built-in solver gives a bound on its target, or it lifts none", "bounds")

    def _accepted(self) -> list[Case]:
        return [case for case in self.cases if not self.bridge.refuses(case.form)]

    def _crossings(self) -> list[tuple[Case, Crossing]]:
        return [(case, self.bridge.cross(case.form)) for case in self._accepted()]


def _lifted(crossing: Crossing, value: Any) -> float | None:
    return None if value is None or crossing.lift_bound is None else float(crossing.lift_bound(value))


def _said(seen: int, nothing: str, what: str = "points") -> str:
    if not seen:
        raise Skipped(nothing)
    return f"{seen} {what}"
