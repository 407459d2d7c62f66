"""Routes: from a problem through a view and at most two bridges to a form that a solver accepts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dualgap.core.claim import Claim, Outcome, Stop
from dualgap.core.errors import NoRouteError, UsageError
from dualgap.core.exact import Real
from dualgap.core.problem import Problem
from dualgap.core.relations import Relation, compose
from dualgap.core.views import Bridge, Crossing, View
from dualgap.core.witness import Witness

MAX_BRIDGES = 2
_STRENGTH = {Relation.EXACT: 0, Relation.RELAXATION: 1, Relation.RESTRICTION: 2, Relation.SURROGATE: 3}


@dataclass(frozen=True)
class Route:
    """One way: ``view`` is None where the solver accepts the problem class itself."""

    kind: str
    target: type
    view: View | None = None
    bridges: tuple[Bridge, ...] = ()

    @property
    def relation(self) -> Relation:
        parts = [self.view.relation] if self.view else []
        return compose([*parts, *(bridge.relation for bridge in self.bridges)])

    @property
    def steps(self) -> tuple[str, ...]:
        """Names for people and for the record: kind, view and bridges with their relations, form."""
        views = [f"{self.view.name} ({self.view.relation})"] if self.view else []
        bridges = [f"{bridge.name} ({bridge.relation})" for bridge in self.bridges]
        form = [getattr(self.target, "title", self.target.__name__)] if self.view else []
        return (self.kind, *views, *bridges, *form)

    def __str__(self) -> str:
        return " -> ".join(self.steps)


def routes(problem: Problem, solver: Any, bridges: Sequence[Bridge], via: str | None = None) -> list[Route]:
    """Every route to the solver, the strongest relation and the fewest bridges first. Builds nothing.

    Raises:
        UsageError: ``via`` names no view of the problem.
    """
    views = problem.views()
    if via is not None and via not in {view.name for view in views}:
        known = ", ".join(view.name for view in views)
        raise UsageError(f"{problem.kind} has no view {via!r}; it has: {known}")
    found = [Route(problem.kind, type(problem))] if via is None and isinstance(problem, solver.accepts) else []
    for view in views:
        if via is None or view.name == via:
            for chain in _chains(view.form_type, solver.accepts, bridges):
                target = chain[-1].target if chain else view.form_type
                found.append(Route(problem.kind, target, view, chain))
    return sorted(found, key=lambda route: (_STRENGTH[route.relation], len(route.bridges)))


def _chains(start: type, accepts: tuple[type, ...], bridges: Sequence[Bridge]) -> list[tuple[Bridge, ...]]:
    """Bridge sequences from a form type to an accepted one, shortest first; none passes a form type twice."""
    complete: list[tuple[Bridge, ...]] = []
    frontier: list[tuple[type, tuple[Bridge, ...], frozenset[type]]] = [(start, (), frozenset({start}))]
    while frontier:
        form, chain, seen = frontier.pop(0)
        if issubclass(form, accepts):
            complete.append(chain)
        if len(chain) < MAX_BRIDGES:
            for bridge in bridges:
                if issubclass(form, bridge.source) and bridge.target not in seen:
                    frontier.append((bridge.target, (*chain, bridge), seen | {bridge.target}))
    return complete


def some_routes(problem: Problem, solver: Any, bridges: Sequence[Bridge], via: str | None = None) -> list[Route]:
    """``routes``, of which there must be one.

    Raises:
        NoRouteError: there is none; names the problem's forms and the solver's.
    """
    found = routes(problem, solver, bridges, via)
    if not found:
        forms = ", ".join(sorted({view.form_type.__name__ for view in problem.views()})) or "none"
        accepts = ", ".join(cls.__name__ for cls in solver.accepts) or "none"
        raise NoRouteError(f"no route from {problem.kind} (forms: {forms}) to {solver.name} (accepts: {accepts})")
    return found


class BuiltRoute:
    """A route with its form built, and the maps back to the problem."""

    def __init__(self, route: Route, problem: Problem) -> None:
        self.route = route
        self.problem = problem
        self.crossings: list[Crossing] = []
        self.form: Any = problem
        if route.view is not None:
            self.form = route.view.build()
            for bridge in route.bridges:
                reason = bridge.refuses(self.form)
                if reason:
                    raise NoRouteError(f"bridge {bridge.name} can't cross: {reason}")
                crossing = bridge.cross(self.form)
                self.crossings.append(crossing)
                self.form = crossing.form

    def answer(self, point: Any) -> Any:
        """The answer that a form's point stands for; None on a bound-only route.

        Raises:
            TypeError: it is no answer to this problem. ValueError: it stands for none (NaN, say).
        """
        answer = self._decoded(point)
        if answer is not None and not isinstance(answer, self.problem.answer_type):
            expected, got = self.problem.answer_type.__name__, type(answer).__name__
            raise TypeError(f"{self.problem.kind} takes a {expected} as its answer, not a {got}")
        return answer

    def _decoded(self, point: Any) -> Any:
        view = self.route.view
        if view is None or point is None:
            return point
        for crossing in reversed(self.crossings):
            if crossing.decode is None:
                return None
            point = crossing.decode(point)
        decode = view.decode
        if not self.route.relation.carries_points and view.repair is not None:
            decode = view.repair
        return decode(point) if decode else None

    def point(self, answer: Any) -> Any:
        """The form's point of an answer (warm starts); None where a step can't encode."""
        view = self.route.view
        if view is None or answer is None:
            return answer
        if view.encode is None:
            return None
        point = view.encode(answer)
        for crossing in self.crossings:
            if point is None or crossing.encode is None:
                return None
            point = crossing.encode(point)
        return point

    def encode_witness(self, witness: Witness | None) -> Witness | None:
        """A problem's witness on the form (warm starts); None where a step can't encode it."""
        maps = [self.route.view.encode_witness] if self.route.view is not None else []
        for encode in (*maps, *(crossing.encode_witness for crossing in self.crossings)):
            if witness is None or encode is None:
                return None
            witness = encode(witness)
        return witness

    def lift_bound(self, bound: Real | None) -> Real | None:
        """A bound of the form in the problem's terms; None on a point-only route."""
        maps = [crossing.lift_bound for crossing in reversed(self.crossings)]
        if self.route.view is not None:
            maps.append(self.route.view.lift_bound)
        for lift in maps:
            if bound is None or lift is None:
                return None
            bound = lift(bound)
        return bound

    def lift_witness(self, witness: Witness | None) -> Witness | None:
        """A witness on the form as one that the problem takes, or None."""
        maps = [crossing.lift_witness for crossing in reversed(self.crossings)]
        if self.route.view is not None:
            maps.append(self.route.view.lift_witness)
        for lift in maps:
            if witness is None or lift is None:
                return None
            witness = lift(witness)
        return witness

    def outcome(self, claim: Claim) -> Outcome:
        """The claim in the problem's own terms; of a point that stands for no answer, its bound remains."""
        exact = self.route.relation is Relation.EXACT
        answer, stop, message = None, claim.stop, claim.message
        try:
            answer = self.answer(claim.point)
        except ValueError:
            stop = Stop.NONFINITE if _spoiled(claim.point) else Stop.ERROR
            message = "the solver's point stands for no answer" + (f"; {message}" if message else "")
        return Outcome(
            answer=answer,
            feasible=claim.feasible,
            stop=stop,
            value=self.lift_bound(claim.value) if exact else None,
            bound=self.lift_bound(claim.bound),
            witness=self.lift_witness(claim.witness),
            conflict=claim.conflict,
            relation=self.route.relation,
            statistics=claim.statistics,
            message=message,
            start=claim.start,
        )


def _spoiled(point: Any) -> bool:
    """Whether there is NaN or infinity in an array."""
    return isinstance(point, np.ndarray) and not np.isfinite(point).all()
