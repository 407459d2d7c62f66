"""The ``integer-program`` kind: its closed spec, evaluation and names.

Mathematics: min (or max) c'x + c0 subject to row_lower <= Ax <= row_upper, lower <= x <= upper, x_j whole for j in I.
With I empty it is a linear program.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from dualgap.core.arrays import BoundVector, Number, Vector, as_array
from dualgap.core.certificate import Bound, Evaluation, Evidence, Sense
from dualgap.core.exact import Exact, Real, exact, float_noise, fraction, lattice_step, nearest, simplest
from dualgap.core.explain.blocks import SHOWN, Block
from dualgap.core.problem import Answer, Problem
from dualgap.core.views import View
from dualgap.core.witness import Conflict, Ray, Witness
from dualgap.problems.counts import Names, check_names, fault
from dualgap.problems.integer_program.inline import RAW_FIELDS, RAW_SCHEMAS, closed_fields
from dualgap.problems.integer_program.sparse import Sparse, float_if_it_can, whole_if_it_can

if TYPE_CHECKING:
    from dualgap.core.resolve import Resolver


def _left_out() -> np.ndarray:
    """Stands for the default of every row or column until the spec is closed, which writes it out."""
    return as_array(())


class IntegerProgramAnswer(Answer):
    """The value of each column, in the spec's order; int64 where all are whole, so that equal answers are equal."""

    values: Vector

    @field_validator("values")
    @classmethod
    def _simplest(cls, values: np.ndarray) -> np.ndarray:
        return whole_if_it_can(values)


