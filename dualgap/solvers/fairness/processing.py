"""Features that tell less of the group, and logistic regression on them: what is done before training.

All are linear in the features, so that the classifier reads the features as they are. Whether its rates are alike is
another matter: the verifier says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim
from dualgap.core.forms import EigenProgram
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.fair_classifier import FairClassifier
from dualgap.problems.fair_classifier.logistic import Scaling, newton

_RIDGE = 1e-8  # of the covariance, relative: features that follow from others have none of their own


@dataclass(frozen=True, eq=False)
class Scaled:
    """The training split, features and group indicators scaled to mean 0.

    Attributes:
        x: (n, D). groups: (n, G) indicators less their means. labels, shares: (n,); the shares sum to 1.
        scaling: from the design to x.
    """

    x: np.ndarray
    groups: np.ndarray
    labels: np.ndarray
    shares: np.ndarray
    scaling: Scaling

    @staticmethod
    def of(problem: FairClassifier) -> Scaled:
        rows = problem.train
        design, mass = problem.design[rows], problem.mass[rows]
        scaling, shares = Scaling.of(design, mass), mass / mass.sum()
        members = np.eye(problem.count)[problem.groups[rows]]
        labels = problem.label[rows].astype(np.float64)
        return Scaled(scaling.scaled(design), members - shares @ members, labels, shares, scaling)

    @property
    def covariance(self) -> np.ndarray:
        """(D, D) of the features."""
        return np.asarray((self.x.T * self.shares) @ self.x)

    @property
    def cross(self) -> np.ndarray:
        """(D, G) of features and groups."""
        return np.asarray((self.x.T * self.shares) @ self.groups)


@dataclass(frozen=True)
class LogisticRegression(Solver):
    """Logistic regression that knows nothing of groups: what the others are held against.

    Attributes:
        ridge: on scaled features.
    """

    name: ClassVar[str] = "logistic-regression"
    summary: ClassVar[str] = "logistic regression without a thought of fairness"
    accepts: ClassVar[tuple[type, ...]] = (FairClassifier,)
    traits: ClassVar[frozenset[Trait]] = frozenset()

    ridge: float = 1e-4

    def __post_init__(self) -> None:
        if self.ridge < 0:
            raise ValueError("ridge can't be negative")

    def refuses(self, form: Any) -> str | None:
        assert isinstance(form, FairClassifier)
        return "thresholds are of a given score: take highs" if form.hypothesis == "threshold" else None

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, FairClassifier)
        data = Scaled.of(form)
        projection = self.projection(data, form, ctx)
        columns = np.hstack([data.x @ projection, np.ones((len(data.x), 1))])
        theta = newton(columns, data.labels, data.shares, self.ridge)
        answer = form.classifier([data.scaling.linear(np.append(projection @ theta[:-1], theta[-1]))])
        fair = not form.evaluate(answer).violations
        return Claim(answer, fair, message="" if fair else "its rates, or its class, aren't what the spec asks for")

    def projection(self, data: Scaled, problem: FairClassifier, ctx: Context) -> np.ndarray:
        """(D, k) what the regression sees of the features."""
        return np.eye(data.x.shape[1])


@dataclass(frozen=True)
class OrthogonalProjection(LogisticRegression):
    """Removes the directions in which features and groups covary (Ravfogel et al., 2022, closed form): no linear model
    on the rest covaries with a group.
    """

    name: ClassVar[str] = "orthogonal-projection"
    summary: ClassVar[str] = "logistic regression on features without the directions that covary with the groups"

    def projection(self, data: Scaled, problem: FairClassifier, ctx: Context) -> np.ndarray:
        basis = _basis(data.cross)
        return np.asarray(np.eye(len(basis)) - basis @ basis.T)


@dataclass(frozen=True)
class ConceptErasure(LogisticRegression):
    """The same by the projection that changes the features least (Belrose et al., LEACE, 2023, theorem 4.3)."""

    name: ClassVar[str] = "least-squares-erasure"
    summary: ClassVar[str] = "logistic regression on features changed least to covary with no group"

    def projection(self, data: Scaled, problem: FairClassifier, ctx: Context) -> np.ndarray:
        values, vectors = np.linalg.eigh(data.covariance)
        kept = values > _RIDGE * values.max()
        root = np.sqrt(values[kept])
        whiten, back = (vectors[:, kept] / root) @ vectors[:, kept].T, (vectors[:, kept] * root) @ vectors[:, kept].T
        basis = _basis(whiten @ data.cross)
        return np.asarray((np.eye(len(values)) - back @ basis @ basis.T @ whiten).T)


@dataclass(frozen=True)
class InvariantRepresentation(LogisticRegression):
    """Few directions that tell the label and not the group: the eigenvalue program of Sadeghi, Yu and Boddeti (On the
    global optima of kernelized adversarial representation learning, 2019), linear.

    Attributes:
        trade: from 0, the label alone, to below 1, the group alone.
        dimensions: how many directions.
    """

    name: ClassVar[str] = "invariant-representation"
    summary: ClassVar[str] = "logistic regression on the directions that tell the label and not the group"

    trade: float = 0.5
    dimensions: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.trade < 1:
            raise ValueError("trade lies from 0 to below 1")
        if self.dimensions < 1:
            raise ValueError("at least one dimension")

    def projection(self, data: Scaled, problem: FairClassifier, ctx: Context) -> np.ndarray:
        size = data.x.shape[1]
        told = ((data.x.T * data.shares) @ (data.labels - data.shares @ data.labels))[:, None]
        b = (1.0 - self.trade) * told @ told.T - self.trade * data.cross @ data.cross.T
        scale = float(np.trace(data.covariance)) / size
        form = EigenProgram(b=b, c=data.covariance + _RIDGE * scale * np.eye(size), rank=min(self.dimensions, size))
        claim = ctx.subsolve(form, "eigh")
        return np.asarray(claim.point, dtype=np.float64).reshape(size, -1)


def _basis(matrix: np.ndarray) -> np.ndarray:
    """(D, r) an orthonormal basis of the columns' span."""
    left, sizes, _ = np.linalg.svd(matrix, full_matrices=False)
    return np.asarray(left[:, sizes > 1e-10 * max(float(sizes.max(initial=0.0)), 1e-300)])
