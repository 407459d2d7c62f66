"""The integer program on counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.relations import Relation
from dualgap.core.views import View
from dualgap.core.witness import Multipliers, Witness
from dualgap.problems.attention_placement.proofs import DeviceWeights
from dualgap.problems.attention_placement.rows import loads, placed

if TYPE_CHECKING:
    from dualgap.problems.attention_placement.spec import AttentionPlacement, Placement


def views(problem: AttentionPlacement) -> tuple[View, ...]:
    """``counts``."""

    def lifted(witness: Witness) -> Witness | None:
        if not isinstance(witness, Multipliers):
            return None
        weights = np.maximum(-witness.rows[len(problem.work) :].astype(np.float64), 0.0)
        return DeviceWeights(weights=weights) if weights.any() else None

    return (
        View(
            name="counts",
            form_type=MixedIntegerProgram,
            relation=Relation.EXACT,
            build=lambda: program(problem),
            decode=lambda point: decode(problem, point),
            encode=lambda answer: _encode(problem, answer),
            lift_bound=lambda bound: bound * _unit(problem),
            lift_witness=lifted,
        ),
    )


def program(problem: AttentionPlacement) -> MixedIntegerProgram:
    """min T with all blocks placed, no device busier than T, T in the thousands of a unit: tolerances are absolute."""
    from scipy.sparse import csr_array, hstack, vstack

    devices, types = problem.times.shape
    columns = devices * types
    busy = hstack([loads(problem.times / _unit(problem)), csr_array(-np.ones((devices, 1)))])
    matrix = csr_array(vstack([hstack([placed(devices, types), csr_array((types, 1))]), busy]))
    return MixedIntegerProgram(
        cost=np.append(np.zeros(columns), 1.0),
        matrix=matrix,
        row_lower=np.concatenate([problem.count.astype(np.float64), np.full(devices, -np.inf)]),
        row_upper=np.concatenate([problem.count.astype(np.float64), np.zeros(devices)]),
        lower=np.zeros(columns + 1),
        upper=np.append(np.tile(problem.count.astype(np.float64), devices), float(_most(problem))),
        integer=np.append(np.ones(columns, dtype=bool), False),
        columns=(*(f"{device}: {kind}" for device in problem.device_names for kind in problem.type_names), "makespan"),
        rows=(*(f"all {kind}" for kind in problem.type_names), *(f"{device} ends" for device in problem.device_names)),
    )


def decode(problem: AttentionPlacement, point: Any) -> Placement:
    """Whole counts; what rounding lost or gained of a type is settled on the device that is fastest at it."""
    from dualgap.problems.attention_placement.spec import Placement

    values = np.asarray(point, dtype=np.float64)[: problem.times.size].reshape(problem.times.shape)
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    counts = np.clip(np.rint(values), 0, problem.count).astype(np.int64)
    for k in np.flatnonzero(counts.sum(axis=0) != problem.count).tolist():
        missing = int(problem.count[k] - counts[:, k].sum())
        for j in np.argsort(problem.times[:, k] if missing > 0 else -problem.times[:, k]).tolist():
            change = missing if missing > 0 else -min(-missing, int(counts[j, k]))
            counts[j, k] += change
            missing -= change
            if not missing:
                break
    return Placement(counts=counts)


def _encode(problem: AttentionPlacement, answer: Any) -> np.ndarray:
    counts = np.asarray(answer.counts, dtype=np.float64)
    return np.append(counts.ravel(), float((problem.times * counts).sum(axis=1).max(initial=0.0)) / _unit(problem))


def _most(problem: AttentionPlacement) -> float:
    """A makespan that is reached by everything on one device, in the program's unit."""
    return float((problem.times @ problem.count).min()) / _unit(problem) * (1 + 1e-9)


def _unit(problem: AttentionPlacement) -> float:
    """Seconds, a power of two: a thousandth of what each device would take if work were spread evenly."""
    even = float(problem.times.min(axis=0) @ problem.count) / problem.size
    return 2.0 ** round(np.log2(even / 1000.0)) if even > 0 else 1.0
