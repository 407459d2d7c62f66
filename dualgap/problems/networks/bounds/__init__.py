"""Certified bounds of ReLU networks: intervals, CROWN, linear relaxations and trees of splits, rounded outward."""

from dualgap.problems.networks.bounds.proof import margins, margins_query, prove
from dualgap.problems.networks.bounds.query import Query, crown_bounds, interval_bounds
from dualgap.problems.networks.bounds.region import Region
from dualgap.problems.networks.bounds.replay import lower_bounds
from dualgap.problems.networks.bounds.witness import MarginBounds

__all__ = [
    "MarginBounds",
    "Query",
    "Region",
    "crown_bounds",
    "interval_bounds",
    "lower_bounds",
    "margins",
    "margins_query",
    "prove",
]
