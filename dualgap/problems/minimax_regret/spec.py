"""The ``minimax-regret`` kind: its closed spec, evaluation and names.

Mathematics: min over theta of max over groups s of ``R_s(theta) - R_s*``, R_s the risk of group s and R_s* its least
value ("one size fits all": Gnanasambandam and Chan, One size fits all: can we train one denoiser for all noise
levels?, ICML 2020). Without ``R_s*`` it is the worst risk (group distributionally robust optimisation), with the
quotient the worst ratio.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from dualgap.core.arrays import Array, Number, Rows, Vector, as_array
from dualgap.core.certificate import Bound, Evaluation, Violation
from dualgap.core.errors import SpecError
from dualgap.core.exact import Real
from dualgap.core.explain.blocks import SHOWN, Block
from dualgap.core.problem import Answer, Problem
from dualgap.core.resolve import Resolver
from dualgap.core.verify import ROUNDING
from dualgap.core.views import View
from dualgap.core.witness import Witness
from dualgap.problems.counts import Names
from dualgap.problems.minimax_regret.risks import Risks
from dualgap.problems.minimax_regret.scores import Goal, Scores

INTERCEPT = "intercept"
_TEXT = {"type": "string"}
_LABEL = {
    "anyOf": [
        {"type": "array", "items": {"type": "number"}},
        _TEXT,
        {"type": "object", "properties": {"column": _TEXT, "positive": _TEXT}, "required": ["column"]},
        {"type": "object", "properties": {"file": _TEXT}, "required": ["file"]},
    ]
}


def _nothing() -> np.ndarray:
    return as_array(())


class LinearModel(Answer):
    """Coefficients in the spec's order; the intercept, where there is one, is the last."""

    coefficients: Vector


