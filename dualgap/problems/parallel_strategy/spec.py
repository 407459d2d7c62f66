"""The ``parallel-strategy`` kind: its closed spec, evaluation and names.

Mathematics: over the points g of a grid (devices that share tensors, sequences and stages; microbatch; interleaving)
and over strategies for each operator of each layer,

    min over g of max over stages s of T_gs(x_s) subject to M_gs(x_s) <= memory,

T_gs and M_gs sums over operators (see ``operators`` and ``stages``): each is an ``operator-sharding`` problem.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cached_property, partial
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from dualgap.core.arrays import Number, Vector, as_array
from dualgap.core.audit import Audit
from dualgap.core.certificate import Bound, Evaluation, Violation
from dualgap.core.errors import SpecError
from dualgap.core.exact import Real, simplest
from dualgap.core.figures import Figure
from dualgap.core.problem import Answer, Problem
from dualgap.core.resolve import Resolver
from dualgap.core.witness import Witness
from dualgap.problems.operator_sharding import Sharding
from dualgap.problems.parallel_strategy.faults import faults
from dualgap.problems.parallel_strategy.grid import Point, fault, points
from dualgap.problems.parallel_strategy.plans import Baseline, Plan, Strategy
from dualgap.problems.parallel_strategy.raw import RAW_FIELDS, RAW_SCHEMAS
from dualgap.problems.transformers.calibration import Calibration
from dualgap.problems.transformers.devices import Cluster
from dualgap.problems.transformers.model import Transformer


def _one() -> np.ndarray:
    return as_array((1,))


class ParallelStrategy(Problem):
    """A transformer's training step on many devices, as fast as memory allows.

    Attributes:
        model, cluster: what is trained, and on what. calibration: the cost model's constants.
        global_batch: sequences of a step, of all devices. sequence: tokens of each.
        weight_bytes, gradient_bytes, state_bytes: of a parameter.
        tensor, context, pipeline, microbatch, interleave, zero: sizes that are searched.
        recompute: "operator": each operator's tensors are kept or recomputed; "layer": as Megatron has it.
        baseline: the present plan, shown beside the answer.
    """

    kind: ClassVar[str] = "parallel-strategy"
    summary: ClassVar[str] = "how a transformer's training step is spread over devices, the fastest that fits"
    answer_type: ClassVar[type[Answer]] = Plan
    raw_fields: ClassVar[Mapping[str, str]] = RAW_FIELDS
    raw_schemas: ClassVar[Mapping[str, Mapping[str, Any]]] = RAW_SCHEMAS

    model: Transformer
    cluster: Cluster
    calibration: Calibration
    global_batch: int
    sequence: int
    weight_bytes: Number = 2
    gradient_bytes: Number = 4
    state_bytes: Number = 12
    tensor: Vector = Field(default_factory=_one)
    context: Vector = Field(default_factory=_one)
    pipeline: Vector = Field(default_factory=_one)
    microbatch: Vector = Field(default_factory=_one)
    interleave: Vector = Field(default_factory=_one)
    zero: Vector = Field(default_factory=_one)
    recompute: Literal["operator", "layer"] = "operator"
    baseline: Baseline | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if found := list(faults(self)):
            raise SpecError(found, type(self).__name__)
        return self

    @property
    def quantity(self) -> str:
        return "step time"

    @property
    def unit(self) -> str:
        return "s"

    @property
    def scope(self) -> str:
        return f"{self.model.layers} layers on {self.cluster.devices:,} devices, under the cost model"

    @cached_property
    def _stages(self) -> dict[Point, Any]:
        return {}

    def stages(self, point: Point) -> tuple[Any, ...]:
        """The ``Stage``s that decide at a point of the grid."""
        from dualgap.problems.parallel_strategy.stages import stages

        if point not in self._stages:
            self._stages[point] = stages(self, point)
        found: tuple[Any, ...] = self._stages[point]
        return found

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        if not answer.plans:
            return Evaluation(float("inf"), {"a plan": Violation(1.0)})
        values: list[Fraction] = []
        violations: dict[str, Violation] = {}
        for place, plan in enumerate(answer.plans):
            value, wrong = self._judged(plan)
            values.append(value)
            violations |= {f"plan {place + 1}: {name}": amount for name, amount in wrong.items()}
        if violations:
            return Evaluation(simplest(values[0]) if values[0] >= 0 else float("inf"), violations)
        from dualgap.problems.parallel_strategy.breakdown import metrics

        return Evaluation(simplest(values[0]), {}, metrics(self, answer.plans, values))

    def _judged(self, plan: Strategy) -> tuple[Fraction, dict[str, Violation]]:
        """Seconds (-1 where there are none) and what is wrong."""
        if (wrong := fault(self, plan.point)) or plan.point not in self.allowed:
            return Fraction(-1), {wrong or "sizes that the spec allows": Violation(1.0)}
        slowest, violations = Fraction(-1), dict[str, Violation]()
        for stage, choice in zip(self.stages(plan.point), plan.choices):
            found = stage.sharding.evaluate(Sharding(choice=choice))
            violations |= {f"{stage.name} stage's {name}": amount for name, amount in found.violations.items()}
            if not isinstance(found.objective, float) or found.objective < float("inf"):
                slowest = max(slowest, stage.constant + Fraction(found.objective))
        return slowest, violations

    @cached_property
    def allowed(self) -> tuple[Point, ...]:
        """The grid's points."""
        return tuple(points(self))

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        from dualgap.problems.parallel_strategy.proofs import prove

        return prove(self, witness)

    def explain_infeasible(self) -> str:
        from dualgap.problems.parallel_strategy.breakdown import shortage

        return shortage(self)

    def exports(self) -> Mapping[str, Callable[[Any], bytes]]:
        """``plan``: the plan as JSON; ``jax``: a program that runs it; ``megatron``: flags."""
        from dualgap.problems.parallel_strategy import exports

        writers = {"plan": exports.as_plan, "jax": exports.as_jax, "megatron": exports.as_megatron}
        return {name: partial(writer, self) for name, writer in writers.items()}

    def audit(self, answer: Any) -> tuple[Audit, ...]:
        """Each sort of layer run on host devices: equal to one device's, and sending what was planned."""
        from dualgap.problems.parallel_strategy.executed import audits

        return audits(self, answer)

    def figures(self, answer: Any) -> tuple[Figure, ...]:
        from dualgap.problems.parallel_strategy.figures import figures

        return figures(self, answer)

    def headline(self, metrics: Mapping[str, Mapping[str, Real]]) -> str:
        from dualgap.problems.parallel_strategy.render import headline

        return headline(self, metrics)

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        from dualgap.problems.parallel_strategy.render import table

        return table(self, answer)

    def render_metrics(self, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
        """Time by cause, memory by part, the baseline and the runners-up."""
        from dualgap.problems.parallel_strategy.render import tables

        return tables(metrics)

    @classmethod
    def resolve(cls, spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
        from dualgap.problems.parallel_strategy.raw import closed

        return closed(spec, resolver)

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> ParallelStrategy:
        """A model of ``size`` layers on a few devices; see ``dualgap.problems.parallel_strategy.generate``."""
        from dualgap.problems.parallel_strategy.generate import generate

        return cls(**generate(size, seed, **options))
