"""Attention blocks on devices: proofs by capacity, gaps on unrelated devices, beside HiGHS and the field's layouts.

64 types of causal blocks (2 i + 1 half tiles); "4096 x 64" is 4,096 blocks on 64 devices. Uniform devices are A100s, or
A100s, H100s, V100s and L40Ss by a quarter each, at their nominal speeds; unrelated ones are rooflines of the same with
blocks of 128 tokens. Seconds are wall seconds of a whole run in this process: CP-SAT counts its own threads. The
"odd" instances have one device less, so that nothing repeats.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported
os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from harness import Row, main

import dualgap
from dualgap.problems.transformers.devices import PRESETS

SIZES = ((512, 8), (1024, 16), (2048, 32), (4096, 64))
SORTS = {"equal": ("a100-80gb",), "mixed": ("a100-80gb", "h100-sxm", "v100-sxm2", "l40s")}
TYPES = 64


def spec(blocks: int, devices: int, sorts: tuple[str, ...], cost: str) -> dict[str, Any]:
    """A raw spec."""
    return {
        "kind": "attention-placement",
        "sequence": 128 * TYPES,
        "block": 128,
        "copies": blocks // TYPES,
        "cost": cost,
        "devices": [{"preset": sort, "count": devices // len(sorts)} for sort in sorts],
    }


def solved(raw: Any, solver: str, seconds: float, **parameters: Any) -> tuple[Any, float]:
    """The certificate and the wall seconds of a run."""
    problem = dualgap.load(raw) if isinstance(raw, dict) else raw
    begin = time.perf_counter()
    run = dualgap.solve(
        problem, solver, isolate=False, time=seconds, threads=2, parameters=parameters, explain_seconds=0.0
    )
    return run.certificate, time.perf_counter() - begin


def odd(blocks: int, devices: int) -> Any:
    """Mixed devices without the last one: no group of devices and blocks is there twice."""
    problem: Any = dualgap.load(spec(blocks, devices, SORTS["mixed"], "flops"))
    return dualgap.AttentionPlacement(work=problem.work, count=problem.count, speed=problem.speed[:-1])


def odd_rows(quick: bool) -> Iterator[Row]:
    """The same without repetition."""
    for blocks, devices in SIZES[:2] if quick else SIZES:
        said, seconds = solved(odd(blocks, devices), "capacity-fill", 10.0)
        name = f"odd {blocks} x {devices - 1}: capacity-fill"
        yield Row(name, seconds, "s")
        yield Row(f"{name}, certified gap", 100 * said.relative_gap, "%")


def uniform_rows(quick: bool) -> Iterator[Row]:
    """Eight instances on uniform devices: how many are proved, and the longest time."""
    sizes = SIZES[:2] if quick else SIZES
    taken, proved = [], 0
    for name, sorts in SORTS.items():
        for blocks, devices in sizes:
            raw = spec(blocks, devices, sorts, "flops")
            solved(raw, "capacity-fill", 10.0)  # imports
            said, seconds = solved(raw, "capacity-fill", 10.0)
            proved += said.verdict == "optimal" and said.evidence == "proved"
            taken.append(seconds)
            yield Row(f"{name} {blocks} x {devices}: capacity-fill", seconds, "s", 2.0)
            layout, _ = solved(raw, "layout", 10.0, pattern="zigzag")
            worse = 100 * (float(layout.value) / float(said.value) - 1)
            yield Row(f"{name} {blocks} x {devices}: zigzag is slower by", worse, "%")
    yield Row("uniform: proved optimal", float(proved), "", 2.0 * len(sizes), at_least=True)
    yield Row("uniform: longest", float(np.max(taken)), "s", 2.0)


def unrelated_rows(quick: bool) -> Iterator[Row]:
    """Certified gaps on unrelated devices."""
    for blocks, devices in SIZES[:2] if quick else SIZES:
        raw = spec(blocks, devices, SORTS["mixed"], "roofline")
        said, seconds = solved(raw, "relaxation-floor", 10.0)
        peer, spent = solved(raw, "highs", 5.0 if quick else 20.0)
        theirs = 100 * peer.relative_gap if peer.value is not None else None
        name = f"unrelated {blocks} x {devices}: relaxation-floor"
        yield Row(f"{name}, certified gap", 100 * said.relative_gap, "%", 0.1, "highs on counts", theirs)
        yield Row(name, seconds, "s", 1.0, "highs on counts", spent)
        solved(raw, "gradient-placement", 10.0)  # compiles
        said, seconds = solved(raw, "gradient-placement", 10.0)
        name = f"unrelated {blocks} x {devices}: gradient-placement"
        yield Row(f"{name}, certified gap", 100 * said.relative_gap, "%", None, "highs on counts", theirs)
        yield Row(f"{name}, compiled before", seconds, "s", None, "highs on counts", spent)


def sharding_rows(quick: bool) -> Iterator[Row]:
    """Layers of twelve operators within half of the memory between the least and the fastest; the worst of three."""
    for layers, strategies in ((12, 8), (96, 8)) if quick else ((12, 8), (96, 8), (12, 16), (96, 16), (96, 32)):
        name = f"sharding {layers} x 12 x {strategies}"
        drawn = [dualgap.OperatorSharding.generate(layers, seed, strategies=strategies) for seed in (1, 2, 3)]
        ours, tied = ([solved(one, solver, 10.0) for one in drawn] for solver in ("memory-price", "tied-layers"))
        peer, spent = solved(drawn[0], "highs", 5.0 if quick else 40.0)
        theirs = 100 * peer.relative_gap if peer.relative_gap is not None else None
        target = 0.05 if (layers, strategies) == (96, 16) else None
        gap = max(100 * said.relative_gap for said, _ in ours)
        yield Row(f"{name}: memory-price, certified gap", gap, "%", target, "highs' own", theirs)
        longest = max(seconds for _, seconds in ours)
        yield Row(f"{name}: memory-price", longest, "s", 10.0 if target else None, "highs", spent)
        worst = max(100 * said.relative_gap for said, _ in tied)
        yield Row(f"{name}: tied-layers, certified gap", worst, "%")


def rows(quick: bool) -> Iterable[Row]:
    assert set().union(*SORTS.values()) <= set(PRESETS)
    yield from uniform_rows(quick)
    yield from odd_rows(quick)
    yield from unrelated_rows(quick)
    yield from sharding_rows(quick)


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))
