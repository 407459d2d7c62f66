"""Lower bounds on a step's time: at every point of the grid a price of memory for each stage that decides.

A point's step takes at least as long as each of its stages, whose layers' plans a price bounds (see
``operator_sharding.proofs``); the bound is the least over all points, which the verifier lists itself.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from dualgap.core.arrays import Rows
from dualgap.core.certificate import INFINITY, Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import simplest
from dualgap.core.witness import Witness
from dualgap.problems.operator_sharding.proofs import priced
from dualgap.problems.parallel_strategy.grid import Point, points
from dualgap.problems.parallel_strategy.stages import Stage

if TYPE_CHECKING:
    from dualgap.problems.parallel_strategy.spec import ParallelStrategy


class StagePrices(Witness):
    """Prices of memory.

    Attributes:
        points: (n, 6) of the grid: tensor, context, pipeline, microbatch, interleave, zero. Others' prices are 0.
        prices: (n, 2) seconds a byte, of the first stage and of the last; of the only stage the first.
    """

    type: ClassVar[str] = "stage-prices"
    points: Rows
    prices: Rows


def prove(problem: ParallelStrategy, witness: Witness) -> Bound:
    """The bound, recomputed.

    Raises:
        InvalidWitnessError: another witness, or prices that aren't any.
    """
    if not isinstance(witness, StagePrices):
        raise InvalidWitnessError(f"parallel-strategy takes no {witness.type} witness")
    rows = witness.points.reshape(-1, 6) if witness.points.size % 6 == 0 else None
    prices = witness.prices.reshape(-1, 2) if witness.prices.size % 2 == 0 else None
    if rows is None or prices is None or len(rows) != len(prices):
        raise InvalidWitnessError("two prices for each point of six numbers")
    told = {Point(*(int(n) for n in row)): (one, two) for row, (one, two) in zip(rows.tolist(), prices.tolist())}
    best: Fraction | None = None
    for point in points(problem):
        bound = point_bound(problem.stages(point), told.get(point, (0.0, 0.0)))
        if bound is not None and (best is None or bound < best):
            best = bound
    if best is None:
        return Bound(INFINITY, Evidence.PROVED, "the least memory of every operator at every point of the grid")
    return Bound(simplest(best), Evidence.PROVED, "a price of memory for each stage at every point of the grid")


def point_bound(found: tuple[Stage, ...], prices: tuple[float, float]) -> Fraction | None:
    """Of one point; None where its least memory is too much."""
    if any(not stage.fits for stage in found):
        return None
    return max(stage.constant + priced(stage.sharding, price) for stage, price in zip(found, prices))
