"""Bounds on conic programs recomputed from multipliers, with every rounding error accounted for."""

from dualgap.problems.conic.bound import conic_bound, conic_infeasible, conic_unbounded

__all__ = ["conic_bound", "conic_infeasible", "conic_unbounded"]
