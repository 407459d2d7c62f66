"""Exact rational arithmetic on arrays, fast where int64 suffices.

A float of a spec stands for its shortest decimal (``0.1`` is 1/10), so that ``.1 + .2 <= .3`` holds. An
``Exact`` array is integers over one common denominator; sums and products stay in int64 where the magnitudes
show that nothing can overflow, and go to Python integers where they don't.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import gcd, inf
from typing import Any, TypeAlias

import numpy as np

Real: TypeAlias = int | float | Fraction
"""A number of a certificate: exact (int, Fraction) where arithmetic was exact, else float."""

_LIMIT = 2**62
_EXACT_FLOAT = 2.0**53
_SURE_DECIMAL = 1e15
_MAX_DECIMALS = 15


def simplest(value: Real) -> Real:
    """An int where a Fraction is whole."""
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


def fraction(value: Real) -> Fraction:
    """The rational that a number stands for; a float stands for its shortest decimal."""
    return Fraction(Decimal(repr(float(value)))) if isinstance(value, float) else Fraction(value)


def nearest(value: Real) -> float:
    """The nearest float; infinite beyond the floats' range, where ``float`` raises."""
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf


def float_noise(value: float) -> Fraction:
    """By how much a solver's (finite) float may miss a whole number that it stands for (absolute)."""
    return Fraction(1, 10**6) + abs(Fraction(value)) / 10**9


@dataclass(frozen=True)
class Exact:
    """``numerators / denominator``, elementwise; numerators are int64, or Python integers (dtype object)."""

    numerators: np.ndarray
    denominator: int = 1

    @cached_property
    def largest(self) -> int:
        """The largest absolute numerator."""
        if self.numerators.size == 0:
            return 0
        return max(abs(int(self.numerators.max())), abs(int(self.numerators.min())))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.numerators.shape

    def __getitem__(self, index: Any) -> Exact:
        return Exact(self.numerators[index], self.denominator)

    def item(self, index: int | tuple[int, ...]) -> Fraction:
        return Fraction(int(self.numerators[index]), self.denominator)

    def total(self) -> Fraction:
        """The exact sum."""
        safe = self.largest * max(self.numerators.size, 1) < _LIMIT
        numerators = self.numerators if safe else self.numerators.astype(object)
        return Fraction(int(numerators.sum()) if numerators.size else 0, self.denominator)

    def dot(self, other: Exact) -> Fraction:
        """The exact inner product of two vectors."""
        denominator = self.denominator * other.denominator
        if self.numerators.size == 0:
            return Fraction(0)
        if self.largest * other.largest * self.numerators.size < _LIMIT:
            return Fraction(int(self.numerators @ other.numerators), denominator)
        left, right = self.numerators.astype(object), other.numerators.astype(object)
        return Fraction(int(left @ right), denominator)

    def scaled(self, factor: Real) -> Exact:
        """``factor * self``."""
        return combine([(factor, self)])

    def floats(self) -> np.ndarray:
        """The nearest floats, elementwise."""
        if self.largest < _EXACT_FLOAT and self.denominator < _EXACT_FLOAT:
            return np.asarray(self.numerators / self.denominator, dtype=np.float64)
        quotients = [int(numerator) / self.denominator for numerator in self.numerators.ravel()]
        return np.array(quotients, dtype=np.float64).reshape(self.shape)


def exact(array: np.ndarray) -> Exact:
    """The exact value of a spec's array: integers as they are, floats as their shortest decimals.

    Finite data only. The fast path looks for k with x = m / 10^k as float64s for all x: for |m| < 2^53 and
    10^k <= 10^22 that quotient is correctly rounded, and decimals of at most 15 digits have float64s of their own,
    so m / 10^k is x's shortest decimal.
    """
    if array.dtype != np.float64:
        return Exact(array)
    for decimals in range(_MAX_DECIMALS + 1):
        scale = 10.0**decimals
        scaled = np.rint(array * scale)
        if not np.all(np.abs(scaled) < (_SURE_DECIMAL if decimals else _EXACT_FLOAT)):
            break
        if np.array_equal(scaled / scale, array):
            return _reduced(scaled.astype(np.int64), 10**decimals)
    shortest = [Decimal(repr(x)) for x in array.ravel().tolist()]
    places = max(0, *(-int(decimal.as_tuple().exponent) for decimal in shortest))
    numerators = [int(decimal.scaleb(places)) for decimal in shortest]
    return _reduced(narrow(numerators, array.shape), 10**places)


