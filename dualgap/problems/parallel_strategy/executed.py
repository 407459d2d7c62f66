"""Plans that are run: each sort of layer of the exported program on host devices, at small sizes, against one device,
and what XLA sends against what the plan counts.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dualgap.core.audit import Audit
from dualgap.core.errors import UsageError
from dualgap.problems.parallel_strategy.exports import named, plan, program
from dualgap.problems.parallel_strategy.hlo import TYPES, collectives, total
from dualgap.problems.parallel_strategy.sent import Part, by_type, by_xla, planned

if TYPE_CHECKING:
    from dualgap.problems.parallel_strategy.spec import ParallelStrategy

CLOSE = 1e-5
MOST = 64  # host devices
SECONDS = 600.0
_WORKER = """
import json, runpy, sys
for line in json.load(sys.stdin):
    compared = runpy.run_path(line["program"])["compared"]
    compared.__globals__["PLAN"] = line["plan"]
    print(json.dumps(compared([line["layer"]])), flush=True)
"""


def audits(problem: ParallelStrategy, answer: Any) -> tuple[Audit, ...]:
    """Two for each sort of layer of the best plan: that it equals one device's, and that it sends what was planned.

    Raises:
        UsageError: JAX isn't installed, or a stage has too many devices to pretend.
    """
    return tuple(_audits(problem, answer))


def _audits(problem: ParallelStrategy, answer: Any) -> Iterator[Audit]:
    whole = plan(problem, answer)
    sizes: dict[str, int] = whole["mesh"]
    mesh = {**sizes, "data": min(sizes["data"], 2)}
    devices = math.prod(mesh.values())
    if devices > MOST:
        raise UsageError(f"a stage's {devices} devices are more than the {MOST} that a host pretends to be")
    sorts = _sorts(problem, answer, whole)
    work = [{"plan": {**whole, "mesh": mesh}, "layer": said} for said, _ in sorts.values()]
    found = _run(program(whole), work, devices)
    fewer = f"; {sizes['data']} replicas stood for by 2" if mesh != sizes else ""
    for (name, (_, strategies)), (seen, seconds) in zip(sorts.items(), found):
        value, gradient, text = seen
        detail = (
            f"loss off by {value:.1e}, gradients by {gradient:.1e} of the largest, on {devices} host devices{fewer}"
        )
        measures = {"loss": value, "gradients": gradient}
        yield Audit(f"{name}: equals one device", max(value, gradient) <= CLOSE, detail, measures, seconds)
        yield _sent(f"{name}: sends what was planned", planned(problem, mesh, strategies), text)


def _sorts(
    problem: ParallelStrategy, answer: Any, whole: Mapping[str, Any]
) -> dict[str, tuple[dict[str, Any], dict[str, list[str]]]]:
    """By name: a layer of the plan, and what is said of its operators; layers that are alike once."""
    best = answer.plans[0]
    found: dict[str, tuple[dict[str, Any], dict[str, list[str]]]] = {}
    for place, (stage, choice) in enumerate(zip(problem.stages(best.point), best.choices)):
        for number, (said, strategies) in enumerate(zip(whole["stages"][place]["layers"], named(stage, choice))):
            if not any(strategies == other for _, other in found.values()):
                found[f"{stage.name} stage, layer {number + 1}"] = (said, strategies)
    return found


def _sent(name: str, parts: list[Part], text: str) -> Audit:
    """Planned bytes beside those that were sent; passed where all of the difference is explained."""
    expected, reasons = by_xla(parts)
    counted = by_type(parts)
    try:
        sent = total(collectives(text))
    except ValueError as error:
        return Audit(name, False, f"what XLA sends can't be read: {error}")
    types = [kind for kind in TYPES if counted.get(kind) or sent.get(kind)]
    told = [f"{kind} {counted.get(kind, 0):,.0f} planned, {sent.get(kind, 0):,.0f} sent" for kind in types]
    left = {kind: sent.get(kind, 0) - expected.get(kind, 0) for kind in types}
    left = {kind: bytes_ for kind, bytes_ in left.items() if abs(bytes_) > 0.5}
    told += reasons + [f"not explained: {bytes_:+,.0f} bytes of {kind}" for kind, bytes_ in left.items()]
    measures = {
        f"{kind}, {which}": found.get(kind, 0.0)
        for kind in types
        for which, found in (("planned", counted), ("sent", sent))
    }
    return Audit(name, not left, "; ".join(told) or "nothing, as planned", measures)


def _run(text: bytes, work: list[dict[str, Any]], devices: int) -> Iterator[tuple[tuple[float, float, str], float]]:
    """What the worker says of each, and its seconds."""
    flags = f"--xla_force_host_platform_device_count={devices} --xla_backend_optimization_level=0"  # compiles quickly
    env = {**os.environ, "XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} {flags}".strip(), "JAX_PLATFORMS": "cpu"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "step.py")
        path.write_bytes(text)
        given = json.dumps([{**one, "program": str(path)} for one in work])
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", _WORKER],
            input=given,
            env=env,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise UsageError(f"the plan's program failed: {last}; audits need JAX: install dualgap[jax]")
        each = (time.perf_counter() - start) / len(work)
        for line in done.stdout.splitlines():
            yield json.loads(line), each
