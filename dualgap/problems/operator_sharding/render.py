"""Strategies for people: layers that are alike share a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from dualgap.problems.operator_sharding.spec import OperatorSharding

_PLANS = 6  # columns at most; the most frequent ones


def table(problem: OperatorSharding, answer: Any) -> list[tuple[str, ...]]:
    """A row an operator, a column for each way in which a layer is sharded, the most frequent first."""
    choice = np.asarray(answer.choice).astype(np.int64)
    plans, first, counts = np.unique(choice, axis=0, return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))
    shown = order[:_PLANS]
    heads = [f"{counts[one]:,} layer{'s' * int(counts[one] > 1)}" for one in shown]
    rest = int(counts[order[_PLANS:]].sum())
    more = [f"and {rest:,} others"] if rest else []
    rows = [
        (name, *(problem.strategy_name(k, int(plans[one, k])) for one in shown), *("…" for _ in more))
        for k, name in enumerate(problem.operator_names)
    ]
    return [("operator", *heads, *more), *rows]
