"""Discriminants as a form: the generalised eigenvalue program of two scatter matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.forms import EigenProgram
from dualgap.core.relations import Relation
from dualgap.core.views import View
from dualgap.core.witness import Spectrum

if TYPE_CHECKING:
    from dualgap.problems.discriminant.spec import Directions, Discriminant


def views(problem: Discriminant) -> tuple[View, ...]:
    """``eigen``: max tr(W'S_be W), W'(S_w + gamma S_bc + ridge I) W = I."""
    return (
        View(
            name="eigen",
            form_type=EigenProgram,
            relation=Relation.EXACT,
            build=lambda: EigenProgram(problem.scatters.between, problem.metric, problem.count),
            decode=_answer,
            encode=lambda answer: np.asarray(answer.directions, dtype=np.float64),
            lift_bound=lambda bound: -bound,
            lift_witness=lambda witness: witness if isinstance(witness, Spectrum) else None,
        ),
    )


def _answer(frame: Any) -> Directions:
    from dualgap.problems.discriminant.spec import Directions

    return Directions(directions=np.asarray(frame, dtype=np.float64))
