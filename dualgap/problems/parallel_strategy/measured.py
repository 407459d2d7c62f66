"""Measured steps: a table of runs, and the cost model's constants that fit it.

At efficiency e and launch time o, stage s of a run takes

    sum over operators k of w_sk max(a_k / e + b_k, o / 6) + l_s / e + c_s

seconds (w passes, a seconds of products at the peak, b of memory traffic, l of logits), and the run its slowest stage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dualgap.core.arrays import as_array, shown
from dualgap.core.errors import Fault, SpecError
from dualgap.problems.parallel_strategy.breakdown import baseline
from dualgap.problems.parallel_strategy.grid import fault
from dualgap.problems.parallel_strategy.operators import NAMES, passes, total, work
from dualgap.problems.parallel_strategy.plans import Baseline
from dualgap.problems.parallel_strategy.spec import ParallelStrategy
from dualgap.problems.parallel_strategy.stages import LOGITS
from dualgap.problems.said import positive, whole
from dualgap.problems.transformers.calibration import Calibration, fitted, left_out
from dualgap.problems.transformers.devices import Cluster
from dualgap.problems.transformers.model import gpt

MODEL = ("layers", "hidden", "heads")
SIZES = ("tensor", "pipeline", "microbatch")
NEEDED = (*MODEL, "sequence", "devices", "global_batch", *SIZES, "seconds")
OPTIONAL = ("vocabulary", "interleave", "zero", "recompute", "sequence_parallel", "model")
_PEAK = Calibration(efficiency=1, overhead=0)


@dataclass(frozen=True)
class Run:
    """A plan that was run: ``problem`` has its sizes alone; ``seconds`` of a step; ``model`` groups runs."""

    problem: ParallelStrategy
    plan: Baseline
    seconds: float
    model: str


@dataclass(frozen=True)
class Terms:
    """What runs' seconds are made of.

    Attributes:
        passes: (n, 2, k) of the run's operators, by stage. products, traffic: (n, 1, k) seconds of a pass.
        logits, others: (n, 2) seconds of a step.
    """

    passes: np.ndarray
    products: np.ndarray
    traffic: np.ndarray
    logits: np.ndarray
    others: np.ndarray

    def seconds(self, constants: Calibration) -> np.ndarray:
        """(n,) of a step."""
        e, launch = float(constants.efficiency), float(constants.overhead) / len(NAMES)
        layers = (self.passes * np.maximum(self.products / e + self.traffic, launch)).sum(axis=2)
        found: np.ndarray = (layers + self.logits / e + self.others).max(axis=1)
        return found


def terms(runs: Sequence[Run]) -> Terms:
    """Of runs."""
    return Terms(*(np.stack(parts) for parts in zip(*(_terms(run) for run in runs))))


def _terms(run: Run) -> tuple[np.ndarray, ...]:
    point = run.plan.point
    problem = run.problem.model_copy(update={"calibration": _PEAK})
    flops, bytes_ = np.array([work(problem, point, name) for name in NAMES]).T
    products, traffic = flops / float(problem.cluster.flops), bytes_ / float(problem.cluster.bandwidth)
    again = np.array([passes(run.plan.recompute, name) for name in NAMES])
    found, choices = baseline(problem, run.plan)
    found, choices = (found * 2)[:2], (choices * 2)[:2]  # where there is one stage, it is both the first and the last
    times = np.array([stage.rounds * stage.sharding.layers * again for stage in found])
    logits = np.array([stage.step.get(LOGITS, 0.0) for stage in found])
    together = np.array([total(stage.seconds(choice)) for stage, choice in zip(found, choices)])
    return times, products[None], traffic[None], logits, together - times @ (products + traffic) - logits


def read(table: Mapping[str, Any], cluster: Cluster, where: str) -> list[Run]:
    """The runs of a table of columns, on devices like a cluster's.

    Raises:
        SpecError: columns are missing or unknown, or a row holds what can't be.
    """
    remedy = f"columns {', '.join(NEEDED)}; {', '.join(OPTIONAL)} if need be"
    if missing := [name for name in NEEDED if name not in table]:
        raise SpecError([Fault(where, f"no column {missing[0]}", remedy)])
    if unknown := sorted(set(table) - {*NEEDED, *OPTIONAL}):
        raise SpecError([Fault(where, f"unknown column {shown(unknown[0])}", remedy)])
    count = len(table["seconds"])
    if count < 3:
        raise SpecError([Fault(where, f"{count} runs can't tell two constants", "three runs or more")])
    return [
        _run({name: column[k] for name, column in table.items()}, cluster, f"{where}, row {k + 1}")
        for k in range(count)
    ]


def _run(row: Mapping[str, Any], cluster: Cluster, where: str) -> Run:
    def number(name: str, default: int = 0, least: int = 1) -> int:
        return whole(row.get(name, default), f"{where}: {name}", least)

    recompute, split = row.get("recompute", "full"), row.get("sequence_parallel", 0)
    if recompute not in ("none", "selective", "full"):
        raise SpecError([Fault(f"{where}: recompute", f"{shown(recompute)} isn't one", "none, selective or full")])
    if split not in (0, 1):
        raise SpecError([Fault(f"{where}: sequence_parallel", f"{shown(split)} isn't one", "0 or 1")])
    sizes: dict[str, Any] = {name: number(name) for name in SIZES}
    sizes |= {"interleave": number("interleave", 1), "zero": number("zero", 0, 0)}
    layers, hidden, heads = (number(name) for name in MODEL)
    plan = Baseline(**sizes, recompute=recompute, sequence_parallel=bool(split))
    fields: dict[str, Any] = {
        "model": gpt(layers, hidden, heads, number("vocabulary", 51_200)),
        "cluster": cluster.model_copy(update={"devices": number("devices")}),
        "calibration": _PEAK,
        "global_batch": number("global_batch"),
        "sequence": number("sequence"),
    }
    fields |= {name: as_array((size,)) for name, size in sizes.items()}
    try:
        problem = ParallelStrategy(**fields, recompute="layer")
    except SpecError as error:
        raise SpecError([Fault(f"{where}: {one.path}", one.message, one.remedy) for one in error.faults]) from None
    if wrong := fault(problem, plan.point):
        raise SpecError([Fault(where, wrong, "a plan that its devices can run")])
    name = str(row.get("model", f"{layers} layers of {hidden}"))
    return Run(problem, plan, positive(row["seconds"], f"{where}: seconds"), name)


def calibrated(
    runs: Sequence[Run], source: str, weights: np.ndarray | None = None
) -> tuple[Calibration, dict[str, float]]:
    """The constants that fit runs best, with the error on models that were left out, which is there by model as well;
    where all runs are of one model, the error in sample, and nothing by model.

    Args:
        weights: (n,) of the runs; alike by default.

    Raises:
        SpecError: they are faster than the devices' peak.
    """
    times = terms(runs).seconds
    measured, groups = np.array([run.seconds for run in runs]), [run.model for run in runs]
    heavy = np.ones(len(runs)) if weights is None else weights

    def fit(rows: np.ndarray) -> Calibration:
        return fitted(lambda constants: times(constants)[rows], measured[rows], source, heavy[rows])

    found = fit(np.ones(len(runs), dtype=bool))
    if found.efficiency > 1:
        said = f"runs reach {100 * float(found.efficiency):.3g} % of the devices' peak"
        raise SpecError([Fault("calibration", said, "the devices that these runs were on, seconds of whole steps")])
    if len(set(groups)) < 2:
        return found, {}
    by_model = left_out(fit, times, measured, groups)
    error = float(np.average([by_model[name] for name in groups], weights=heavy))
    return found.model_copy(update={"error": float(f"{error:.3g}")}), by_model
