"""Integer programs in whole numbers: costs and rows scaled exactly by their denominators, sides rounded inwards."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.exact import Exact, Real, exact, fraction, simplest
from dualgap.core.forms import MixedIntegerProgram

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_LIMIT = 2.0**62
_TOO_LARGE = "sums beyond 2^62 in whole numbers; round the data, tighten bounds, or take highs"


class NotWholeError(ValueError):
    """The form can't be stated in 64-bit whole numbers; the message is a reason with its remedy."""


@dataclass(frozen=True)
class WholeProgram:
    """``min (cost'x) / scale + offset``, ``row_lower <= matrix x <= row_upper``, ``lower <= x <= upper``; all int64.

    Every activity of the box fits in 62 bits. Sides are clipped to what the box allows (one beyond it where a row can't
    be met), so none is infinite.
    """

    cost: np.ndarray
    scale: int
    offset: Fraction
    matrix: csr_array
    row_lower: np.ndarray
    row_upper: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    row_scale: int

    @cached_property
    def empty(self) -> bool:
        """Whether a row or a column alone shows that there is no point."""
        return bool(np.any(self.lower > self.upper) or np.any(self.row_lower > self.row_upper))

    def objective(self, cost: int) -> Real:
        """The form's objective where ``cost'x`` is ``cost``."""
        return simplest(Fraction(cost, self.scale) + self.offset)

    @property
    def note(self) -> str:
        """What was scaled, for people; empty where nothing was."""
        scaled = [f"{what} x {by}" for what, by in (("costs", self.scale), ("rows", self.row_scale)) if by > 1]
        return f"scaled exactly to whole numbers: {', '.join(scaled)}" if scaled else ""


def whole(form: MixedIntegerProgram) -> WholeProgram:
    """The form in whole numbers.

    Raises:
        NotWholeError: continuous columns, columns without finite bounds, or sums beyond 62 bits.
    """
    from scipy.sparse import csr_array

    if not form.integer.all():
        raise NotWholeError(f"{_column(form, ~form.integer)} is continuous; take a solver of mixed-integer programs")
    infinite = ~(np.isfinite(form.lower) & np.isfinite(form.upper))
    if infinite.any():
        raise NotWholeError(f"{_column(form, infinite)} has no finite bounds; bound it, or take highs")
    if np.any(np.maximum(np.abs(form.lower), np.abs(form.upper)) >= _LIMIT):
        raise NotWholeError("bounds beyond 2^62; tighten them")
    lower, upper = np.ceil(form.lower).astype(np.int64), np.floor(form.upper).astype(np.int64)
    reach = np.maximum(np.abs(lower), np.abs(upper)).astype(np.float64)
    cost, rows = exact(form.cost), exact(form.matrix.data)
    if object in (cost.numerators.dtype, rows.numerators.dtype):
        raise NotWholeError(_TOO_LARGE)
    counts = np.diff(form.matrix.indptr)
    divisors = _row_divisors(rows.numerators, form.matrix.indptr, counts)
    coefficients = rows.numerators // np.repeat(divisors, counts)
    matrix = csr_array((coefficients, form.matrix.indices, form.matrix.indptr), shape=form.matrix.shape)
    sums = [np.abs(cost.numerators.astype(np.float64)) @ reach, *(abs(matrix.astype(np.float64)) @ reach)]
    if max(sums) >= _LIMIT * (1 - 1e-6):  # float sums err by far less than that margin
        raise NotWholeError(_TOO_LARGE)
    least = matrix.maximum(0) @ lower + matrix.minimum(0) @ upper
    most = matrix.maximum(0) @ upper + matrix.minimum(0) @ lower
    return WholeProgram(
        cost=cost.numerators,
        scale=cost.denominator,
        offset=fraction(form.offset),
        matrix=matrix,
        row_lower=_sides(form.row_lower, rows.denominator, divisors, least, most + 1, up=True),
        row_upper=_sides(form.row_upper, rows.denominator, divisors, least - 1, most, up=False),
        lower=lower,
        upper=upper,
        row_scale=rows.denominator,
    )


def refusal(form: MixedIntegerProgram) -> str | None:
    """Why ``whole`` can't take the form, or None."""
    try:
        whole(form)
    except NotWholeError as error:
        return str(error)
    return None


def _column(form: MixedIntegerProgram, at: np.ndarray) -> str:
    index = int(np.argmax(at))
    return f"column {form.columns[index] if form.columns else index}"


def _row_divisors(numerators: np.ndarray, starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(m,) the greatest common divisor of each row's coefficients; 1 where they are all zero."""
    divisors = np.ones(len(counts), dtype=numerators.dtype)
    filled = np.flatnonzero(counts)
    if filled.size:
        divisors[filled] = np.gcd.reduceat(numerators, starts[filled])
    return np.maximum(divisors, 1)


def _sides(
    sides: np.ndarray, scale: int, divisors: np.ndarray, least: np.ndarray, most: np.ndarray, *, up: bool
) -> np.ndarray:
    """The sides times ``scale / divisors``, rounded up or down, clipped to ``[least, most]``."""
    result = np.where(sides < 0, least, most)
    finite = np.isfinite(sides)
    given: Exact = exact(np.asarray(sides)[finite])
    numerators = given.numerators.astype(object) * scale
    below = given.denominator * divisors[finite].astype(object)
    rounded = -(-numerators // below) if up else numerators // below
    result[finite] = np.clip(rounded, least[finite], most[finite]).astype(np.int64)
    return result
