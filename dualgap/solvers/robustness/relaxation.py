"""Linear relaxations of nodes by HiGHS, each from the basis of the one before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dualgap.problems.networks.bounds.dual import Backward
from dualgap.problems.networks.bounds.nodes import Node
from dualgap.problems.networks.bounds.program import Encoded
from dualgap.problems.networks.bounds.query import Query
from dualgap.solvers.highs_model import load

_OPTIONS = {
    "presolve": False,
    "threads": 1,
    "solver": "simplex",
    "primal_feasibility_tolerance": 1e-10,
    "dual_feasibility_tolerance": 1e-10,
}
_SCALES = (1.0, 1e2, 1e4, 1e6, 1e8)


@dataclass(frozen=True, eq=False)
class Relaxed:
    """What bounds a node.

    Attributes:
        found: the backward pass.
        multipliers: (U,) that it was made with; None for CROWN's.
        point: (V,) the relaxation's point; None where there is none.
        prices: (U,) of the triangles' upper sides, nonpositive.
    """

    found: Backward
    multipliers: np.ndarray | None = None
    point: np.ndarray | None = None
    prices: np.ndarray | None = None


class Relaxations:
    """Relaxations of one function (the query's only one) over the nodes of a set."""

    def __init__(self, query: Query, encoded: Encoded) -> None:
        self.query, self.encoded, self.start = query, encoded, query.starts()
        self.solved = 0
        self._basis: Any = None

    def solve(self, node: Node, seconds: float, cutoff: float) -> Relaxed | None:
        """The relaxation of a node; None where HiGHS came to no end."""
        import highspy

        form = self.encoded.relaxation(node, self.query.rows[0], float(self.query.constants[0]))
        highs = load(form, {**_OPTIONS, "time_limit": max(seconds, 0.0)})
        if self._basis is not None:
            highs.setBasis(self._basis)
        highs.run()
        self.solved += 1
        status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kOptimal:
            self._basis = highs.getBasis()
            solution = highs.getSolution()
            return self._priced(node, np.array(solution.row_dual), np.array(solution.col_value))
        if status == highspy.HighsModelStatus.kInfeasible:
            return self._impossible(node, highs, cutoff)
        return None

    def _priced(self, node: Node, duals: np.ndarray, point: np.ndarray | None) -> Relaxed:
        multipliers = self.encoded.multipliers(node, duals)
        found = node.bounded(self.query.layers, self.start, self.encoded.neurons, multipliers)
        count = len(multipliers)
        return Relaxed(found, multipliers, point, np.minimum(duals[count : 2 * count], 0.0))

    def _impossible(self, node: Node, highs: Any, cutoff: float) -> Relaxed | None:
        """A node without a point: enough of the ray that shows it lifts the bound above any cutoff."""
        _, given, ray = highs.getDualRay()
        if not given:
            return None
        best: Relaxed | None = None
        for scale in _SCALES:
            tried = self._priced(node, scale * np.array(ray), None)
            if best is None or tried.found.bound[0] > best.found.bound[0]:
                best = tried
            if tried.found.bound[0] >= cutoff:
                break
        return best
