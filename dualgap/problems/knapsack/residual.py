"""What is left of a knapsack in one dimension once a price and an incumbent have fixed most of the items.

A price (``dualgap.problems.knapsack.prices``) puts multipliers on the capacity and on inequalities a'x <= b. Let
p_j = v_j - sum_i mu_i a_ij, r_j = p_j - lambda w_j and U = lambda c + sum_i mu_i b_i + sum_j limits_j max(0, r_j). A
packing that takes t copies fewer of an item with r_j > 0 (or t more of one with r_j < 0) is worth at most U - t |r_j|;
so whatever beats the incumbent z differs from the relaxation's choice by at most (U - z - 1) / |r_j| copies (Ingargiola
and Korsh, Reduction algorithm for zero-one single knapsack problems, Management Science 20, 1973).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from dualgap.core.exact import Exact, combine
from dualgap.problems.knapsack.instance import SAFE, Instance
from dualgap.problems.knapsack.packing import Packing, dot
from dualgap.problems.knapsack.prices import Price, charges


@dataclass(frozen=True)
class Residual:
    """Where every packing better than ``incumbent`` must lie: ``lower <= x <= lower + free``.

    Attributes:
        packing: what it belongs to.
        relaxed: (k,) the relaxation's choice at the price.
        lower, free: (k,) the box.
        distance: (k,) |r_j| on a common scale, for sorting.
        incumbent: in steps.
        bound: U, in steps, rounded down; whatever beats the incumbent is worth no more.
        ceiling: the same from what holds for all packings, better ones or not.
        priced: (k,) p_j.
        charged: sum_i mu_i b_i and what is gratis: priced values and this are never below the value.
    """

    packing: Packing
    relaxed: np.ndarray
    lower: np.ndarray
    free: np.ndarray
    distance: np.ndarray
    incumbent: int
    bound: int
    ceiling: int
    priced: Exact
    charged: Fraction

    @cached_property
    def capacity(self) -> int:
        """What the box leaves of the capacity; negative where nothing in it fits."""
        return self.packing.capacity - dot(self.packing.weights, self.lower)

    @cached_property
    def worth(self) -> int:
        """The value of ``lower`` and what is gratis, in steps."""
        return self.packing.worth(self.lower)

    @property
    def settled(self) -> bool:
        """Whether nothing better than the incumbent can exist."""
        return self.bound <= self.incumbent or self.capacity < 0

    def instance(self) -> Instance:
        """The knapsack over the free copies, equal items taken together."""
        packed = self.packing
        items = np.flatnonzero((self.free > 0) & (packed.weights <= self.capacity))
        items = items[np.lexsort((packed.values[items], packed.weights[items]))]
        values, weights = packed.values[items], packed.weights[items]
        new = np.ones(len(items), dtype=bool)
        new[1:] = (values[1:] != values[:-1]) | (weights[1:] != weights[:-1])
        first, kinds = np.flatnonzero(new), np.cumsum(new) - 1
        fits = self.capacity // (weights if self.capacity < SAFE else weights.astype(object))
        room = np.minimum(self.free[items], fits).astype(np.int64)
        limits = np.minimum(np.add.reduceat(room, first) if len(items) else room, fits[first]).astype(np.int64)
        return Instance(
            items=items,
            kinds=kinds,
            room=room,
            values=values[first],
            weights=weights[first],
            limits=limits,
            capacity=self.capacity,
            need=max(self.incumbent + 1 - self.worth, 0),
            top=self.bound - self.worth,
            priced=self.priced[items[first]],
            least=self.incumbent + 1 - self.charged - self.priced.dot(Exact(self.lower)),
        )


def residual(packed: Packing, price: Price, incumbent: int) -> Residual:
    """The box for a price (on the scale of ``packed``) and an incumbent's value (or any guess of it)."""
    charged = charges(packed, price, incumbent)
    priced = combine([(1, Exact(packed.values)), *((-charge.price, Exact(charge.coefficients)) for charge in charged)])
    reduced = combine([(1, priced), (-price.capacity, Exact(packed.weights))])
    numerators, denominator = reduced.numerators, reduced.denominator
    chosen = numerators > 0
    gain = Exact(np.where(chosen, numerators, 0), denominator).dot(Exact(packed.limits))
    sides = packed.extra + sum(charge.price * charge.right for charge in charged)
    bound = price.capacity * packed.capacity + gain + sides
    always = packed.extra + sum(charge.price * charge.right for charge in charged if charge.price > 0)
    distance = abs(numerators)
    slack = int((bound - incumbent - 1) * denominator // 1)
    free = np.zeros(len(packed.index), dtype=np.int64)
    if slack >= 0:
        wide = distance.astype(object) if slack >= SAFE else distance
        copies = np.where(distance > 0, slack // np.maximum(wide, 1), packed.limits)
        free = np.minimum(copies, packed.limits).astype(np.int64)
    return Residual(
        packing=packed,
        relaxed=np.where(chosen, packed.limits, 0),
        lower=np.where(chosen, packed.limits - free, 0),
        free=free,
        distance=distance,
        incumbent=incumbent,
        bound=bound // 1,
        ceiling=(bound - sides + always) // 1,
        priced=priced,
        charged=Fraction(sides),
    )
