"""The ``unlearning-audit`` kind: anybody's unlearned models beside retrained ones, by their outputs alone.

Mathematics: for each forgotten row an attack flags the models whose confidence lies in an interval; its epsilon is what
its rates show about telling unlearned models from retrained ones. The value is the mean score of the rows, 1 where
nothing is shown, halved with each half of epsilon: an attacker minimises it. The best over all intervals is a count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from dualgap.core.arrays import BoundVector, Matrix, Rows, as_array
from dualgap.core.certificate import Bound, Evaluation, Evidence, Violation
from dualgap.core.errors import Fault, InvalidWitnessError, SpecError
from dualgap.core.exact import Real
from dualgap.core.problem import Answer, Problem
from dualgap.core.resolve import Resolver
from dualgap.core.witness import Exhaustion, Witness
from dualgap.problems.unlearning_audit.attacks import shown, strongest
from dualgap.problems.unlearning_audit.epsilon import score

_LEAST = 4  # models on either side: two halves of two, and a logarithm of models - 1


class Attacks(Answer):
    """An interval of confidences for each forgotten row; a model whose confidence lies in it is flagged.

    Attributes:
        lower, upper: (m,) its ends, infinite ones too.
    """

    lower: BoundVector
    upper: BoundVector


class UnlearningAudit(Problem):
    """Outputs of unlearned and of retrained models for the forgotten rows.

    Attributes:
        unlearned: (U, m) each unlearned model's confidence in each forgotten row's class, log p - log(1 - p).
        retrained: (K, m) the same of models that never saw these rows.
        unseen_unlearned: (U, t) confidences in rows that no model has seen, for the membership AUC; none by default.
        unseen_retrained: (K, t) the same of retrained models.
        metric: "competition", or "note" to print the notes' own F as well, which is another metric.
    """

    kind: ClassVar[str] = "unlearning-audit"
    summary: ClassVar[str] = "how well attacks tell anybody's unlearned models from retrained ones"
    answer_type: ClassVar[type[Answer]] = Attacks
    raw_fields: ClassVar[Mapping[str, str]] = {
        "scale": 'what the arrays hold: "confidence", log p - log(1 - p), the default; "probability" of the row\'s '
        'class; or "loss", its cross entropy in nats',
    }
    raw_schemas: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "scale": {"enum": ["confidence", "probability", "loss"]},
        **{
            name: {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "array"}}]}
            for name in ("unlearned", "retrained", "unseen_unlearned", "unseen_retrained")
        },
    }

    unlearned: Matrix
    retrained: Matrix
    unseen_unlearned: Rows = Field(default_factory=lambda: as_array(()))
    unseen_retrained: Rows = Field(default_factory=lambda: as_array(()))
    metric: Literal["competition", "note"] = "competition"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if found := list(_faults(self)):
            raise SpecError(found, type(self).__name__)
        return self

    @property
    def quantity(self) -> str:
        return "mean score"

    @property
    def scope(self) -> str:
        return (
            f"attacks by one interval a row on {self.unlearned.shape[1]:,} rows, {len(self.unlearned):,} unlearned "
            f"and {len(self.retrained):,} retrained models"
        )

    @cached_property
    def confidences(self) -> tuple[np.ndarray, np.ndarray]:
        """(U, m) and (K, m) float64."""
        return self.unlearned.astype(np.float64), self.retrained.astype(np.float64)

    @cached_property
    def reference(self) -> Mapping[str, Mapping[str, Real]]:
        """Forget quality, its ceiling, membership: what doesn't depend on the attacks."""
        from dualgap.problems.unlearning_audit.quality import reference

        return reference(self)

    def evaluate(self, answer: Any) -> Evaluation:
        ends = [np.asarray(side, dtype=np.float64) for side in (answer.lower, answer.upper)]
        rows = self.unlearned.shape[1]
        wrong = sum(abs(side.size - rows) for side in ends)
        if wrong or any(np.isnan(side).any() for side in ends):
            return Evaluation(float("inf"), {"one interval a row": Violation(max(1, wrong))})
        found = score(shown(*self.confidences, *ends), len(self.unlearned))
        return Evaluation(float(found.mean()), {}, {name: dict(said) for name, said in self.reference.items()})

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        """By counting again; rows that the time doesn't suffice for count as found out.

        Raises:
            InvalidWitnessError: another witness than exhaustion.
        """
        if not isinstance(witness, Exhaustion):
            raise InvalidWitnessError(f"an audit takes no {witness.type} witness")
        best = np.array([found for found, _, _ in strongest(*self.confidences, seconds)])
        rows = self.unlearned.shape[1]
        total = float(score(best, len(self.unlearned)).sum())
        if len(best) == rows:
            return Bound(float(score(best, len(self.unlearned)).mean()), Evidence.NUMERICAL, "all intervals counted")
        return Bound(total / rows, Evidence.NUMERICAL, f"all intervals of {len(best):,} rows counted, the rest at 0")

    def trivial(self) -> Attacks:
        """No attack: everything is flagged."""
        rows = self.unlearned.shape[1]
        return Attacks(lower=np.full(rows, -np.inf), upper=np.full(rows, np.inf))

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        from dualgap.problems.unlearning_audit.render import table

        return table(self, answer)

    def render_metrics(self, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
        from dualgap.problems.unlearning_audit.render import tables

        return tables(metrics)

    def headline(self, metrics: Mapping[str, Mapping[str, Real]]) -> str:
        from dualgap.problems.unlearning_audit.render import headline

        return headline(metrics)

    @classmethod
    def resolve(cls, spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
        from dualgap.problems.unlearning_audit.data import closed

        return closed(spec, resolver)

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> UnlearningAudit:
        """``size`` rows of normal confidences; see ``dualgap.problems.unlearning_audit.generate``."""
        from dualgap.problems.unlearning_audit.generate import generate

        return cls(**generate(size, seed, **options))


def _faults(problem: UnlearningAudit) -> Iterator[Fault]:
    rows = problem.unlearned.shape[1]
    for name in ("unlearned", "retrained"):
        models = len(getattr(problem, name))
        if models < _LEAST:
            yield Fault(name, f"{models} models", f"{_LEAST} at least: a row of the array for each, from other seeds")
    if rows < 1:
        yield Fault("unlearned", "no forgotten row", "a column for each")
    if problem.retrained.shape[1] != rows:
        yield Fault("retrained", f"{problem.retrained.shape[1]} columns, with {rows} forgotten rows", "one a row")
    for name in ("unlearned", "retrained"):
        unseen = getattr(problem, f"unseen_{name}")
        if unseen.size and (unseen.ndim != 2 or len(unseen) != len(getattr(problem, name))):
            yield Fault(f"unseen_{name}", f"shape {unseen.shape}", f"a row for each of the {name} models")
