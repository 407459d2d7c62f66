"""The ``concept-erasure`` kind: its closed spec, evaluation and names.

Mathematics: features X and a concept S, both centred; remove at most ``rank`` directions Q from the features so that
the best linear model on what is left, ``min over theta of |S - X (I - QQ') theta|^2``, tells as little of the concept
as can be: minimise its R^2 (Ravfogel, Twiton, Goldberg and Cotterell, ICML 2022).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import PlainValidator, WithJsonSchema, field_validator, model_validator

from dualgap.core.arrays import Matrix, as_array, shown
from dualgap.core.certificate import Bound, Evaluation, Sense, Violation
from dualgap.core.errors import Fault, SpecError
from dualgap.core.exact import Real
from dualgap.core.figures import Bars, Figure
from dualgap.core.problem import Answer, Problem, parsed
from dualgap.core.statement import format_value
from dualgap.core.views import View
from dualgap.core.witness import Witness
from dualgap.problems.columns import Categories
from dualgap.problems.concept_erasure.geometry import NEGLIGIBLE, Geometry, centred, orthonormal, reduce, settled
from dualgap.problems.concept_erasure.reading import closed_fields
from dualgap.problems.counts import Names, check_names, fault

if TYPE_CHECKING:
    from dualgap.core.resolve import Resolver

BEFORE, AFTER, LOST = "R2 before", "R2 after", "variance lost"
_SKEW = 1e-12  # of inner products of orthonormal directions, as rounding leaves it


def _whole_or_full(value: Any) -> Any:
    if value != "full" and (isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1):
        raise fault(f"rank is {shown(value)}", 'a whole number from 1, or "full"')
    return value if value == "full" else int(value)


_RANKS = {"anyOf": [{"type": "integer", "minimum": 1}, {"const": "full"}]}

Rank = Annotated[int | Literal["full"], PlainValidator(_whole_or_full), WithJsonSchema(_RANKS)]


class Erasure(Answer):
    """(d, c) orthonormal columns: the directions to remove from the features."""

    directions: Matrix

    @field_validator("directions")
    @classmethod
    def _floats(cls, directions: np.ndarray) -> np.ndarray:
        return as_array(directions.astype(np.float64))


class ConceptErasure(Problem):
    """Remove few directions from the features, so that no linear model tells the concept from the rest.

    Attributes:
        features: (n, d) one row an example.
        concept: a category for each example, or numbers: one an example, or several in a row.
        rank: how many directions may be removed; "full", the default: as many as the concept has dimensions.
        names: the features' names; x1, x2 ... by default.
    """

    kind: ClassVar[str] = "concept-erasure"
    summary: ClassVar[str] = "the directions without which no linear model can tell a concept from the features"
    answer_type: ClassVar[type[Answer]] = Erasure
    column_fields: ClassVar[tuple[str, ...]] = ("features", "concept")
    raw_fields: ClassVar[Mapping[str, str]] = {"categorical": "true where a concept of numbers stands for categories"}
    raw_schemas: ClassVar[Mapping[str, Mapping[str, Any]]] = {"categorical": {"type": "boolean", "default": False}}

    features: Matrix
    concept: Categories
    rank: Rank = "full"
    names: Names = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        examples, width = self.features.shape
        if examples < 2 or width < 1:
            raise fault(f"{examples} examples with {width} features", "give at least two examples and one feature")
        if len(self.concept) != examples:
            raise fault(f"concept has {len(self.concept)} entries, features {examples}", "one entry an example")
        if self.rank != "full" and self.rank > width:
            raise fault(
                f"rank is {self.rank}, with {width} features", "no more directions can be removed than there are"
            )
        check_names("names", self.names, width)
        self._check_scales()
        return self

    def _check_scales(self) -> None:
        spreads = np.linalg.norm(centred(self.features), axis=0)
        widest = float(spreads.max())
        if widest == 0.0:
            raise fault("the features don't vary", "give examples that differ")
        small = np.flatnonzero((spreads > 0) & (spreads <= 10 * NEGLIGIBLE * widest))
        if small.size:
            name = self.feature_names[small[0]]
            raise fault(f"feature {name} varies {widest / spreads[small[0]]:.1g} times less than another", "scale them")
        if not np.abs(self.indicators).sum(axis=0).all():
            raise fault("the concept doesn't vary, or a column of it doesn't", "leave out what is the same for all")

    @classmethod
    def resolve(cls, spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
        """Columns of ``data``; ``features = "*"``, the default: every column of numbers but the concept's."""
        return closed_fields(spec, resolver)

    @property
    def sense(self) -> Sense:
        return Sense.MINIMIZE

    @property
    def quantity(self) -> str:
        return "R2 of the concept"

    @property
    def scope(self) -> str:
        return f"linear models on these {len(self.features):,} examples"

    # Data.
    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        return self.names or tuple(f"x{j}" for j in range(1, self.features.shape[1] + 1))

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """What the concept's columns are called: the categories in alphabetical order, or numbered columns."""
        if isinstance(self.concept, tuple):
            return tuple(sorted(set(self.concept)))
        columns = 1 if self.concept.ndim == 1 else self.concept.shape[1]
        return ("concept",) if columns == 1 else tuple(f"concept {j}" for j in range(1, columns + 1))

    @cached_property
    def indicators(self) -> np.ndarray:
        """(n, k) S: categories one-hot, numbers with unit variance; centred."""
        if isinstance(self.concept, tuple):
            index = {name: k for k, name in enumerate(self.groups)}
            return centred(np.eye(len(index))[[index[name] for name in self.concept]])
        numbers = centred(self.concept.reshape(len(self.concept), -1))
        spreads = np.sqrt(np.mean(numbers * numbers, axis=0))
        return np.asarray(numbers / np.where(spreads > 0, spreads, 1.0))

    @cached_property
    def limit(self) -> int:
        """How many directions may be removed."""
        own = len(self.groups) - isinstance(self.concept, tuple)
        return min(self.features.shape[1], own) if self.rank == "full" else self.rank

    @cached_property
    def geometry(self) -> Geometry:
        return reduce(centred(self.features), self.indicators)

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        directions = np.asarray(answer.directions, dtype=np.float64)
        if directions.shape[0] != self.features.shape[1]:
            return Evaluation(1.0, {"directions": Violation(abs(directions.shape[0] - self.features.shape[1]))})
        count = directions.shape[1]
        violations: dict[str, Violation] = {}
        skew = float(np.abs(directions.T @ directions - np.eye(count)).max(initial=0.0))
        if not skew <= _SKEW:
            violations["orthonormal directions"] = Violation(skew)
        if count > self.limit:
            violations["rank"] = Violation(count - self.limit)
        removed, nothing = orthonormal(directions), np.zeros((len(directions), 0))
        before, after = self.geometry.told(nothing), self.geometry.told(removed)
        shares = self.geometry.shares
        value = settled(float(after @ shares))
        lost = self.geometry.lost(removed)
        metrics: dict[str, dict[str, Real]] = {
            "all": {BEFORE: float(before @ shares), AFTER: value, LOST: lost},
        }
        if len(self.groups) > 1:
            for name, told, left in zip(self.groups, before, after):
                metrics[name] = {BEFORE: float(told), AFTER: settled(float(left))}
        return Evaluation(value, violations, metrics, scale=1.0)

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        from dualgap.problems.concept_erasure.bounds import prove

        return prove(self, witness)

    def trivial(self) -> Erasure:
        """Nothing removed."""
        return Erasure(directions=np.zeros((self.features.shape[1], 0)))

    def views(self) -> tuple[View, ...]:
        from dualgap.problems.concept_erasure.views import views

        return views(self)

    # How people read and write it.
    def read_answer(self, data: Any) -> Any:
        """From ``{"directions": [...]}``, one row a feature, or ``{"projection": [...]}``, the symmetric (d, d) matrix.

        Raises:
            SpecError: with the path of each fault.
        """
        if not isinstance(data, Mapping) or "projection" not in data:
            return super().read_answer(data)
        given = parsed(Erasure, {"directions": data["projection"]}, "answer").directions
        if given.shape[0] != given.shape[1]:
            shape = " x ".join(map(str, given.shape))
            raise SpecError([Fault("projection", f"a matrix of {shape}", "give the square matrix P")], "answer")
        if np.abs(given @ given - given).max() > 1e-6 or np.abs(given - given.T).max() > 1e-6:
            raise SpecError([Fault("projection", "P isn't an orthogonal projection", "P P = P and P' = P")], "answer")
        values, vectors = np.linalg.eigh(0.5 * (given + given.T))
        return Erasure(directions=vectors[:, values < 0.5])

    def exports(self) -> Mapping[str, Callable[[Any], bytes]]:
        """``projection``: P as CSV, for ``features @ P``."""
        return {"projection": self._projection}

    def _projection(self, answer: Any) -> bytes:
        matrix = np.eye(len(answer.directions)) - answer.directions @ answer.directions.T
        return "".join(",".join(map(repr, row)) + "\n" for row in matrix.tolist()).encode()

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        if answer.directions.shape[0] != self.features.shape[1]:
            return super().render(answer)
        header = ("feature", *(f"direction {j}" for j in range(1, answer.directions.shape[1] + 1)))
        return [
            header,
            *((name, *(f"{x:.4f}" for x in row)) for name, row in zip(self.feature_names, answer.directions)),
        ]

    def figures(self, answer: Any) -> tuple[Figure, ...]:
        """What each direction is made of."""
        caption = "Direction {number} that is removed: the weights of the features in it."
        return tuple(
            Bars(caption.format(number=number), f"direction {number}", self.feature_names, column)
            for number, column in enumerate(answer.directions.T, start=1)
        )

    def render_metrics(self, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
        rows: list[tuple[str, ...]] = [("concept", BEFORE, AFTER)]
        rows += [(name, *(_share(found[key]) for key in (BEFORE, AFTER))) for name, found in metrics.items()]
        lost = metrics.get("all", {}).get(LOST)
        return [rows] if lost is None else [rows, [("features", LOST), ("all", f"{100 * float(lost):.3g} %")]]

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> ConceptErasure:
        """Groups around different centres; see ``dualgap.problems.concept_erasure.generate``."""
        from dualgap.problems.concept_erasure.generate import generate

        return cls(**generate(size, seed, **options))


def _share(value: Real) -> str:
    return format_value(round(float(value), 6))
