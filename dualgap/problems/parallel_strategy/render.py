"""Plans for people: strategies by operator, time by cause, memory by part, and what comes near."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dualgap.core.exact import Real, nearest
from dualgap.problems.parallel_strategy.breakdown import (
    BASELINE_MEMORY,
    BASELINE_TIME,
    ERROR,
    HEADROOM,
    MEMORY,
    PLANS,
    STEP,
    TIME,
    TOKENS,
    UTILISATION,
    counts,
    gigabytes,
)

if TYPE_CHECKING:
    from dualgap.problems.parallel_strategy.spec import ParallelStrategy

Metrics = Mapping[str, Mapping[str, Real]]


def headline(problem: ParallelStrategy, metrics: Metrics) -> str:
    """The plan; the baseline and why it loses; and which other plans the cost model can't tell from it."""
    if PLANS not in metrics:
        return ""
    plans, error = metrics[PLANS], nearest(metrics[STEP][ERROR])
    best = min(plans.values())
    said = [f"Plan: {next(iter(plans))}."]
    if BASELINE_TIME in metrics:
        said.append(_against(metrics))
    ties = [name for name, value in plans.items() if nearest(value) <= nearest(best) * (1 + error)]
    if error > 0:
        said.append(f"The cost model was off by {100 * error:.3g} % on average{_ties(len(ties), len(plans))}.")
    return " ".join(said)


def _ties(ties: int, plans: int) -> str:
    if plans == 1:
        return ""
    if ties == 1:
        others = "runner-up is" if plans == 2 else f"{plans - 1} runners-up are"
        return f", and the {others} further away than that"
    which = f"the {plans}" if ties == plans else f"{ties} of the {plans}"
    return f", so that it can't tell {which} plans shown apart"


def _against(metrics: Metrics) -> str:
    ours, theirs = ({k: nearest(v) for k, v in metrics[name].items()} for name in (TIME, BASELINE_TIME))
    missing = -nearest(metrics[BASELINE_MEMORY][HEADROOM])
    if missing > 0:
        return f"The baseline doesn't fit: {gigabytes(missing)} are missing."
    mine, other = sum(ours.values()), sum(theirs.values())
    if other <= mine:
        return f"The baseline takes {other:.4g} s, no longer."
    losses = {cause: theirs.get(cause, 0.0) - ours.get(cause, 0.0) for cause in {**theirs, **ours}}
    why = max(losses, key=lambda cause: losses[cause])
    return (
        f"The baseline takes {other:.4g} s, {other / mine:.3g} times as long, most of it {why} (+{losses[why]:.3g} s)."
    )


def table(problem: ParallelStrategy, answer: Any) -> list[tuple[str, ...]]:
    """A row for each operator: how many layers of the stages that decide run it by which strategy."""
    plan = answer.plans[0]
    found = problem.stages(plan.point)
    rows: list[tuple[str, ...]] = [("operator", *(f"{stage.name} stage" for stage in found))]
    columns = [counts(stage.layer, choice) for stage, choice in zip(found, plan.choices)]
    for name in found[0].layer.operators:
        cells = ("; ".join(f"{n} x {said}" for said, n in column[name].items()) for column in columns)
        rows.append((name, *cells))
    return rows


def tables(metrics: Metrics) -> list[list[tuple[str, ...]]]:
    """Time, memory, the step, and the plans that come near."""
    if PLANS not in metrics:
        return []
    with_baseline = BASELINE_TIME in metrics
    head = ("plan", "baseline") if with_baseline else ("plan",)
    sides = [metrics[TIME]] + ([metrics[BASELINE_TIME]] if with_baseline else [])
    causes = list(dict.fromkeys(cause for side in sides for cause in side))
    causes.sort(key=lambda cause: -nearest(metrics[TIME].get(cause, 0)))
    time = [("seconds of a step", *head)]
    time += [(cause, *(f"{nearest(side.get(cause, 0)):.5g}" for side in sides)) for cause in causes]
    kept = [metrics[MEMORY]] + ([metrics[BASELINE_MEMORY]] if with_baseline else [])
    parts = list(dict.fromkeys(part for side in kept for part in side))
    parts = [*(part for part in parts if part not in ("limit", HEADROOM)), HEADROOM, "limit"]
    memory = [("the fullest device", *head)]
    memory += [(part, *(gigabytes(nearest(side.get(part, 0))) for side in kept)) for part in parts]
    step = metrics[STEP]
    pace = [
        ("step", ""),
        (TOKENS, f"{nearest(step[TOKENS]):,.0f}"),
        (UTILISATION, f"{100 * nearest(step[UTILISATION]):.1f} %"),
    ]
    best = nearest(next(iter(metrics[PLANS].values())))
    near: list[tuple[str, ...]] = [("plans", "step time", "slower by")]
    near += [
        (name, f"{nearest(value):.5g} s", f"{100 * (nearest(value) / best - 1):.2f} %")
        for name, value in metrics[PLANS].items()
    ]
    return [time, memory, pace, near]
