"""Many 0/1 knapsacks of one capacity as arrays, verified together: exact, in int64 where nothing can overflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from pydantic_core import PydanticCustomError

from dualgap.core.arrays import as_array, fault_at
from dualgap.core.batch import Batch, BatchClaim, Certificates
from dualgap.core.certificate import Evidence
from dualgap.core.claim import Outcome
from dualgap.core.errors import Fault, SpecError
from dualgap.core.verify import verify
from dualgap.core.witness import Multipliers
from dualgap.problems.knapsack.spec import Knapsack, KnapsackAnswer

_BITS = 30  # of a multiplier's numerator, as in ``dualgap.core.exact.dyadic``
_SAFE = 2.0**62
_WORD = 62
_EXACT_FLOAT = 2**53
_FIRST = 8  # columns that mostly show that a row's values have no common divisor


@dataclass(frozen=True)
class KnapsackBatch(Batch):
    """B knapsacks of n items, one of each item, one capacity, all integers.

    Attributes:
        values, weights: (B, n) int64, weights >= 0.
        capacity: (B,) int64, >= 0.
    """

    values: np.ndarray
    weights: np.ndarray
    capacity: np.ndarray

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def instance_bytes(self) -> int:
        return 16 * int(self.values.shape[1]) + 8

    def part(self, first: int, last: int) -> KnapsackBatch:
        return KnapsackBatch(self.values[first:last], self.weights[first:last], self.capacity[first:last])

    def problem(self, index: int) -> Knapsack:
        return Knapsack(values=self.values[index], weights=self.weights[index], capacity=self.capacity[index])

    def verify(self, claim: BatchClaim, gap: float = 0.0) -> Certificates:
        """See ``Batch.verify``; what doesn't surely fit int64, or isn't a plain success, goes one by one."""
        with np.errstate(over="ignore", invalid="ignore"):
            plain = self._plain(claim)
            bounds = self._bounds(claim.multipliers[:, 0], plain)
        values = np.einsum("bn,bn->b", self.values, claim.points)
        gaps = bounds - values
        plain &= (gaps >= 0) & (np.maximum(np.abs(values), np.abs(bounds)) < _EXACT_FLOAT)
        relative = np.where(gaps == 0, 0.0, gaps / np.maximum(np.maximum(np.abs(values), np.abs(bounds)), 1))
        verdicts = np.where(gaps == 0, "optimal", np.where(relative <= gap, "within", "feasible")).astype("U20")
        evidence = np.full(self.count, str(Evidence.PROVED), dtype="U20")
        if not plain.all():
            values, bounds, gaps = (column.astype(object) for column in (values, bounds, gaps))
        found = Certificates(values, bounds, gaps, relative, verdicts, evidence)
        for index in np.flatnonzero(~plain).tolist():
            self._one(found, index, claim, gap)
        return found

    def _plain(self, claim: BatchClaim) -> np.ndarray:
        """(B,) whether the point is 0/1 and fits, the multiplier is valid, and no sum can overflow int64."""
        weights, points = self.weights, claim.points
        if points.dtype.kind not in "iub":
            return np.zeros(self.count, dtype=bool)
        total = np.abs(self.values, dtype=np.float64).sum(axis=1)  # -2**63 has no absolute value in int64
        heavy = weights.sum(axis=1, dtype=np.float64) + self.capacity
        numerator, shift = _grid(claim.multipliers[:, 0])
        scaled = np.ldexp(total, np.maximum(-shift, 0)) + numerator * np.ldexp(heavy, np.maximum(shift, 0))
        safe = np.isfinite(claim.multipliers[:, 0]) & (numerator >= 0) & (scaled < _SAFE) & (np.abs(shift) < _WORD)
        whole = (points >= 0).all(axis=1) & (points <= 1).all(axis=1)
        fits = np.einsum("bn,bn->b", weights, points) <= self.capacity
        plain: np.ndarray = safe & whole & fits
        return plain

    def _bounds(self, multipliers: np.ndarray, plain: np.ndarray) -> np.ndarray:
        """(B,) the Lagrangian bound at the multiplier on the verifier's grid, rounded to the objective's lattice."""
        numerator, shift = _grid(np.where(plain, multipliers, 0.0))
        price = (numerator.astype(np.int64) << np.maximum(shift, 0))[:, None]
        down = np.maximum(-shift, 0)
        reduced = (self.values << np.where(plain, down, 0)[:, None]) - price * self.weights
        gains = np.maximum(reduced, 0)
        gains *= self.weights <= self.capacity[:, None]  # what doesn't fit alone is never packed
        total = gains.sum(axis=1) + price[:, 0] * self.capacity
        step = np.maximum(_divisors(self.values), 1)
        bounds: np.ndarray = (total >> down) // step * step  # floors nest: first to integers, then to the lattice
        return bounds

    def _one(self, found: Certificates, index: int, claim: BatchClaim, gap: float) -> None:
        """The single verifier's word, in place."""
        point = claim.points[index]
        answer = KnapsackAnswer(counts=point) if np.isfinite(point).all() else None
        witness = None
        if np.isfinite(claim.multipliers[index]).all():
            witness = Multipliers(rows=claim.multipliers[index])
        outcome = Outcome(answer=answer, feasible=answer is not None, witness=witness)
        said = verify(self.problem(index), outcome, gap=gap).certificate
        found.values[index], found.bounds[index], found.gaps[index] = said.value, said.bound, said.gap
        found.relative_gaps[index] = np.nan if said.relative_gap is None else said.relative_gap
        found.verdicts[index], found.evidence[index] = str(said.verdict), str(said.evidence)


