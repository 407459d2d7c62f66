"""Placements without a proof of their own, and roundings of the linear relaxation with its bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.attention_placement import AttentionPlacement, Placement
from dualgap.problems.attention_placement.proofs import Capacity, DeviceWeights
from dualgap.solvers.placement.relaxation import relaxed
from dualgap.solvers.placement.search import improved, longest_first


@dataclass(frozen=True)
class Layout(Solver):
    """The layouts of sequence parallelism, whatever the devices' speeds.

    ``contiguous``: a stretch of the sequence each (ring attention, Liu et al. 2023). ``striped``: block i on device i
    mod m (striped attention, Brandon et al. 2023, by blocks instead of tokens). ``zigzag``: of 2 m stretches, the j-th
    and the j-th from the end (as in Llama 3's context parallelism). ``round-robin``: blocks are dealt in turn.

    Attributes:
        pattern: which.
    """

    name: ClassVar[str] = "layout"
    summary: ClassVar[str] = "the field's layouts: contiguous, striped, zigzag, round-robin"
    accepts: ClassVar[tuple[type, ...]] = (AttentionPlacement,)
    traits: ClassVar[frozenset[Trait]] = frozenset()

    pattern: Literal["contiguous", "striped", "zigzag", "round-robin"] = "zigzag"

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, AttentionPlacement)
        devices, types = form.times.shape
        counts = np.zeros((devices, types), dtype=np.int64)
        place = np.arange(types)
        if self.pattern == "round-robin":
            at = 0
            for k in place.tolist():
                whole, rest = divmod(int(form.count[k]), devices)
                counts[:, k] = whole
                counts[(at + np.arange(rest)) % devices, k] += 1
                at = (at + rest) % devices
            return Claim(Placement(counts=counts), feasible=True, stop=Stop.FINISHED)
        if self.pattern == "contiguous":
            owner = place * devices // types
        elif self.pattern == "striped":
            owner = place % devices
        else:
            stretch = place * 2 * devices // types
            owner = np.minimum(stretch, 2 * devices - 1 - stretch)
        counts[owner, place] = form.count
        return Claim(Placement(counts=counts), feasible=True, stop=Stop.FINISHED)


@dataclass(frozen=True)
class LongestFirst(Solver):
    """Longest blocks first, each where it ends first; then moves and exchanges.

    The bound is integer capacity, on uniform devices.

    Source: Graham, Bounds on multiprocessing timing anomalies (1969).

    Attributes:
        search: whether to move and exchange blocks at the end.
    """

    name: ClassVar[str] = "longest-first"
    summary: ClassVar[str] = "LPT: longest blocks first, then moves and exchanges"
    accepts: ClassVar[tuple[type, ...]] = (AttentionPlacement,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME})

    search: bool = True

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, AttentionPlacement)
        counts = longest_first(form.times, form.count, np.zeros(form.times.shape, dtype=np.int64))
        if self.search:
            counts = improved(form.times, counts, ctx.should_stop)
        witness = Capacity() if form.uniform else None
        return Claim(Placement(counts=counts), feasible=True, stop=Stop.FINISHED, witness=witness)


@dataclass(frozen=True)
class RelaxationFloor(Solver):
    """The linear relaxation over types, rounded down; what is left goes longest first, then moves and exchanges.

    The same search from scratch is tried, too. The relaxation's multipliers are the bound.
    """

    name: ClassVar[str] = "relaxation-floor"
    summary: ClassVar[str] = "the linear relaxation over types rounded down, the rest by LPT and local search"
    accepts: ClassVar[tuple[type, ...]] = (AttentionPlacement,)
    requires: ClassVar[tuple[str, ...]] = ("scipy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME})

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, AttentionPlacement)
        found = relaxed(form.times, form.count)
        assert found is not None, "nothing is forbidden"
        start = np.floor(found.shares + 1e-9).astype(np.int64)
        start = np.minimum(start, form.count)
        left = np.asarray(np.maximum(form.count - start.sum(axis=0), 0))
        nothing = np.zeros_like(start)
        tries = [longest_first(form.times, left, start), longest_first(form.times, form.count, nothing)]
        better = [improved(form.times, one, ctx.should_stop) for one in tries]
        counts = min(better, key=lambda one: float((form.times * one).sum(axis=1).max()))
        witness = Capacity() if form.uniform else DeviceWeights(weights=found.weights)
        return Claim(Placement(counts=counts), feasible=True, stop=Stop.FINISHED, witness=witness)


@dataclass(frozen=True)
class LenstraShmoysTardos(Solver):
    """The least T for which the relaxation without pairs above T has a solution within T; its vertex is rounded by a
    matching: at most twice the optimum.

    Source: Lenstra, Shmoys and Tardos, Approximation algorithms for scheduling unrelated parallel machines (1990). The
    vertex is one over types, so that the fractions of a type are a few blocks instead of one.

    Attributes:
        steps: of bisection.
    """

    name: ClassVar[str] = "lenstra-shmoys-tardos"
    summary: ClassVar[str] = "rounding of a vertex by a matching: at most twice the optimum"
    accepts: ClassVar[tuple[type, ...]] = (AttentionPlacement,)
    requires: ClassVar[tuple[str, ...]] = ("scipy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS})

    steps: int = 12

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, AttentionPlacement)
        plain = relaxed(form.times, form.count)
        assert plain is not None, "nothing is forbidden"
        used = form.count > 0
        low = max(plain.makespan, float(form.times[:, used].min(axis=0).max(initial=0.0)))
        high, shares = np.inf, plain.shares
        limit = low
        for _ in range(self.steps):
            found = relaxed(form.times, form.count, form.times > limit * (1 + 1e-12))
            if found is not None and found.makespan <= limit * (1 + 1e-9):
                high, shares = limit, found.shares
            else:
                low = limit
            if high <= low * (1 + 1e-9) or ctx.should_stop():
                break
            limit = (low + high) / 2 if np.isfinite(high) else 2 * limit
        counts = _matched(form, shares)
        witness = Capacity() if form.uniform else DeviceWeights(weights=plain.weights)
        return Claim(Placement(counts=counts), feasible=True, stop=Stop.FINISHED, witness=witness)


def _matched(form: AttentionPlacement, shares: np.ndarray) -> np.ndarray:
    """Whole parts stay; blocks that are left are matched to devices that hold a fraction of their type, one each."""
    from scipy.optimize import linear_sum_assignment

    counts = np.asarray(np.minimum(np.floor(shares + 1e-9).astype(np.int64), form.count))
    fractions = shares - counts > 1e-9
    left = np.repeat(np.arange(len(form.count)), np.maximum(form.count - counts.sum(axis=0), 0))
    if not left.size:
        return counts
    cost = np.where(fractions[:, left].T, form.times[:, left].T, 1e6 * form.times.max())
    rows, devices = linear_sum_assignment(cost)
    for row, device in zip(rows.tolist(), devices.tolist()):
        counts[device, left[row]] += 1
    rest = np.bincount(np.delete(left, rows), minlength=len(form.count))  # more blocks than devices: longest first
    return longest_first(form.times, rest, counts)
