"""What a model of another package becomes: a problem, and a way to put what was found back into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.certificate import Certificate, Verdict
from dualgap.core.claim import Stop
from dualgap.core.witness import ConicMultipliers, Multipliers, Witness

if TYPE_CHECKING:
    from dualgap.problems.conic_program import ConicProblem
    from dualgap.problems.integer_program import IntegerProgram


@dataclass(frozen=True)
class Found:
    """What a run says to the model that it came from.

    Attributes:
        certificate: the verifier's word; attached to the model.
        stop: why the solver ended.
        gap: the relative gap that was asked for.
        values: (n,) the verified answer by column, None where there is none.
        multipliers: (m,) one a row, in the convention of ``dualgap.core.forms``; only at the optimum of a linear or
            conic program: the multipliers of a relaxation are no prices of an integer program.
    """

    certificate: Certificate
    stop: Stop | None = None
    gap: float = 0.0
    values: np.ndarray | None = None
    multipliers: np.ndarray | None = None

    @property
    def optimal(self) -> bool:
        """Whether the answer is optimal, verified or on the solver's word."""
        return self.certificate.verdict in (Verdict.OPTIMAL, Verdict.CLAIMED_OPTIMAL)

    @property
    def within(self) -> bool:
        """Whether the answer is within the gap that was asked for, verified or on the solver's word."""
        relative = self.certificate.relative_gap
        return self.certificate.feasible and self.gap > 0 and relative is not None and relative <= self.gap

    @property
    def infeasible(self) -> bool:
        return self.certificate.verdict in (Verdict.INFEASIBLE, Verdict.CLAIMED_INFEASIBLE)

    @property
    def unbounded(self) -> bool:
        return self.certificate.verdict in (Verdict.UNBOUNDED, Verdict.CLAIMED_UNBOUNDED)


@dataclass(frozen=True)
class Model:
    """Base of the models of other packages that have been read.

    Attributes:
        problem: the model as a problem, in the model's own names.
        source: the model itself.
    """

    problem: IntegerProgram | ConicProblem
    source: Any

    def priced(self, witness: Witness | None) -> np.ndarray | None:
        """(m,) the multipliers that a witness at the optimum holds for the rows of the problem, if it does."""
        from dualgap.problems.integer_program import IntegerProgram

        linear = isinstance(self.problem, IntegerProgram)
        whole = isinstance(self.problem, IntegerProgram) and bool(self.problem.integer.any())
        if whole or not isinstance(witness, Multipliers if linear else ConicMultipliers):
            return None
        rows = np.asarray(witness.rows)
        return rows if rows.shape == (self.problem.matrix.shape[0],) else None  # else of another program on the way

    def fill(self, found: Found) -> None:
        """Sets values, duals, status and ``certificate`` in the model; None where nothing is known."""
        raise NotImplementedError(f"{type(self).__name__} must define fill(found)")
