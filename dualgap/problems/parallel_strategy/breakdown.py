"""What a plan's step consists of, what fills the fullest device, the baseline beside it, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.exact import Real, fraction, simplest
from dualgap.problems.operator_sharding import Sharding
from dualgap.problems.parallel_strategy.links import replicas
from dualgap.problems.parallel_strategy.operators import Layer, total, whole_layers
from dualgap.problems.parallel_strategy.stages import Stage, stages

if TYPE_CHECKING:
    from dualgap.problems.parallel_strategy.plans import Baseline, Strategy
    from dualgap.problems.parallel_strategy.spec import ParallelStrategy

LIMIT, HEADROOM = "limit", "headroom"
TIME, MEMORY, PLANS, STEP = "time", "memory", "plans", "step"
BASELINE_TIME, BASELINE_MEMORY = "baseline's time", "baseline's memory"
TOKENS, UTILISATION, ERROR = "tokens a second", "model FLOPs utilisation", "mean error of the cost model"
Metrics = dict[str, dict[str, Real]]


def metrics(problem: ParallelStrategy, plans: Sequence[Strategy], values: Sequence[Fraction]) -> Metrics:
    """Of the first plan by cause and part; all plans' seconds; the baseline likewise."""
    best = plans[0]
    found = problem.stages(best.point)
    time, memory = _told(problem, found, best.choices)
    seconds = float(values[0])
    step: dict[str, Real] = {
        TOKENS: problem.global_batch * problem.sequence / seconds,
        UTILISATION: step_flops(problem) / (seconds * problem.cluster.devices * float(problem.cluster.flops)),
        ERROR: float(problem.calibration.error),
    }
    shown: Metrics = {TIME: time, MEMORY: memory, STEP: step, PLANS: {}}
    for plan, value in zip(plans, values):
        name = plan.point.said()
        while name in shown[PLANS]:
            name += " (other strategies)"
        shown[PLANS][name] = simplest(value)
    if problem.baseline is not None:
        used, choices = baseline(problem, problem.baseline)
        shown[BASELINE_TIME], shown[BASELINE_MEMORY] = _told(problem, used, choices)
    return shown


def step_flops(problem: ParallelStrategy) -> float:
    """Of a step that recomputes nothing: what utilisation is of."""
    model, tokens = problem.model, problem.global_batch * problem.sequence
    attention = (2 if model.flash else 4) * problem.sequence * model.query_width
    matrices = 2 * (sum(model.operator_parameters.values()))
    return float(3 * tokens * (model.layers * (matrices + attention) + 2 * model.hidden * model.vocabulary))


def _told(
    problem: ParallelStrategy, found: Sequence[Stage], choices: Sequence[np.ndarray]
) -> tuple[dict[str, Real], dict[str, Real]]:
    """Seconds by cause of the slowest stage; bytes by part of the fullest."""
    times = [stage.seconds(choice) for stage, choice in zip(found, choices)]
    parts = [stage.bytes(choice) for stage, choice in zip(found, choices)]
    fullest = max(parts, key=lambda one: total(one))
    limit = float(problem.cluster.memory)
    slowest = max(times, key=lambda one: total(one))
    return {**slowest}, {**fullest, LIMIT: limit, HEADROOM: limit - total(fullest)}


def baseline(problem: ParallelStrategy, said: Baseline) -> tuple[tuple[Stage, ...], tuple[np.ndarray, ...]]:
    """The present plan's stages, and its choice in each, all layers alike."""
    whole = problem.model_copy(update={"recompute": "layer"})
    wanted = [f"recompute {said.recompute}"]
    wanted += ["split"] if said.sequence_parallel and said.tensor > 1 else []
    wanted += ["FSDP"] if said.fsdp and replicas(problem, said.point).size > 1 else []
    wanted += [said.exchange or "ring"] if said.context > 1 else []
    names = [one.name for one in whole_layers(problem, said.point)]
    place = names.index(", ".join(wanted))
    found = stages(whole, said.point)
    return found, tuple(np.full((stage.sharding.layers, 1), place) for stage in found)


def baseline_seconds(problem: ParallelStrategy, said: Baseline) -> tuple[Fraction, bool]:
    """Seconds of a step, and whether it fits."""
    found, choices = baseline(problem, said)
    judged = [stage.sharding.evaluate(Sharding(choice=choice)) for stage, choice in zip(found, choices)]
    slowest = max(stage.constant + Fraction(one.objective) for stage, one in zip(found, judged))
    return slowest, not any(one.violations for one in judged)


def shortage(problem: ParallelStrategy) -> str:
    """At the point of the grid where the least is missing: which stage, which part, how much."""
    worst: tuple[Fraction, str] | None = None
    for point in problem.allowed:
        for stage in problem.stages(point):
            lean = np.tile(stage.sharding.leanest, (stage.sharding.layers, 1))
            parts = stage.bytes(lean)
            missing = stage.sharding.least_memory + fraction(total(stage.fixed)) - fraction(problem.cluster.memory)
            if missing > 0 and (worst is None or missing < worst[0]):
                largest = max(parts, key=lambda part: parts[part])
                said = f"{largest} {gigabytes(parts[largest])} of {gigabytes(total(parts))}"
                worst = missing, f"at {point.said()} the {stage.name} stage's device holds at least {said}"
    if worst is None:
        return ""
    remedy = "more devices, sizes of tensor or pipeline that are searched, ZeRO 1, or a shorter sequence"
    return f"Nearest, {worst[1]}: {gigabytes(float(worst[0]))} are missing. Would help: {remedy}."


def gigabytes(amount: float) -> str:
    """For people."""
    return f"{amount / 1e9:.2f} GB"


def counts(table: Layer, choice: np.ndarray) -> dict[str, dict[str, int]]:
    """How many layers run each operator by each strategy."""
    return {
        name: {
            table.strategies[k][s].name: int((choice[:, k] == s).sum())
            for s in range(len(table.strategies[k]))
            if (choice[:, k] == s).any()
        }
        for k, name in enumerate(table.operators)
    }
