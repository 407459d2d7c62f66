"""The bound that prices on rows give, each part by itself, in exact arithmetic and in simple fractions where they do.

For any prices y with the signs of their rows, no point x of the program does better than

    offset + sum_i y_i b_i + sum_j best over lower_j <= x_j <= upper_j of r_j x_j,    r = c - A'y

(Lagrangian relaxation of the rows; Geoffrion 1974), where b_i is the side of row i that y_i prices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import chain
from math import lcm

import numpy as np

from dualgap.core.certificate import Sense
from dualgap.core.exact import Exact, combine, exact, fraction, narrow, segment_dots
from dualgap.core.explain.program import Program

_DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 20, 25, 50, 100, 10**3, 10**4, 10**5, 10**6)
_LARGEST = (10**2, 10**3, 10**4, 10**6)


@dataclass(frozen=True)
class Charge:
    """A priced row: its price times its side."""

    row: int
    price: Fraction
    side: Fraction

    @property
    def amount(self) -> Fraction:
        return self.price * self.side


@dataclass(frozen=True)
class Priced:
    """The parts of the bound.

    Attributes:
        program: what is bounded.
        charges: of the rows with a price.
        reduced: (n,) the columns' objective less what they are charged.
        ends: (n,) the end of each column's range that the bound counts with; 0 where the reduced objective is 0.
    """

    program: Program
    charges: tuple[Charge, ...]
    reduced: Exact
    ends: np.ndarray

    @cached_property
    def total(self) -> Fraction:
        """The bound."""
        charged = sum((charge.amount for charge in self.charges), Fraction(0))
        return self.program.offset + charged + self.reduced.dot(exact(self.ends))

    @cached_property
    def adding(self) -> np.ndarray:
        """The columns that add something to the bound."""
        return np.flatnonzero((self.ends != 0) & (self.reduced.numerators != 0))

    def gains(self, most: int) -> dict[int, Fraction]:
        """Columns and what they add: all of them in order, or the ``most`` that add most."""
        chosen = self.adding
        if len(chosen) > most:
            sizes = np.abs(self.reduced[chosen].floats() * self.ends[chosen])
            chosen = chosen[np.argsort(-sizes, kind="stable")[:most]]
        return {j: self.reduced.item(j) * fraction(self.ends[j].item()) for j in chosen.tolist()}

    @property
    def bound(self) -> Fraction:
        """The bound, moved to the values that the objective can take."""
        return self.program.rounded(self.total)


def priced(
    program: Program, prices: Sequence[Fraction], box: tuple[np.ndarray, np.ndarray] | None = None
) -> Priced | None:
    """The bound at prices in the problem's sense; None where a price has the wrong sign, or a column has no end.

    Args:
        program: what to bound.
        prices: (m,).
        box: (n,) lower and (n,) upper bounds that hold as well (implied by the rows); the program's own by default.
    """
    form = program.form
    lower, upper = box if box is not None else (form.lower, form.upper)
    charges = tuple(_charges(program, prices))
    if any(charge is None for charge in charges):
        return None
    reduced = combine([(1, program.cost), (-1, _transposed(program, prices))])
    better = upper if program.sense is Sense.MAXIMIZE else lower
    worse = lower if program.sense is Sense.MAXIMIZE else upper
    signs = reduced.numerators
    ends = np.where(signs > 0, better, np.where(signs < 0, worse, 0.0))
    if not np.isfinite(ends).all():
        return None
    return Priced(program, tuple(charge for charge in charges if charge is not None), reduced, ends)


def _charges(program: Program, prices: Sequence[Fraction]) -> Iterator[Charge | None]:
    """The side that each price is on; None for a price on a side that there isn't."""
    form = program.form
    for i, price in enumerate(prices):
        if price:
            lower_side = (price > 0) == (program.sense is Sense.MINIMIZE)
            side = (form.row_lower if lower_side else form.row_upper)[i].item()
            yield Charge(i, price, fraction(side)) if np.isfinite(side) else None


def _transposed(program: Program, prices: Sequence[Fraction]) -> Exact:
    """(n,) the exact ``A'y``."""
    matrix = program.by_column
    common = lcm(*(price.denominator for price in prices))
    whole = [price.numerator * (common // price.denominator) for price in prices]
    scaled = Exact(narrow(whole, (len(whole),)), common)
    return segment_dots(program.entries, scaled[matrix.indices], matrix.indptr)


def simplest_prices(near: Sequence[float], good: Callable[[Sequence[Fraction]], bool]) -> list[Fraction] | None:
    """Prices near the given ones in the simplest fractions at which they are ``good``; None where none are.

    First those over one small denominator, then the nearest ones with denominators of their own (those of a vertex).
    """
    exactly = [fraction(price) for price in near]
    together = ([Fraction(round(price * whole), whole) for price in exactly] for whole in _DENOMINATORS)
    apart = ([price.limit_denominator(largest) for price in exactly] for largest in _LARGEST)
    return next((prices for prices in chain(together, apart) if good(prices)), None)
