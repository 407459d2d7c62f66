"""The ``minimax-reconstruction`` kind: its closed spec, evaluation and names.

Mathematics: a signal x in R^n is known by its samples S'x; it is reconstructed as ``W H S'x``. Minimise over H

    max over |x| <= radius of |W H S'x - P_W x|   (the regret: the error beyond the best in the range of W)

(Eldar and Dvorkind, IEEE Transactions on Signal Processing 54, 2006), or of ``|W H S'x - x|``, the whole error.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import field_validator, model_validator

from dualgap.core.arrays import Matrix, Number
from dualgap.core.certificate import Bound, Evaluation, Sense, Violation
from dualgap.core.exact import Real
from dualgap.core.problem import Answer, Problem
from dualgap.core.statement import format_value
from dualgap.core.views import View
from dualgap.core.witness import Witness
from dualgap.problems.counts import fault
from dualgap.problems.minimax_reconstruction.geometry import Geometry, reduce

_ROUNDING = 1e-13


class Reconstruction(Answer):
    """(p, q): how the samples S'x become weights of W's columns."""

    H: Matrix


class MinimaxReconstruction(Problem):
    """Reconstruct signals from linear samples, the worst one as well as can be.

    Attributes:
        W: (n, p) the columns that reconstructions are made of.
        S: (n, q) the columns that sample a signal, by inner products.
        radius: the signals' largest norm.
        criterion: "regret" counts the error beyond that of the best reconstruction in W, "error" all of it.
        consistent: whether reconstructions must have the samples that they were made from (the error orthogonal to S).
    """

    kind: ClassVar[str] = "minimax-reconstruction"
    summary: ClassVar[str] = "reconstruct signals from samples, the worst one as well as can be"
    answer_type: ClassVar[type[Answer]] = Reconstruction
    column_fields: ClassVar[tuple[str, ...]] = ("W", "S")

    W: Matrix
    S: Matrix
    radius: Number = 1
    criterion: Literal["regret", "error"] = "regret"
    consistent: bool = False

    @field_validator("radius")
    @classmethod
    def _positive(cls, radius: int | float) -> int | float:
        if radius <= 0:
            raise fault(f"radius is {radius}", "radii are > 0")
        return radius

    @field_validator("W", "S")
    @classmethod
    def _something(cls, columns: np.ndarray) -> np.ndarray:
        if not columns.any():
            raise fault("nothing but zeros", "give at least one column that isn't 0")
        return columns

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.W) != len(self.S):
            raise fault(f"W has {len(self.W)} rows, S {len(self.S)}", "one row an entry of the signal")
        if self.consistent and not self.geometry.reachable:
            ranks = (self.geometry.s.shape[1], self.geometry.w.shape[1])
            raise fault(
                f"no reconstruction has the samples it was made from: S has rank {ranks[0]}, W {ranks[1]}, and some "
                "combination of S's columns is orthogonal to W",
                "give W more columns, or leave consistent = false",
            )
        return self

    @property
    def sense(self) -> Sense:
        return Sense.MINIMIZE

    @property
    def quantity(self) -> str:
        return f"worst {self.criterion}"

    @property
    def scope(self) -> str:
        return f"signals of norm up to {format_value(self.radius)}"

    @property
    def size(self) -> int:
        """n, the length of a signal."""
        return len(self.W)

    @cached_property
    def geometry(self) -> Geometry:
        return reduce(self.W, self.S, excess=self.criterion == "regret", consistent=self.consistent)

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        radius, wanted = float(self.radius), (self.W.shape[1], self.S.shape[1])
        if answer.H.shape != wanted:
            return Evaluation(radius, {"H": Violation(sum(abs(a - b) for a, b in zip(answer.H.shape, wanted)))})
        geometry = self.geometry
        k = geometry.core(np.asarray(answer.H, dtype=np.float64))
        value = radius * _norm(geometry.operator(k))
        violations = {}
        if self.consistent:
            off = float(np.abs(geometry.cosines @ k - np.eye(geometry.s.shape[1])).max())
            violations = {"samples of the reconstruction": Violation(off)} if off > _ROUNDING else {}
        whole = _norm(geometry.w @ k @ geometry.s.T - np.eye(geometry.size))
        metrics: dict[str, Real] = {
            "worst regret": radius * _norm(k @ geometry.s.T - geometry.w.T),
            "worst error": radius * whole,
        }
        return Evaluation(value, violations, {"all": metrics}, scale=radius)

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        from dualgap.problems.minimax_reconstruction.bounds import prove

        return prove(self, witness)

    def views(self) -> tuple[View, ...]:
        from dualgap.problems.minimax_reconstruction.views import views

        return views(self)

    # How people read it.
    def render(self, answer: Any) -> list[tuple[str, ...]]:
        if answer.H.shape != (self.W.shape[1], self.S.shape[1]):
            return super().render(answer)
        header = ("weight of", *(f"sample {j}" for j in range(1, self.S.shape[1] + 1)))
        return [header, *((f"W column {i}", *(f"{x:.4f}" for x in row)) for i, row in enumerate(answer.H, start=1))]

    def render_metrics(self, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
        found = metrics.get("all", {})
        return [[tuple(found), tuple(format_value(value) for value in found.values())]] if found else []

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> MinimaxReconstruction:
        """Random spaces; see ``dualgap.problems.minimax_reconstruction.generate``."""
        from dualgap.problems.minimax_reconstruction.generate import generate

        return cls(**generate(size, seed, **options))


def _norm(matrix: np.ndarray) -> float:
    """The spectral norm, 0 where it is what rounding leaves of 0."""
    norm = float(np.linalg.svd(matrix, compute_uv=False).max(initial=0.0))
    return norm if norm > _ROUNDING else 0.0
