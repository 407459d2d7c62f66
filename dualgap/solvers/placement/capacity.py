"""Proof by capacity: where whole units of work can fill every device up to the bound, the bound is the optimum."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.attention_placement import AttentionPlacement, Placement
from dualgap.problems.attention_placement.proofs import Capacity, capacity, longest_block
from dualgap.problems.attention_placement.rows import loads, placed
from dualgap.solvers.placement.search import improved, longest_first


@dataclass(frozen=True)
class CapacityFill(Solver):
    """Uniform devices: CP-SAT looks for counts that end by the bound of integer capacity; where there are none, by the
    next time at which a device has done one more unit.

    A placement at the bound is optimal by an argument that needs no solver. A later one is feasible, no more.
    """

    name: ClassVar[str] = "capacity-fill"
    summary: ClassVar[str] = "CP-SAT fills uniform devices up to the bound of whole units of work"
    accepts: ClassVar[tuple[type, ...]] = (AttentionPlacement,)
    requires: ClassVar[tuple[str, ...]] = ("ortools",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS, Trait.ANYTIME, Trait.RANDOMISED})

    def refuses(self, form: Any) -> str | None:
        return None if form.uniform else "it needs uniform devices, whose work is counted in whole units"

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, AttentionPlacement)
        best = improved(
            form.times,
            longest_first(form.times, form.count, np.zeros(form.times.shape, dtype=np.int64)),
            ctx.should_stop,
        )
        ctx.report(Placement(counts=best), witness=Capacity())
        limit, reached = max(capacity(form), longest_block(form)), max(form.loads(best))
        while limit < reached and not ctx.should_stop():
            stop, counts = _filled(form, limit, ctx)
            if counts is not None:
                best = counts
                break
            if stop is not None and stop is not Stop.INFEASIBLE:
                return Claim(Placement(counts=best), feasible=True, stop=stop, witness=Capacity())
            limit = _next(form, limit)
        stop = Stop.TIME if ctx.should_stop() else Stop.FINISHED
        return Claim(Placement(counts=best), feasible=True, stop=stop, witness=Capacity())


def _filled(form: AttentionPlacement, limit: Fraction, ctx: Context) -> tuple[Stop | None, np.ndarray | None]:
    """Counts that end by the limit, or why there are none.

    Where every sort of device and every type is there g times over, a g-th of both is filled first, which is far
    smaller, and repeated.
    """
    groups, times = _alike(form)
    if times > 1:
        part = AttentionPlacement(
            work=form.work, count=form.count // times, speed=np.array([form.speed[group[0]] for group in groups])
        )
        _, found = _asked(part, limit, ctx)
        if found is not None:
            counts = np.empty(form.times.shape, dtype=np.int64)
            for row, group in zip(found, groups):
                counts[list(group)] = row
            return None, counts
    return _asked(form, limit, ctx)


def _alike(form: AttentionPlacement) -> tuple[list[tuple[int, ...]], int]:
    """Devices of one speed in groups of as many, g in each; g divides every type's count, too."""
    by_speed: dict[float, list[int]] = {}
    for j, speed in enumerate(form.speed.tolist()):
        by_speed.setdefault(speed, []).append(j)
    times = gcd(*(len(members) for members in by_speed.values()), *form.count.tolist())
    return [tuple(one[k : k + times]) for one in by_speed.values() for k in range(0, len(one), max(times, 1))], times


def _asked(form: AttentionPlacement, limit: Fraction, ctx: Context) -> tuple[Stop | None, np.ndarray | None]:
    claim = ctx.subsolve(_program(form, limit), "cp-sat")
    if claim.point is None:
        return claim.stop, None
    return None, np.rint(claim.point).astype(np.int64).reshape(form.times.shape)


def _units(form: AttentionPlacement, limit: Fraction) -> list[int]:
    return [int(speed * limit // 1) for speed in form.speeds]


def _next(form: AttentionPlacement, limit: Fraction) -> Fraction:
    """The next time at which a device has done one more unit."""
    return min((units + 1) / speed for units, speed in zip(_units(form, limit), form.speeds))


def _program(form: AttentionPlacement, limit: Fraction) -> MixedIntegerProgram:
    """Counts with every block placed and no device beyond its units."""
    from scipy.sparse import csr_array, vstack

    devices, types = form.times.shape
    columns = devices * types
    return MixedIntegerProgram(
        cost=np.zeros(columns),
        matrix=csr_array(vstack([placed(devices, types), loads(np.tile(form.work, (devices, 1)))])),
        row_lower=np.concatenate([form.count.astype(np.float64), np.zeros(devices)]),
        row_upper=np.concatenate([form.count.astype(np.float64), np.array(_units(form, limit), dtype=np.float64)]),
        lower=np.zeros(columns),
        upper=np.tile(form.count.astype(np.float64), devices),
        integer=np.ones(columns, dtype=bool),
    )
