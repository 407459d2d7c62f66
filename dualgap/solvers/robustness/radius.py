"""Least radii: what bounds certify by bisection, what descent reaches, and both brought together by exact verdicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context
from dualgap.problems.adversarial_example import AdversarialExample, PerturbedInputs
from dualgap.problems.networks.bounds import MarginBounds, crown_bounds, interval_bounds, margins_query
from dualgap.problems.networks.bounds.proof import farthest, least
from dualgap.problems.networks.bounds.witness import Method, Tree, packed
from dualgap.solvers.robustness.descent import descend
from dualgap.solvers.robustness.known import Known, ball
from dualgap.solvers.robustness.pattern import nearest_in_pattern
from dualgap.solvers.robustness.search import Search

_FIRST = 1e-3
_FARTHEST = 2.0**40  # times the first radius, where no box ends the search
_CLOSE = 1e-9  # relative, of bisections
_BELOW = 5e-7  # relative: how far below an attack's radius a proof is tried


def widest(problem: AdversarialExample, method: Method, ctx: Context) -> Claim:
    """The radii at which bounds certify the inputs, and the closest points that descent finds."""
    radii, points = attacked(problem, ctx)
    low = certified(problem, method, ctx)
    endless = bool((low >= farthest(problem)).any())
    return _claim(radii, points, MarginBounds(method=method, radii=low), endless, 0, ctx)


def certified(problem: AdversarialExample, method: Method, ctx: Context) -> np.ndarray:
    """(n,) the largest radii at which every margin's bound is positive."""

    def safe(radii: np.ndarray) -> np.ndarray:
        query = margins_query(problem, radii)
        bounds = interval_bounds(query) if method == "interval" else crown_bounds(query)
        return least(query, bounds) > 0

    return _last(safe, problem, ctx)


def attacked(problem: AdversarialExample, ctx: Context) -> tuple[np.ndarray, np.ndarray]:
    """(n,) radii and (n, d) points where margins are not positive; infinite and the input where none is found."""
    points = np.array(problem.inputs, dtype=np.float64)
    radii = np.where(problem.margins.of(problem.network.forward(points)) <= 0, 0.0, np.inf)

    def safe(tried: np.ndarray) -> np.ndarray:
        query = margins_query(problem, tried)
        found = descend(query, ball(problem, tried), ctx.seed)
        low = np.flatnonzero(query.values(found) <= 0)
        for row in low:
            item = int(query.item[row])
            distance = _distance(problem, item, found[row])
            if distance < radii[item]:
                radii[item], points[item] = distance, found[row]
        held = np.ones(len(radii), dtype=bool)
        held[query.item[low]] = False
        return held

    _last(safe, problem, ctx, close=1e-3)
    for item in np.flatnonzero(np.isfinite(radii) & (radii > 0)):
        radii[item], points[item] = _closer(_alone(problem, int(item)), points[item], ctx)
    return radii, points


def _closer(alone: AdversarialExample, point: np.ndarray, ctx: Context) -> tuple[float, np.ndarray]:
    """The radius of a point where one input's network goes wrong, or of the closest with the same neurons active."""
    found = None if ctx.should_stop() else nearest_in_pattern(alone, point, ctx)
    if found is None or _distance(alone, 0, found) >= _distance(alone, 0, point):
        found = point
    return _distance(alone, 0, found), found


def _last(
    safe: Callable[[np.ndarray], np.ndarray], problem: AdversarialExample, ctx: Context, close: float = _CLOSE
) -> np.ndarray:
    """(n,) the largest radii found to be safe, by doubling and bisection."""
    limit = np.minimum(farthest(problem), _FIRST * _FARTHEST)
    low, high = np.zeros(len(limit)), np.minimum(_FIRST, limit)
    open_ = np.ones(len(limit), dtype=bool)
    while open_.any() and not ctx.should_stop():
        held = safe(high)
        low = np.where(open_ & held, high, low)
        open_ &= held & (high < limit)
        high = np.where(open_, np.minimum(2.0 * high, limit), high)
    while (high - low > close * np.maximum(high, close * _FIRST)).any() and not ctx.should_stop():
        middle = 0.5 * (low + high)
        held = safe(middle)
        low, high = np.where(held, middle, low), np.where(held, high, middle)
    return low


def _distance(problem: AdversarialExample, item: int, point: np.ndarray) -> float:
    order = {"inf": np.inf, "2": 2, "1": 1}[problem.norm]
    return float(np.linalg.norm(point - problem.inputs[item], ord=order))


def exact(problem: AdversarialExample, nodes: int, ctx: Context) -> Claim:
    """Least radii by verdicts just below the best attack: each proves it, or finds a closer point to go on from.

    An input without a point is tried over its whole box.
    """
    radii, points = attacked(problem, ctx)
    low, limit = certified(problem, "crown", ctx), farthest(problem)
    trees: list[Tree] = []
    proofs = 0
    for item in np.flatnonzero((radii > low) & (np.isfinite(radii) | np.isfinite(limit))):
        alone = _alone(problem, int(item))
        rows = np.flatnonzero(problem.margins.item == item)
        while not ctx.should_stop():
            tried = min(radii[item] * (1.0 - _BELOW), limit[item])
            known = Known(alone, np.array([tried]), ctx)
            settled(known, nodes, ctx)
            proofs += 1
            if known.margins[0] > 0:
                if not len(known.undecided(0)) and tried > low[item]:
                    low[item] = tried
                    trees += [replace(tree, row=int(rows[tree.row])) for tree in known.trees]
                break
            radii[item], points[item] = _closer(alone, known.points[0], ctx)
        ctx.report(point=PerturbedInputs(points=points), witness=packed(trees, radii=low))
    return _claim(radii, points, packed(trees, radii=low), bool((low >= limit).any()), proofs, ctx)


def _claim(
    radii: np.ndarray, points: np.ndarray, witness: MarginBounds, endless: bool, proofs: int, ctx: Context
) -> Claim:
    missing = int((~np.isfinite(radii)).sum())
    ended = Stop.INFEASIBLE if endless else Stop.TIME if ctx.should_stop() else Stop.FINISHED
    return Claim(
        point=None if endless else PerturbedInputs(points=points),
        feasible=not missing,
        stop=ended,
        witness=witness,
        statistics={"proofs": proofs},
        message=f"no point where the margin isn't positive was found for {missing:,} inputs" if missing else "",
    )


def settled(known: Known, nodes: int, ctx: Context) -> None:
    """Decides the functions that are open, until a margin isn't positive."""
    for row in known.undecided(0):
        if known.margins[0] <= 0 or ctx.should_stop():
            break
        known.settle(Search(known.query.row(row), known.root(row), ctx, nodes), int(row))


def _alone(problem: AdversarialExample, item: int) -> AdversarialExample:
    """The problem of one input."""
    fields = {name: getattr(problem, name) for name in type(problem).model_fields}
    for name in ("inputs", "labels", "targets", "lower", "upper"):
        fields[name] = fields[name][item : item + 1]
    return type(problem)(**{**fields, "names": ()})
