"""The ``conic-program`` kind: its closed spec, evaluation and names.

Mathematics: min (or max) 1/2 x'Px + c'x + c0 subject to b - Ax in K, a product of zero, nonnegative, second-order,
exponential and semidefinite cones. The objective is convex where it is minimised, concave where it is maximised.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from dualgap.core.arrays import Number, Vector
from dualgap.core.certificate import Bound, Evaluation, Evidence, Sense
from dualgap.core.exact import nearest
from dualgap.core.forms import Cones, ConicProgram
from dualgap.core.problem import Answer, Problem
from dualgap.core.record import Record
from dualgap.core.views import View
from dualgap.core.witness import Ray, Witness
from dualgap.problems.counts import Names, check_names, fault
from dualgap.problems.integer_program.sparse import Sparse, whole_if_it_can

Count = Annotated[int, Field(ge=0, le=10**7)]
Order = Annotated[int, Field(ge=1, le=10**6)]


class ConeRows(Record):
    """How the rows are divided among the cones, in this order; see ``dualgap.core.forms.Cones``."""

    zero: Count = 0
    nonnegative: Count = 0
    second_order: tuple[Order, ...] = ()
    exponential: Count = 0
    semidefinite: tuple[Order, ...] = ()

    @cached_property
    def product(self) -> Cones:
        return Cones(self.zero, self.nonnegative, self.second_order, self.exponential, self.semidefinite)


class ConicAnswer(Answer):
    """The value of each column, in the spec's order."""

    values: Vector


class ConicProblem(Problem):
    """Minimise or maximise a linear or quadratic function over rows in cones.

    Attributes:
        objective: "minimize" or "maximize".
        cost: (n,) the objective's linear coefficients c.
        matrix: (m, n) the rows' coefficients A.
        right_side: (m,) b; the slack b - Ax is in the cones.
        cones: how many rows are in which cone, in this order: zero, nonnegative, second_order (their lengths, the head
            first), exponential (triples x, y, z with y exp(x / y) <= z), semidefinite (orders; each matrix as its lower
            triangle column by column, off-diagonal entries times sqrt(2)).
        quadratic: (n, n) P of the objective's 1/2 x'Px, symmetric; none by default.
        offset: a constant of the objective.
        columns: the columns' names; x1, x2 ... by default.
        name: of the whole, for people.
    """

    kind: ClassVar[str] = "conic-program"
    summary: ClassVar[str] = "linear and quadratic objectives over second-order, exponential and semidefinite cones"
    answer_type: ClassVar[type[Answer]] = ConicAnswer
    column_fields: ClassVar[tuple[str, ...]] = ("cost", "matrix", "right_side", "quadratic")

    objective: Literal["minimize", "maximize"] = "minimize"
    cost: Vector
    matrix: Sparse
    right_side: Vector
    cones: ConeRows
    quadratic: Sparse | None = None
    offset: Number = 0
    columns: Names = ()
    name: str = ""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: Any) -> Any:
        """Writes out the columns' names, so that equal programs are equal."""
        if isinstance(data, Mapping) and not len(data.get("columns", ())) and hasattr(data.get("cost"), "__len__"):
            return {**data, "columns": tuple(f"x{j}" for j in range(1, len(data["cost"]) + 1))}
        return data

    @field_validator("cost", "right_side")
    @classmethod
    def _simplest(cls, array: np.ndarray) -> np.ndarray:
        return whole_if_it_can(array)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        (m, n), rows = self.matrix.shape, self.cones.product.rows
        if len(self.cost) != n:
            raise fault(f"cost has {len(self.cost)} entries, the matrix {n} columns", "one coefficient a column")
        if len(self.right_side) != m:
            raise fault(f"right_side has {len(self.right_side)} entries, the matrix {m} rows", "one number a row")
        if rows != m:
            raise fault(f"the cones have {rows} rows, the matrix {m}", "a matrix of order k takes k (k + 1) / 2 rows")
        check_names("columns", self.columns, n)
        if self.quadratic is not None:
            self._check_quadratic(n)
        return self

    def _check_quadratic(self, n: int) -> None:
        from dualgap.problems.conic.quadratic import negative_curvature

        assert self.quadratic is not None
        if self.quadratic.shape != (n, n):
            raise fault(f"quadratic has shape {self.quadratic.shape}, the matrix {n} columns", "one row a column")
        matrix: Any = self.quadratic.csr()
        if (matrix != matrix.T).nnz:
            raise fault("quadratic isn't symmetric", "give half of P + P'")
        wrong = negative_curvature(self.sign * matrix.astype(np.float64))
        if wrong is not None:
            side = "convex (positive semidefinite)" if self.sign > 0 else "concave (negative semidefinite)"
            raise fault(f"the objective isn't {side}: a curvature of {self.sign * wrong:.3g}", "turn its sign")

    @property
    def sense(self) -> Sense:
        return Sense(self.objective)

    @property
    def sign(self) -> int:
        """1 where the objective is minimised, -1 where its negative is."""
        return -1 if self.sense is Sense.MAXIMIZE else 1

    @property
    def size(self) -> int:
        """The number of columns."""
        return len(self.cost)

    @cached_property
    def form(self) -> ConicProgram:
        """The program as it is minimised, in floats."""
        quadratic = None if self.quadratic is None else self.sign * self.quadratic.csr().astype(np.float64)
        return ConicProgram(
            cost=self.sign * self.cost.astype(np.float64),
            matrix=self.matrix.csr().astype(np.float64),
            right_side=self.right_side.astype(np.float64),
            cones=self.cones.product,
            quadratic=quadratic,
            offset=float(self.sign * self.offset),
        )

    def evaluate(self, answer: Any) -> Evaluation:
        from dualgap.problems.conic_program.evaluate import evaluate

        return evaluate(self, np.asarray(answer.values, dtype=np.float64))

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        from dualgap.problems.conic_program.proofs import prove

        return prove(self, witness, seconds)

    def unbounded(self, witness: Witness) -> Evidence:
        """``numerical`` for a direction that keeps the cones to rounding and improves, from a feasible point."""
        from dualgap.problems.conic import conic_unbounded

        if not isinstance(witness, Ray):
            return Evidence.NONE
        return conic_unbounded(self.form, np.asarray(witness.direction), np.asarray(witness.point))

    def views(self) -> tuple[View, ...]:
        from dualgap.problems.conic_program.proofs import views

        return views(self)

    def read_answer(self, data: Any) -> Any:
        """From ``{"values": {name: number}}``, ``{name: number}`` or ``{"values": [...]}``."""
        from dualgap.problems.conic_program.answers import read_values

        return ConicAnswer(values=read_values(self.columns, data))

    def write_answer(self, answer: Any) -> dict[str, Any]:
        if answer.values.shape != (self.size,):
            return {"values": answer.values.tolist()}
        return {"values": dict(zip(self.columns, answer.values.tolist(), strict=True))}

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        from dualgap.core.statement import format_value

        written = self.write_answer(answer)["values"]
        pairs = written.items() if isinstance(written, dict) else enumerate(written)
        return [("column", "value"), *((str(name), format_value(nearest(value))) for name, value in pairs)]

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> ConicProblem:
        """A random program; see ``dualgap.problems.conic_program.generate``."""
        from dualgap.problems.conic_program.generate import generate

        return cls(**generate(size, seed, **options))