def _reduced(numerators: np.ndarray, denominator: int) -> Exact:
    common = gcd(_common_divisor(numerators), denominator)
    return Exact(numerators // common, denominator // common) if common > 1 else Exact(numerators, denominator)


def narrow(integers: Sequence[int], shape: tuple[int, ...]) -> np.ndarray:
    """Python integers as int64 where they fit, else as an array of objects."""
    fits = all(abs(integer) < _LIMIT for integer in integers)
    return np.array(integers, dtype=np.int64 if fits else object).reshape(shape)


def combine(terms: Sequence[tuple[Real, Exact]]) -> Exact:
    """The linear combination ``sum_k factor_k * array_k``, exactly (arrays of one shape)."""
    factors = [fraction(factor) / array.denominator for factor, array in terms]
    denominator = 1
    for f in factors:
        denominator = denominator * f.denominator // gcd(denominator, f.denominator)
    weights = [f.numerator * (denominator // f.denominator) for f in factors]
    magnitude = sum(abs(w) * max(array.largest, 1) for w, (_, array) in zip(weights, terms, strict=True))
    wide = magnitude >= _LIMIT
    total: np.ndarray | None = None
    for weight, (_, array) in zip(weights, terms, strict=True):
        numerators = array.numerators.astype(object) if wide else array.numerators
        part = numerators * weight if weight != 1 else numerators
        total = part if total is None else total + part
    assert total is not None, "combine needs at least one term"
    return Exact(total, denominator)


def segment_dots(left: Exact, right: Exact, starts: np.ndarray) -> Exact:
    """Exact sums of ``left right`` over the segments of entries that begin at ``starts``, its last being the end."""
    lengths = np.diff(starts)
    largest = max(left.largest, 1) * max(right.largest, 1)  # zeros don't make the other side's numbers fit
    safe = largest * int(lengths.max(initial=1)) < _LIMIT
    kind: Any = np.int64 if safe else object
    products = left.numerators.astype(kind) * right.numerators.astype(kind)
    sums = np.zeros(len(lengths), dtype=kind)
    filled = np.flatnonzero(lengths)
    if filled.size:
        sums[filled] = np.add.reduceat(products, starts[filled])
    return Exact(sums, left.denominator * right.denominator)


def dyadic(values: np.ndarray, bits: int = 30) -> list[Fraction]:
    """Multipliers rounded to fractions with denominators that are powers of two and numerators below ``2**bits``.

    Any multipliers of the right sign are valid, so rounding them loses a little tightness and no validity; it
    keeps the exact sums within int64. Zero stays zero and signs are kept.
    """
    rounded = []
    for value in np.asarray(values, dtype=np.float64).ravel():
        mantissa, exponent = np.frexp(value)
        numerator = int(np.rint(mantissa * 2.0**bits))
        shift = int(exponent) - bits
        rounded.append(Fraction(numerator * 2**shift) if shift >= 0 else Fraction(numerator, 2**-shift))
    return rounded


def lattice_step(array: Exact) -> Fraction:
    """The largest g such that every entry is a multiple of g (0 for all zeros): sums lie on the lattice g Z."""
    return Fraction(_common_divisor(array.numerators), array.denominator)


def _common_divisor(numerators: np.ndarray) -> int:
    flat = numerators.ravel()
    return gcd(*map(int, flat)) if flat.dtype == object else abs(int(np.gcd.reduce(flat)))
