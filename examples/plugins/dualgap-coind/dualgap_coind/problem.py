"""The problem kind ``conditional-independence``: scores of two attributes that compose to a pair never seen.

Source: CoInD, enabling logical compositions in diffusion models (ICLR 2025): the diffusion loss with a penalty on
``|s(c1, 0) + s(0, c2) - s(c1, c2) - s(0, 0)|^2``. Here its two-dimensional Gaussian case, with two differences: score
functions are compared everywhere in the noised data, at each point for all conditions; and the penalty is a constraint.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator
from scipy.sparse import block_array, csr_array, diags_array, eye_array, kron

from dualgap import (
    Answer,
    Bound,
    Cones,
    ConicMultipliers,
    ConicProgram,
    Evaluation,
    Evidence,
    InvalidWitnessError,
    Matrix,
    Multipliers,
    Problem,
    Relation,
    View,
    Violation,
    Witness,
)
from dualgap_coind.lagrangian import LARGEST, dual
from dualgap_coind.measures import divergence, samples
from dualgap_coind.scores import Scores, answered
from dualgap_coind.world import CONDITIONS, world

ROW = "conditional independence"
MISLEADS = "a low one does not mean that the unseen pair comes out right: read it beside conformity"


class ConditionalIndependence(Problem):
    """Score functions near the data's own ones whose attributes are conditionally independent.

    Attributes:
        first, second: where - and + of each attribute are, on its axis.
        shares: (2, 2) of the data by first and second attribute; exactly one is 0, the pair never seen.
        sigma: standard deviation of every cluster.
        independence: the largest residual that is allowed, in squared units of predicted noise; 0 for none.
        dropped: which labels training drops, ``each`` by itself or both ``together``: then no loss is on one label.
        rate: how often they are dropped.
        pinned: whether the observed pairs' scores are the data's own, whatever an answer says of them.
        levels: noise levels at which scores are compared.
        draws, steps, seed: of the samples of the unseen pair; ``radius`` around its mean is conformity, in sigmas.
    """

    kind: ClassVar[str] = "conditional-independence"
    summary: ClassVar[str] = "score functions that compose to a pair of attributes never seen"
    answer_type: ClassVar[type[Answer]] = Scores

    first: tuple[float, float] = (-1.0, 1.0)
    second: tuple[float, float] = (-1.0, 1.0)
    shares: Matrix
    sigma: float = Field(default=0.1, gt=0.0, allow_inf_nan=False)
    independence: float = Field(default=1e-3, ge=0.0, allow_inf_nan=False)
    dropped: Literal["each", "together"] = "each"
    rate: float = Field(default=0.2, gt=0.0, lt=1.0)
    pinned: bool = True
    levels: int = Field(default=32, ge=2, le=1000)
    draws: int = Field(default=2000, ge=1, le=100_000)
    steps: int = Field(default=100, ge=1, le=10_000)
    radius: float = Field(default=3.5, gt=0.0, allow_inf_nan=False)
    seed: int = Field(default=0, ge=0)

    @field_validator("first", "second")
    @classmethod
    def _apart(cls, ends: tuple[float, float]) -> tuple[float, float]:
        if not (np.isfinite(ends).all() and ends[0] < ends[1]):
            raise ValueError(f"- must be below +, both finite; got {ends[0]:g} and {ends[1]:g}")
        return ends

    @field_validator("shares")
    @classmethod
    def _one_unseen(cls, shares: Matrix) -> Matrix:
        if shares.shape != (2, 2) or (shares < 0).any() or int((shares == 0).sum()) != 1:
            raise ValueError("give a 2 x 2 table of shares, three above 0 and one that is 0: the pair never seen")
        return shares

    @property
    def quantity(self) -> str:
        return "excess score-matching loss"

    @property
    def scope(self) -> str:
        return f"the noised data at {self.levels} levels, by quadrature"

    @property
    def candidates(self) -> str:
        return "any score functions"

    def evaluate(self, answer: Scores) -> Evaluation:
        """Loss and residual by quadrature; what the unseen pair's composed score draws."""
        told = world(self)
        own = answered(Scores(mixing=np.eye(CONDITIONS)), told, told.x, told.a, told.b)
        found = answered(answer, told, told.x, told.a, told.b)
        scale = told.mass * (told.a * told.b / told.variance(told.a, told.b)) ** 2
        value = float(np.einsum("c,n,ncd->", told.weights, scale, (found - own) ** 2))
        left = np.einsum("jc,ncd->njd", told.rows, found)
        residual = float(np.einsum("j,n,njd->", told.shares, scale, left**2))
        drawn = samples(answer, told, self.draws, self.steps, self.seed)
        near = np.linalg.norm(drawn - told.goal, axis=1) <= self.radius * told.sigma
        measures = {
            "conformity": float(near.mean()),
            "mean error": float(np.linalg.norm(drawn.mean(axis=0) - told.goal)),
            "residual": residual,
            "Jensen-Shannon divergence": divergence(answer, told, self.levels, self.seed),
        }
        excess = residual - self.independence
        broken = {ROW: Violation(excess, residual)} if excess > 0 else {}
        return Evaluation(value, broken, {"all": measures}, exact=False, scale=value)

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        if not isinstance(witness, Multipliers) or witness.rows.shape != (1,):
            raise InvalidWitnessError("conditional independence takes one multiplier, its price")
        price = float(witness.rows[0])
        if not 0 <= price <= LARGEST:
            raise InvalidWitnessError(f"the price must be between 0 and {LARGEST:g}, got {price:g}")
        value, margin = dual(world(self), price, self.independence)
        return Bound(value, Evidence.NUMERICAL, f"price {price:.4g} of {ROW}", margin)

    def measures(self, metrics: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
        return metrics.get("all", {})

    def headline(self, metrics: Mapping[str, Mapping[str, Any]]) -> str:
        found = metrics["all"]
        return f"Of the unseen pair's draws {100 * float(found['conformity']):.1f} % are where they should be."

    def render_metrics(self, metrics: Mapping[str, Mapping[str, Any]]) -> list[list[tuple[str, ...]]]:
        notes = {
            "conformity": f"share of draws within {self.radius:g} sigma of the unseen mean",
            "mean error": "distance of their mean from it",
            "residual": f"at most {self.independence:g} is allowed",
            "Jensen-Shannon divergence": MISLEADS,
        }
        found = metrics.get("all", {})
        rows = [(name, f"{float(found[name]):.4g}", note) for name, note in notes.items() if name in found]
        return [[("measure", "value", "reads"), *rows]] if rows else []

    def render(self, answer: Scores) -> list[tuple[str, ...]]:
        if answer.mixing is None:
            sizes = " -> ".join(str(size) for size in (6, *(len(bias) for bias in answer.biases)))
            return [("field", "value"), ("network", sizes)]
        return [
            ("score", *self.conditions),
            *((name, *(f"{x:.4g}" for x in row)) for name, row in zip(self.conditions, answer.mixing)),
        ]

    @property
    def conditions(self) -> tuple[str, ...]:
        """The eight conditions by their signs, 0 for any."""
        seen = [f"{'-+'[i]}{'-+'[j]}" for i in (0, 1) for j in (0, 1) if self.shares[i, j] > 0]
        return (*seen, "-0", "+0", "0-", "0+", "00")

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> ConditionalIndependence:
        """Clusters at random, ``size`` noise levels and 20 times as many draws."""
        rng = np.random.default_rng(seed)
        shares = np.round(rng.uniform(0.5, 1.5, (2, 2)), 2)
        shares[tuple(rng.integers(0, 2, 2))] = 0
        first, second = np.round(rng.uniform(0.8, 1.2, (2, 2)) * [-1, 1], 2).tolist()
        more = {"levels": max(2, size), "draws": 20 * size, "steps": 20, "independence": 1e-4, **options}
        return cls(first=tuple(first), second=tuple(second), shares=shares, **more)

    def views(self) -> tuple[View, ...]:
        limited = self.independence > 0
        return (
            View(
                name="cone",
                form_type=ConicProgram,
                relation=Relation.EXACT,
                build=self._program,
                decode=self._decoded,
                encode=self._encoded,
                lift_witness=self._price if limited else None,
            ),
        )

    # As a conic program: the change of each free condition, in an orthonormal basis of the data's mean functions.
    def _program(self) -> ConicProgram:
        told = world(self)
        root, weights, rows = told.root, told.weights[told.free], told.rows[:, told.free]
        rank, heavy = root.shape[1], np.sqrt(told.shares)[:, None]
        left = csr_array(kron(csr_array(heavy * rows), eye_array(rank)))
        start = (heavy * told.rows @ root).ravel()
        count = left.shape[1]
        if self.independence == 0:
            matrix, side, cones = left, -start, Cones(zero=len(start))
        else:
            matrix = csr_array(block_array([[csr_array((1, count))], [-left]]))
            side = np.concatenate([[np.sqrt(self.independence)], start])
            cones = Cones(second_order=(1 + len(start),))
        quadratic = csr_array(kron(diags_array(2 * weights), eye_array(rank)))
        return ConicProgram(np.zeros(count), matrix, side, cones, quadratic)

    def _decoded(self, point: np.ndarray) -> Scores:
        told = world(self)
        root, mixing = told.root, np.eye(CONDITIONS)
        mixing[told.free] += point.reshape(-1, root.shape[1]) @ np.linalg.pinv(root)
        return Scores(mixing=mixing)

    def _encoded(self, answer: Scores) -> np.ndarray | None:
        told = world(self)
        return None if answer.mixing is None else ((answer.mixing - np.eye(CONDITIONS))[told.free] @ told.root).ravel()

    def _price(self, witness: Witness) -> Witness | None:
        if not isinstance(witness, ConicMultipliers):
            return None
        price = float(witness.rows[0]) / (2 * float(np.sqrt(self.independence)))
        return Multipliers(rows=np.array([min(max(price, 0.0), LARGEST)]))
