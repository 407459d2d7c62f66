"""Lower bounds on the time, from a price of memory; and that the least memory is too much.

Mathematics: for any price y >= 0 of a unit of memory no choice within the limit is faster than

    q(y) = min over all choices of time + y memory, less y limit.

The minimum is exact, by elimination, in float64 sums of numbers that aren't negative: n of them are off by at most a
share of n 2^-53 / (1 - n 2^-53), which is taken off.

Source: Everett, Generalized Lagrange multiplier method (1963); for the sums Higham, Accuracy and stability of numerical
algorithms (2002), chapter 3.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from dualgap.core.arrays import Number
from dualgap.core.certificate import INFINITY, Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import fraction, simplest
from dualgap.core.witness import Witness
from dualgap.problems.operator_sharding.elimination import LARGEST_TABLE, additions, cheapest, widest

if TYPE_CHECKING:
    from dualgap.problems.operator_sharding.spec import OperatorSharding


class MemoryPrice(Witness):
    """Seconds for a unit of memory, at least 0."""

    type: ClassVar[str] = "memory-price"
    price: Number


class LeastMemory(Witness):
    """Nothing but the spec is needed: every operator's least memory, added up."""

    type: ClassVar[str] = "least-memory"


def prove(problem: OperatorSharding, witness: Witness) -> Bound:
    """The bound, recomputed.

    Raises:
        InvalidWitnessError: another witness, a price below 0, operators joined too closely, or memory that suffices.
    """
    match witness:
        case MemoryPrice():
            return Bound(simplest(priced(problem, witness.price)), Evidence.PROVED, "a price of memory")
        case LeastMemory():
            if problem.least_memory <= fraction(problem.limit):
                raise InvalidWitnessError("the least memory fits")
            return Bound(INFINITY, Evidence.PROVED, "the least memory of every operator")
        case _:
            raise InvalidWitnessError(f"operator-sharding takes no {witness.type} witness")


def priced(problem: OperatorSharding, price: float) -> Fraction:
    """q(price), rounded down."""
    if not 0 <= price < float("inf"):
        raise InvalidWitnessError("a price is finite and at least 0")
    if widest(problem) > LARGEST_TABLE:
        raise InvalidWitnessError(f"elimination would make a table of more than {LARGEST_TABLE:,} entries")
    value = Fraction(cheapest(problem, float(price)).value)
    steps = additions(problem) + 8  # and the rounding of decimals, of the price and of its products
    unit = Fraction(steps, 2**53)
    return value * (1 - unit / (1 - unit)) - Fraction(float(price)) * fraction(problem.limit)