class IntegerProgram(Problem):
    """Minimise or maximise a linear function over linear rows, bounds and whole variables.

    Attributes:
        objective: "minimize" or "maximize".
        cost: (n,) the objective's coefficients.
        matrix: (m, n) the rows' coefficients.
        row_lower: (m,) what each row must reach; "-inf", the default, for nothing.
        row_upper: (m,) what each row may reach at most; "inf", the default, for no limit.
        lower: (n,) least values of the columns; 0 by default, "-inf" for none.
        upper: (n,) greatest values of the columns; "inf" by default.
        integer: (n,) 1 for columns that must be whole, else 0, the default.
        offset: a constant of the objective.
        columns: the columns' names; x1, x2 ... by default.
        rows: the rows' names; r1, r2 ... by default.
        name: of the whole, for people.
    """

    kind: ClassVar[str] = "integer-program"
    summary: ClassVar[str] = "linear and mixed-integer programs: rows, bounds, whole variables"
    answer_type: ClassVar[type[Answer]] = IntegerProgramAnswer
    raw_fields: ClassVar[Mapping[str, str]] = RAW_FIELDS
    raw_schemas: ClassVar[Mapping[str, Mapping[str, Any]]] = RAW_SCHEMAS
    raw_wholes: ClassVar[tuple[str, ...]] = ("rows",)

    objective: Literal["minimize", "maximize"] = "minimize"
    cost: Vector
    matrix: Sparse
    row_lower: BoundVector = Field(default_factory=_left_out)
    row_upper: BoundVector = Field(default_factory=_left_out)
    lower: BoundVector = Field(default_factory=_left_out)
    upper: BoundVector = Field(default_factory=_left_out)
    integer: Vector = Field(default_factory=_left_out)
    offset: Number = 0
    columns: Names = ()
    rows: Names = ()
    name: str = ""

    @model_validator(mode="before")
    @classmethod
    def _closed(cls, data: Any) -> Any:
        return closed_fields(data) if isinstance(data, Mapping) else data

    @field_validator("cost", "integer")
    @classmethod
    def _simplest(cls, array: np.ndarray) -> np.ndarray:
        return whole_if_it_can(array)

    @field_validator("row_lower", "row_upper", "lower", "upper")
    @classmethod
    def _limits(cls, array: np.ndarray) -> np.ndarray:
        return float_if_it_can(array)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        m, n = self.matrix.shape
        for field, length, what in (
            ("cost", n, "columns"),
            ("lower", n, "columns"),
            ("upper", n, "columns"),
            ("integer", n, "columns"),
            ("row_lower", m, "rows"),
            ("row_upper", m, "rows"),
        ):
            if len(getattr(self, field)) != length:
                raise fault(f"{field} has {len(getattr(self, field))} entries, the matrix {length} {what}", "")
        if not np.isin(self.integer, (0, 1)).all():
            raise fault("integer has an entry other than 0 and 1", 'write "all", names, or 0 and 1')
        for field, open_ended in (("lower", np.inf), ("row_lower", np.inf), ("upper", -np.inf), ("row_upper", -np.inf)):
            if (getattr(self, field) == open_ended).any():
                raise fault(f"{field} has an entry {open_ended}", "no number meets it")
        check_names("columns", self.columns, n)
        check_names("rows", self.rows, m)
        return self

    @classmethod
    def resolve(cls, spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
        """Reads ``file``; rows, terms and bounds by name become arrays. Fields given besides it take its place."""
        raw = dict(spec)
        if "file" in raw:
            from dualgap.problems.integer_program.readers import read_model

            read = read_model(resolver.path(raw.pop("file"), "file"))
            del read["kind"]
            raw = {**read, **raw}
        return closed_fields(raw)

    @property
    def sense(self) -> Sense:
        return Sense(self.objective)

    @property
    def size(self) -> int:
        """The number of columns."""
        return len(self.cost)

    @cached_property
    def whole(self) -> np.ndarray:
        """(n,) bool: which columns must be whole."""
        return self.integer.astype(bool)

    # Exact data.
    @cached_property
    def exact_cost(self) -> Exact:
        return exact(self.cost)

    @cached_property
    def step(self) -> Fraction:
        """The objective without its offset is a multiple of this; 0 where nothing is known."""
        discrete = not (self.exact_cost.numerators[~self.whole] != 0).any()
        return lattice_step(self.exact_cost) if discrete else Fraction(0)

    def round_bound(self, bound: Fraction) -> int | Fraction:
        """The bound moved to the objective's lattice, in the problem's sense."""
        if self.step == 0:
            return simplest(bound)  # type: ignore[return-value]
        offset = fraction(self.offset)
        steps = (bound - offset) / self.step
        whole = steps.__floor__() if self.sense is Sense.MAXIMIZE else steps.__ceil__()
        return simplest(whole * self.step + offset)  # type: ignore[return-value]

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        from dualgap.problems.integer_program.evaluate import evaluate

        return evaluate(self, answer.values)

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        from dualgap.problems.integer_program.proofs import prove
        from dualgap.problems.integer_program.views import mixed_integer_program
        from dualgap.problems.systems.prove import prove_conflict

        if isinstance(witness, Conflict):
            return prove_conflict(mixed_integer_program(self), witness, self.sense, seconds)
        return prove(self, witness, seconds)

    def unbounded(self, witness: Witness) -> Evidence:
        """A ray along which the rows and bounds keep holding, from a feasible point (0 where it names none)."""
        from dualgap.problems.integer_program.rays import unbounded

        return unbounded(self, witness) if isinstance(witness, Ray) else Evidence.NONE

    def tighten(self, bound: float) -> float:
        if self.step == 0:
            return bound
        noise = float_noise(bound)
        return nearest(self.round_bound(Fraction(bound) + (noise if self.sense is Sense.MAXIMIZE else -noise)))

    def explain(
        self, answer: Any = None, witness: Witness | None = None, *, via: str | None = None, shown: int = SHOWN
    ) -> tuple[Block, ...]:
        from dualgap.problems.integer_program.argument import explain

        return explain(self, answer, witness, via, shown)

    # Names in answers.
    def read_answer(self, data: Any) -> Any:
        """From ``{"values": {name: number}}``, ``{name: number}`` or ``{"values": [...]}``."""
        from dualgap.problems.integer_program.answers import read_values

        return IntegerProgramAnswer(values=read_values(self, data))

    def write_answer(self, answer: Any) -> dict[str, Any]:
        from dualgap.problems.integer_program.answers import write_values

        return write_values(self, answer.values)

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        from dualgap.problems.integer_program.answers import table

        return table(self, answer.values)

    def sensitivity(self, answer: Any, witness: Witness | None, optimal: bool) -> Mapping[str, Mapping[str, Real]]:
        """Slacks, prices and reduced costs; see ``dualgap.problems.integer_program.sensitivity`` for their signs."""
        from dualgap.problems.integer_program.sensitivity import sensitivity

        return sensitivity(self, answer.values, witness, optimal)

    def render_metrics(self, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
        from dualgap.problems.integer_program.sensitivity import tables

        return tables(self, metrics)

    def views(self) -> tuple[View, ...]:
        from dualgap.problems.integer_program.views import views

        return views(self)

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> IntegerProgram:
        """A random program; see ``dualgap.problems.integer_program.generate``."""
        from dualgap.problems.integer_program.generate import generate

        return cls(**generate(size, seed, **options))

    def written(self) -> dict[str, Any]:
        from dualgap.problems.integer_program.written import written

        return written(self)