class MinimaxRegret(Problem):
    """One linear model for several groups, as good as can be where it is worst.

    Attributes:
        features: (n, d) a row for each sample; columns by name, with ``data`` all others by default ("*").
        label: (n,) numbers for squared loss, 0 and 1 (or -1 and 1) for logistic loss; a column of texts as
            {column = "diagnosis", positive = "malignant"}.
        groups: (n,) each sample's group; of given quadratics the names of the k groups, 1 ... k by default.
        loss: "squared" (mean squared error) or "logistic".
        ridge: l2 penalty: ridge/2 |theta|^2, intercept included, is part of every group's risk; positive for logistic
            loss, so that every group has an optimum. Given quadratics stay as they are.
        intercept: whether a constant is fitted besides.
        weights: (n,) of the samples within their groups; 1 each by default.
        quadratic: (k, d, d) instead of data: the risks are 1/2 theta'H_s theta - b_s'theta + c_s; these are the H_s,
            positive semidefinite.
        linear: (k, d) the b_s.
        constant: (k,) the c_s; 0 by default.
        goal: "regret" (risk less the group's own least risk), "risk", or "ratio" (risk over the least risk).
        names: of the d features; x1, x2 ... by default.
    """

    kind: ClassVar[str] = "minimax-regret"
    summary: ClassVar[str] = "one model for several groups: the least worst regret, risk or ratio"
    answer_type: ClassVar[type[Answer]] = LinearModel
    column_fields: ClassVar[tuple[str, ...]] = ("features", "label", "groups", "weights")
    raw_schemas: ClassVar[Mapping[str, Mapping[str, Any]]] = {"label": _LABEL}

    features: Rows = Field(default_factory=_nothing)
    label: Vector = Field(default_factory=_nothing)
    groups: Names = ()
    loss: Literal["squared", "logistic"] = "squared"
    ridge: Number = 1e-3
    intercept: bool = True
    weights: Vector = Field(default_factory=_nothing)
    quadratic: Array = Field(default_factory=_nothing)
    linear: Array = Field(default_factory=_nothing)
    constant: Vector = Field(default_factory=_nothing)
    goal: Goal = "regret"
    names: Names = ()

    @field_validator("features")
    @classmethod
    def _columns(cls, features: np.ndarray) -> np.ndarray:
        """A single feature may come as a vector."""
        return as_array(features.reshape(-1, 1)) if features.ndim == 1 and features.size else features

    @model_validator(mode="after")
    def _fits(self) -> Self:
        from dualgap.problems.minimax_regret.checks import faults

        if found := faults(self):
            raise SpecError(found, type(self).__name__)
        return self

    # What it is about.
    @property
    def given(self) -> bool:
        """Whether the risks are given quadratics."""
        return bool(self.quadratic.size)

    @property
    def quantity(self) -> str:
        return f"worst {self.goal}"

    @property
    def scope(self) -> str:
        groups = f"{len(self.group_names)} groups"
        return groups if self.given else f"{groups} of n = {len(self.label):,} samples in all"

    @cached_property
    def group_names(self) -> tuple[str, ...]:
        """The k groups, in the order in which they come first."""
        if self.given and not self.groups:
            return tuple(str(s + 1) for s in range(len(self.quadratic)))
        return tuple(dict.fromkeys(self.groups))

    @cached_property
    def coefficient_names(self) -> tuple[str, ...]:
        count = self.quadratic.shape[-1] if self.given else self.features.shape[1]
        names = self.names or tuple(f"x{j + 1}" for j in range(count))
        return names if self.given or not self.intercept else (*names, INTERCEPT)

    @cached_property
    def risks(self) -> Risks:
        """The groups' risks in float64."""
        from dualgap.problems.minimax_regret.data import risks_of

        return risks_of(self)

    @property
    def scores(self) -> Scores:
        """What the worst case is taken over."""
        return Scores(self.risks, self.goal)

    @cached_property
    def shares(self) -> np.ndarray:
        """(k,) each group's share of the samples' weights; equal for given quadratics."""
        from dualgap.problems.minimax_regret.data import group_shares

        return group_shares(self)

    @cached_property
    def pooled(self) -> np.ndarray:
        """(d,) the model that is fitted to all samples alike (empirical risk minimisation), for comparison."""
        return self.risks.fit(self.shares)

    @cached_property
    def reach(self) -> float | None:
        """How far from the pooled fit an optimum can be; None where the pooled risk isn't strongly convex.

        At an optimum no score exceeds the pooled fit's worst one, which bounds the pooled risk there.
        """
        modulus = self.risks.modulus(self.shares)
        if not modulus > 0:
            return None
        scores, risks = self.scores, self.risks.values(self.pooled)
        most = (float(scores.values(self.pooled).max()) + scores.shift) / scores.scale
        room = float(self.shares @ np.maximum(most - risks, 0.0)) + 1e-12 * float(np.abs(most).max())
        return 1.01 * float(np.sqrt(2.0 * room / modulus))

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        from dualgap.problems.minimax_regret.metrics import metrics

        theta = np.asarray(answer.coefficients, dtype=np.float64)
        size = len(self.coefficient_names)
        if theta.shape != (size,):
            return Evaluation(float("inf"), {"coefficients": Violation(abs(theta.size - size))})
        with np.errstate(over="ignore", invalid="ignore"):
            worst, error = float(self.scores.values(theta).max()), self.scores.error(theta)
        if not np.isfinite(worst):
            return Evaluation(float("inf"), {"coefficients": Violation(float("inf"))})
        return Evaluation(worst, {}, metrics(self, theta), scale=error / ROUNDING)

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        from dualgap.problems.minimax_regret.proofs import prove

        return prove(self, witness)

    def trivial(self) -> LinearModel:
        return LinearModel(coefficients=np.zeros(len(self.coefficient_names)))

    def sensitivity(self, answer: Any, witness: Witness | None, optimal: bool) -> Mapping[str, Mapping[str, Real]]:
        from dualgap.problems.minimax_regret.metrics import weights

        return weights(self, witness)

    def explain(
        self, answer: Any = None, witness: Witness | None = None, *, via: str | None = None, shown: int = SHOWN
    ) -> tuple[Block, ...]:
        from dualgap.problems.minimax_regret.argument import explain

        return explain(self, answer, witness, via, shown)

    # Names in answers.
    def read_answer(self, data: Any) -> Any:
        """From ``{"coefficients": {name: number}}`` or ``{"coefficients": [...]}``."""
        from dualgap.problems.minimax_regret.answers import read

        return read(self, data)

    def write_answer(self, answer: Any) -> dict[str, Any]:
        from dualgap.problems.minimax_regret.answers import write

        return write(self, answer)

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        from dualgap.problems.minimax_regret.answers import table

        return table(self, answer)

    def render_metrics(self, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
        from dualgap.problems.minimax_regret.metrics import tables

        return tables(self, metrics)

    def views(self) -> tuple[View, ...]:
        from dualgap.problems.minimax_regret.views import views

        return views(self)

    @classmethod
    def resolve(cls, spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
        from dualgap.problems.minimax_regret.data import closed

        return closed(cls.column_fields, spec, resolver)

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> MinimaxRegret:
        """A random instance; see ``dualgap.problems.minimax_regret.generate``."""
        from dualgap.problems.minimax_regret.generate import generate

        return cls(**generate(size, seed, **options))
