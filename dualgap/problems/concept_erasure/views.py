"""Concept erasure as forms: an eigenvalue program, its relaxation over the fantope, and the game with the predictor.

M stands for the projection on what is lost, in the coordinates of ``geometry``; G for the signal.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.forms import Convexity, EigenProgram, SaddleProgram, SmoothProgram
from dualgap.core.matrix_sets import Fantope
from dualgap.core.relations import Relation
from dualgap.core.sets import Ball
from dualgap.core.traced import namespace
from dualgap.core.views import View
from dualgap.core.witness import GradientPoint, Spectrum, Strategies, Witness
from dualgap.problems.concept_erasure.geometry import settled

if TYPE_CHECKING:
    from dualgap.problems.concept_erasure.spec import ConceptErasure, Erasure

_IDLE = 1e-14  # a direction that takes less than this of R^2 is left in


def views(problem: ConceptErasure) -> tuple[View, ...]:
    """``eigen`` (exact), ``game`` and ``fantope`` (relaxations, tight by Fan's theorem, points rounded)."""

    def only(*kinds: type[Witness]) -> Any:
        return lambda witness: witness if isinstance(witness, kinds) else None

    def total() -> float:
        return float(np.sum(problem.geometry.signal**2))

    return (
        View(
            name="eigen",
            form_type=EigenProgram,
            relation=Relation.EXACT,
            build=lambda: _eigen(problem),
            decode=lambda point: _answer(problem, point),
            lift_bound=lambda bound: settled(float(bound) + total()),
            lift_witness=only(Spectrum),
        ),
        View(
            name="game",
            form_type=SaddleProgram,
            relation=Relation.RELAXATION,
            build=lambda: _game(problem),
            decode=lambda point: _rounded(problem, point[0]),
            encode=lambda answer: (_lost(problem, answer), problem.geometry.signal.ravel()),
            lift_bound=settled,
            lift_witness=only(Strategies),
        ),
        View(
            name="fantope",
            form_type=SmoothProgram,
            relation=Relation.RELAXATION,
            build=lambda: _relaxed(problem),
            decode=lambda point: _rounded(problem, point),
            encode=lambda answer: _lost(problem, answer),
            lift_bound=settled,
            lift_witness=only(GradientPoint),
        ),
    )


# The forms.
def _count(problem: ConceptErasure) -> int:
    return min(problem.limit, problem.geometry.size)


def _eigen(problem: ConceptErasure) -> EigenProgram:
    """max tr(W'GG'W), W'W = I."""
    return EigenProgram(problem.geometry.moments, np.eye(problem.geometry.size), _count(problem))


def told(lost: Any, predictor: Any, signal: Any) -> Any:
    """``2 <G, (I - M) T> - <T, (I - M) T>``: what the predictor T tells of the concept; its maximum over T is at G."""
    xp = namespace(lost)
    theta = xp.reshape(predictor, signal.shape)
    kept = theta - lost @ theta
    return xp.sum((2.0 * signal - theta) * kept)


def told_at_best(lost: Any, signal: Any) -> Any:
    """``<G, (I - M) G>``: the best predictor's R^2."""
    xp = namespace(lost)
    return xp.sum(signal * (signal - lost @ signal))


@lru_cache
def _best_lost(count: int) -> Callable[[Any, Any], Any]:
    """The fantope's best response to a predictor: one function for each rank, so that solvers compile it once."""

    def respond(predictor: Any, signal: Any) -> Any:
        theta = namespace(predictor).reshape(predictor, signal.shape)
        cross = signal @ theta.T
        return Fantope(count).support(theta @ theta.T - cross - cross.T)

    return respond


def _best_predictor(lost: Any, signal: Any) -> Any:
    return namespace(signal).reshape(signal, (-1,))


def _game(problem: ConceptErasure) -> SaddleProgram:
    """min over M in the fantope, max over predictors T of what T tells: linear in M, concave in T."""
    signal, count = problem.geometry.signal, _count(problem)
    return SaddleProgram(
        told,
        Fantope(count),
        Ball(2.0 * float(np.linalg.norm(signal)) + 1e-6),  # the best predictor lies well inside
        (_middle(problem), np.zeros(signal.size)),
        signal,
        best_x=_best_lost(count),
        best_y=_best_predictor,
    )


def _relaxed(problem: ConceptErasure) -> SmoothProgram:
    """min <G, (I - M) G> over the fantope."""
    return SmoothProgram(
        told_at_best,
        _middle(problem),
        problem.geometry.signal,
        Fantope(_count(problem)),
        convexity=Convexity.LINEAR,
    )


def _middle(problem: ConceptErasure) -> np.ndarray:
    size = problem.geometry.size
    return np.eye(size) * (_count(problem) / size)


# Points and answers.
def _answer(problem: ConceptErasure, frame: Any) -> Erasure:
    """The span of a frame, without directions that tell nothing."""
    from dualgap.problems.concept_erasure.spec import Erasure

    columns = np.asarray(frame, dtype=np.float64)
    inner = columns.T @ problem.geometry.moments @ columns
    values, turned = np.linalg.eigh(0.5 * (inner + inner.T))
    useful = columns @ turned[:, values > _IDLE][:, ::-1]
    return Erasure(directions=problem.geometry.directions(useful))


def _rounded(problem: ConceptErasure, lost: Any) -> Erasure:
    """The projection on M's leading eigenvectors."""
    matrix = np.asarray(lost, dtype=np.float64)
    _, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    return _answer(problem, vectors[:, ::-1][:, : _count(problem)])


def _frame(problem: ConceptErasure, answer: Erasure) -> np.ndarray:
    """An answer as a frame of the form's rank, filled up with directions of the least signal."""
    subspace, count = problem.geometry.subspace(np.asarray(answer.directions)), _count(problem)
    basis, _ = np.linalg.qr(np.hstack([subspace, np.eye(len(subspace))[:, ::-1]]))
    return np.asarray(basis[:, :count])


def _lost(problem: ConceptErasure, answer: Erasure) -> np.ndarray:
    frame = _frame(problem, answer)
    return np.asarray(frame @ frame.T)
