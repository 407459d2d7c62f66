"""The ``log-sum-exp-ball`` kind: its closed spec, evaluation and names.

Mathematics: min over x of log sum_i exp(a_i'x + b_i) subject to ||Ax + b||_inf <= radius, or of the linear
1'(Ax + b) instead, whose mean bounds it: log sum_i exp(z_i) >= log n + mean(z), by Jensen's inequality.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import field_validator, model_validator

from dualgap.core.arrays import Matrix, Number, Vector
from dualgap.core.certificate import Bound, Evaluation, Violation
from dualgap.core.problem import Answer, Problem
from dualgap.core.statement import format_value
from dualgap.core.views import View
from dualgap.core.witness import Witness
from dualgap.problems.counts import fault
from dualgap.problems.integer_program.sparse import Sparse

_ACTIVE = 1e-7  # relative: a row this near to a side is shown at it


class LogSumExpAnswer(Answer):
    """The point x."""

    x: Vector


class LogSumExpBall(Problem):
    """Minimise log sum exp of affine functions, none of which may leave [-radius, radius].

    Attributes:
        A: (n, d) the rows a_i.
        b: (n,) their constants.
        radius: how far from 0 every a_i'x + b_i may be, positive.
        objective: "log-sum-exp", or "linear" for the sum 1'(Ax + b), a relaxation of it up to log n and a factor n.
    """

    kind: ClassVar[str] = "log-sum-exp-ball"
    summary: ClassVar[str] = "log-sum-exp of affine functions (or their sum) within a ball of the maximum norm"
    answer_type: ClassVar[type[Answer]] = LogSumExpAnswer
    column_fields: ClassVar[tuple[str, ...]] = ("A", "b")

    A: Matrix
    b: Vector
    radius: Number
    objective: Literal["log-sum-exp", "linear"] = "log-sum-exp"

    @field_validator("radius")
    @classmethod
    def _positive(cls, radius: int | float) -> int | float:
        if radius <= 0:
            raise fault(f"the radius is {radius}", "a positive number")
        return radius

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.A.shape[0] != len(self.b):
            raise fault(f"b has {len(self.b)} entries, A {self.A.shape[0]} rows", "one constant a row")
        if 0 in self.A.shape:
            raise fault("A is empty", "write at least one row with one entry")
        return self

    @property
    def quantity(self) -> str:
        return "log-sum-exp" if self.smooth else "sum"

    @property
    def smooth(self) -> bool:
        """Whether the objective is the log-sum-exp itself."""
        return self.objective == "log-sum-exp"

    @property
    def size(self) -> tuple[int, int]:
        """(rows n, dimension d)."""
        rows, dimension = self.A.shape
        return rows, dimension

    @cached_property
    def matrix(self) -> np.ndarray:
        return self.A.astype(np.float64)

    @cached_property
    def sparse(self) -> Sparse:
        """A for products in exact arithmetic."""
        return Sparse.of(self.A)

    def values(self, x: np.ndarray) -> np.ndarray:
        """(n,) z = Ax + b."""
        return np.asarray(self.matrix @ x + self.b)

    def value(self, x: np.ndarray) -> float:
        """The objective at x."""
        z = self.values(x)
        return log_sum_exp(z) if self.smooth else float(z.sum())

    def evaluate(self, answer: Any) -> Evaluation:
        x = np.asarray(answer.x, dtype=np.float64)
        if x.shape != (self.size[1],):
            return Evaluation(0, {"x": Violation(abs(x.size - self.size[1]))}, exact=True)
        z, radius = self.values(x), float(self.radius)
        sizes = np.abs(self.b) + np.abs(self.matrix) @ np.abs(x)
        violations = {
            f"row {i + 1} {'<=' if z[i] > 0 else '>='} {'' if z[i] > 0 else '-'}{format_value(self.radius)}": Violation(
                float(abs(z[i]) - radius), max(1.0, radius, float(sizes[i]))
            )
            for i in np.flatnonzero(~(np.abs(z) <= radius)).tolist()
        }
        metrics = {"value": {"log-sum-exp": log_sum_exp(z), "sum": float(z.sum())}}
        scale = float(sizes.max()) if self.smooth else float(sizes.sum())
        return Evaluation(self.value(x), violations, metrics, scale=max(1.0, scale))

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        from dualgap.problems.log_sum_exp_ball.proofs import prove

        return prove(self, witness, seconds)

    def views(self) -> tuple[View, ...]:
        from dualgap.problems.log_sum_exp_ball.views import views

        return views(self)

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        """The point, and every row's value with the side that it is at."""
        x = np.asarray(answer.x, dtype=np.float64)
        table: list[tuple[str, ...]] = [("", "value", "at")]
        table += [(f"x{j}", format_value(float(value)), "") for j, value in enumerate(x, start=1)]
        if x.shape == (self.size[1],):
            near = _ACTIVE * max(1.0, float(self.radius))
            for i, value in enumerate(self.values(x), start=1):
                side = "radius" if value > 0 else "-radius"
                table.append((f"row {i}", format_value(value), side if abs(abs(value) - self.radius) <= near else ""))
        return table

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> LogSumExpBall:
        """A random instance; see ``dualgap.problems.log_sum_exp_ball.generate``."""
        from dualgap.problems.log_sum_exp_ball.generate import generate

        return cls(**generate(size, seed, **options))


def log_sum_exp(z: np.ndarray) -> float:
    """log sum exp without overflow."""
    top = float(z.max())
    return top + float(np.log(np.exp(z - top).sum())) if np.isfinite(top) else top
