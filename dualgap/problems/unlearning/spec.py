"""The ``unlearning`` kind: its closed spec, evaluation and names.

Mathematics: retraining without the forgotten rows is the exact answer, the minimiser w* of the retain objective

    J(w) = mean over the n retained rows of cross entropy + l2/2 |w|^2 (+ b'w / n),

intercepts under the ridge too. An unlearning method starts at the trained model and is to come near w* for less.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from dualgap.core.arrays import Matrix, Number, Rows, Vector, as_array
from dualgap.core.certificate import Bound, Evaluation, Violation
from dualgap.core.errors import SpecError
from dualgap.core.exact import Real
from dualgap.core.figures import Figure, Plane
from dualgap.core.problem import Answer, Problem
from dualgap.core.resolve import Resolver
from dualgap.core.verify import ROUNDING
from dualgap.core.views import View
from dualgap.core.witness import GradientPoint, Witness
from dualgap.problems.counts import Names
from dualgap.problems.unlearning.models import Model
from dualgap.problems.unlearning.objective import Objective
from dualgap.problems.unlearning.raw import RAW_FIELDS, RAW_SCHEMAS
from dualgap.problems.unlearning.roles import FORGET, RETAIN, ROLES, TEST, VALIDATION


def _nothing() -> np.ndarray:
    return as_array(())


class Parameters(Answer):
    """The model after unlearning.

    Attributes:
        parameters: (p,) each layer's weights, row by row (features), then its biases.
    """

    parameters: Vector


class Unlearning(Problem):
    """A trained model without some of its data.

    Attributes:
        features: (n, d) a row for each example; columns by name, with ``data`` all others by default ("*").
        label: (n,) each row's class, by its place in ``class_names``.
        class_names: the classes' names; 0, 1 ... by default.
        roles: (n,) 0: retained, 1: to be forgotten, 2: for testing, 3: for validation.
        trained: (p,) the model that learnt retained and forgotten rows.
        retrained: (K, p) models that never saw the forgotten rows, or (p,) one: what unlearning is held against.
        l2: of the objective; positive for linear models.
        hidden: units of each hidden layer; none for logistic regression.
        steps: of Adam, by which networks are trained; ``rate`` of its first step, ``batch_size`` rows of each.
        rho: the forgotten rows' mean loss is to be at least this, for methods that take a level; in nats.
        noise: (p,) b of a term b'w / n in the objective, n its rows: what makes removal certified; none by default.
        sigma: the standard deviation that b was drawn with.
        names: of the d features; x1, x2 ... by default.
    """

    kind: ClassVar[str] = "unlearning"
    summary: ClassVar[str] = "a model without some of its training data, as near as can be to retraining"
    answer_type: ClassVar[type[Answer]] = Parameters
    column_fields: ClassVar[tuple[str, ...]] = ("features", "label")
    raw_fields: ClassVar[Mapping[str, str]] = RAW_FIELDS
    raw_schemas: ClassVar[Mapping[str, Mapping[str, Any]]] = RAW_SCHEMAS

    features: Matrix
    label: Vector
    class_names: Names = ()
    roles: Vector
    trained: Vector = Field(default_factory=_nothing)
    retrained: Rows = Field(default_factory=_nothing)
    l2: Number = 1e-3
    hidden: tuple[int, ...] = ()
    steps: int = 300
    rate: Number = 1e-3
    batch_size: int = 128
    rho: Number | None = None
    noise: Vector = Field(default_factory=_nothing)
    sigma: Number = 0.0
    names: Names = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        from dualgap.problems.unlearning.checks import faults

        if found := faults(self):
            raise SpecError(found, type(self).__name__)
        return self

    # What it is about.
    @property
    def quantity(self) -> str:
        return "retain objective"

    @property
    def scope(self) -> str:
        kept, gone = int((self.roles == RETAIN).sum()), int((self.roles == FORGET).sum())
        return f"retained rows, n = {kept:,}, without {gone:,} forgotten ones"

    @property
    def classes_named(self) -> tuple[str, ...]:
        """The classes' names."""
        return self.class_names or tuple(str(k) for k in range(max(2, int(self.label.max(initial=1)) + 1)))

    @property
    def feature_names(self) -> tuple[str, ...]:
        return self.names or tuple(f"x{j + 1}" for j in range(self.features.shape[1]))

    @cached_property
    def model(self) -> Model:
        return Model(self.features.shape[1], len(self.classes_named), self.hidden)

    @cached_property
    def x(self) -> np.ndarray:
        """(n, d) float64."""
        return self.features.astype(np.float64)

    def part(self, *roles: int) -> tuple[np.ndarray, np.ndarray]:
        """((m, d) features, (m,) classes) of the rows with these roles."""
        rows = np.isin(self.roles, roles)
        return self.x[rows], self.label[rows]

    @cached_property
    def held_out(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows that no model has seen and methods may look at: for validation; where there are none, for testing."""
        return self.part(VALIDATION if (self.roles == VALIDATION).any() else TEST)

    @cached_property
    def trained_model(self) -> np.ndarray:
        """(p,) float64."""
        return self.trained.astype(np.float64)

    @cached_property
    def retrained_models(self) -> np.ndarray:
        """(K, p) float64."""
        return self.retrained.astype(np.float64).reshape(-1, self.model.size)

    @cached_property
    def retrained_metrics(self) -> tuple[Mapping[str, float], ...]:
        """Accuracies, losses and membership AUC of each retrained model."""
        from dualgap.problems.unlearning.metrics import of_model

        return tuple(of_model(self, w) for w in self.retrained_models)

    @cached_property
    def trained_metrics(self) -> Mapping[str, float]:
        """The same of the trained model."""
        from dualgap.problems.unlearning.metrics import of_model

        return of_model(self, self.trained_model)

    @cached_property
    def objective(self) -> Objective:
        """J, over the retained rows."""
        return self._objective(RETAIN)

    @cached_property
    def before(self) -> Objective:
        """What the trained model was trained for: retained and forgotten rows."""
        return self._objective(RETAIN, FORGET)

    def _objective(self, *roles: int) -> Objective:
        return Objective.of(self.model, *self.part(*roles), float(self.l2), self.noise.astype(np.float64))

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        from dualgap.problems.unlearning.metrics import metrics

        w = np.asarray(answer.parameters, dtype=np.float64)
        if w.shape != (self.model.size,):
            return Evaluation(float("inf"), {"parameters": Violation(abs(w.size - self.model.size))})
        with np.errstate(over="ignore", invalid="ignore"):
            value, (error, _) = self.objective.value(w), self.objective.rounding(w)
        if not np.isfinite(value):
            return Evaluation(float("inf"), {"parameters": Violation(float("inf"))})
        return Evaluation(value, {}, metrics(self, w), scale=error / ROUNDING)

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        from dualgap.problems.unlearning.proofs import prove

        return prove(self, witness)

    def implied(self, answer: Any) -> Witness | None:
        """Any parameters bound the optimum, by their gradient."""
        return GradientPoint(point=answer.parameters) if self.model.linear else None

    def views(self) -> tuple[View, ...]:
        from dualgap.problems.unlearning.views import views

        return views(self)

    def trivial(self) -> Parameters:
        """The trained model, as if nothing was to be forgotten."""
        return Parameters(parameters=self.trained)

    def exports(self) -> Mapping[str, Callable[[Any], bytes]]:
        """``npz``: the parameters, as ``trained`` of another spec takes them."""
        return {"npz": _npz}

    def figures(self, answer: Any) -> tuple[Figure, ...]:
        from dualgap.problems.unlearning.figures import figures

        return figures(self, answer)

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        from dualgap.problems.unlearning.render import table

        return table(self, answer)

    def render_metrics(self, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
        from dualgap.problems.unlearning.render import tables

        return tables(self, metrics)

    def measures(self, metrics: Mapping[str, Mapping[str, Real]]) -> Mapping[str, Real]:
        from dualgap.problems.unlearning.render import measures

        return measures(metrics)

    def plane(self, metrics: Mapping[str, Mapping[str, Real]]) -> Plane | None:
        from dualgap.problems.unlearning.figures import plane

        return plane(metrics)

    def together(self, answers: Sequence[Any]) -> Mapping[str, Mapping[str, Real]]:
        from dualgap.problems.unlearning.together import together

        return together(self, answers)

    def headline(self, metrics: Mapping[str, Mapping[str, Real]]) -> str:
        from dualgap.problems.unlearning.render import headline

        return headline(metrics)

    @classmethod
    def resolve(cls, spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
        from dualgap.problems.unlearning.data import closed

        return closed(spec, resolver)

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> Unlearning:
        """A random instance; see ``dualgap.problems.unlearning.generate``."""
        from dualgap.problems.unlearning.generate import generate

        return cls(**generate(size, seed, **options))


def _npz(answer: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, parameters=np.asarray(answer.parameters, dtype=np.float64))
    return file.getvalue()


__all__ = ["ROLES", "Parameters", "Unlearning"]