def _grid(multipliers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numerators below ``2**30`` and the powers of two that they are multiplied by, as ``dyadic`` rounds."""
    mantissa, exponent = np.frexp(multipliers)
    numerator = np.where(np.isfinite(mantissa), np.rint(mantissa * 2.0**_BITS), 0.0)
    return numerator, np.where(numerator == 0, 0, exponent.astype(np.int64) - _BITS)


def _divisors(values: np.ndarray) -> np.ndarray:
    """(B,) the greatest common divisor of each row, 0 for zeros."""
    divisors: np.ndarray = np.gcd.reduce(values[:, :_FIRST], axis=1)
    open_rows = np.flatnonzero(divisors != 1)
    divisors[open_rows] = np.gcd.reduce(values[open_rows], axis=1)
    return divisors


def read_batch(given: Mapping[str, Any], source: str) -> KnapsackBatch:
    """A batch from arrays by name; ``values`` and ``weights`` (B, n) or shared (n,), ``capacity`` (B,) or a number.

    Raises:
        SpecError: names what is missing, of the wrong shape, negative or no integer.
    """
    names = [field.name for field in fields(KnapsackBatch)]
    faults = [Fault(name, "missing", f"give the arrays {', '.join(names)}") for name in names if name not in given]
    remedy = "a batch has one integer capacity, one of each item: solve others one by one"
    faults += [Fault(name, "a batch of knapsacks has no such array", remedy) for name in given if name not in names]
    arrays = {name: _integers(name, given[name], faults) for name in names if name in given}
    if faults:
        raise SpecError(faults, source)
    values, weights, capacity = arrays["values"], arrays["weights"], arrays["capacity"]
    if capacity.ndim == 2 and capacity.shape[1] == 1:
        capacity = capacity[:, 0]
    if weights.ndim == 3 and weights.shape[1] == 1:
        weights = weights[:, 0]
    for name, array, most in (("values", values, 2), ("weights", weights, 2), ("capacity", capacity, 1)):
        if array.ndim not in (most, most - 1):
            wanted = "one row an instance" if most == 2 else "one number an instance"
            faults.append(Fault(name, f"has shape {array.shape}", f"give {wanted}, or one for all"))
    if faults:
        raise SpecError(faults, source)
    counts = {len(a) for a, most in ((values, 2), (weights, 2), (capacity, 1)) if a.ndim == most}
    if len(counts) != 1 or values.shape[-1] != weights.shape[-1] or 0 in (values.size, weights.size):
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise SpecError(
            [Fault("(top)", f"shapes don't match: {shapes}", "one row an instance, one column an item")], source
        )
    if (weights < 0).any() or (capacity < 0).any():
        raise SpecError([Fault("weights", "a weight or capacity is negative", "both must be >= 0")], source)
    count = counts.pop()
    shape = (count, values.shape[-1])
    return KnapsackBatch(
        np.broadcast_to(values, shape), np.broadcast_to(weights, shape), np.broadcast_to(capacity, (count,))
    )


def _integers(name: str, value: Any, faults: list[Fault]) -> np.ndarray:
    try:
        array = as_array(value)
    except PydanticCustomError as error:
        faults.append(fault_at(name, error))
        return np.zeros(0, dtype=np.int64)
    if array.dtype == np.float64:
        whole = array.astype(np.int64) if (np.abs(array) < _EXACT_FLOAT).all() else None
        if whole is None or (whole != array).any():
            faults.append(Fault(name, "not all are whole numbers", "scale the data to integers"))
            return np.zeros(0, dtype=np.int64)
        array = whole
    return array
