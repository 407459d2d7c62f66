"""Minimax reconstruction as forms: a semidefinite program of the spectral norm, and the game against a prior.

E stands for the error operator of ``geometry``, Z for what is free in a reconstruction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.cones import matrix_of, triangle_of
from dualgap.core.forms import Cones, ConicProgram, SaddleProgram
from dualgap.core.matrix_sets import Fantope
from dualgap.core.relations import Relation
from dualgap.core.sets import Reals
from dualgap.core.traced import namespace
from dualgap.core.views import View
from dualgap.core.witness import ConicMultipliers, Strategies, Witness
from dualgap.problems.minimax_reconstruction.bounds import WHITE, Prior

if TYPE_CHECKING:
    from dualgap.problems.minimax_reconstruction.spec import MinimaxReconstruction, Reconstruction


def views(problem: MinimaxReconstruction) -> tuple[View, ...]:
    """``game`` (against priors) and ``semidefinite``, both exact."""
    radius = float(problem.radius)
    return (
        View(
            name="game",
            form_type=SaddleProgram,
            relation=Relation.EXACT,
            build=lambda: _game(problem),
            decode=lambda point: _answer(problem, point[0]),
            encode=lambda answer: (_free(problem, answer), _white(problem)),
            lift_bound=lambda bound: float(np.sqrt(max(0.0, float(bound)))),
            lift_witness=lambda witness: _prior_of_strategies(problem, witness),
        ),
        View(
            name="semidefinite",
            form_type=ConicProgram,
            relation=Relation.EXACT,
            build=lambda: _semidefinite(problem),
            decode=lambda point: _answer(problem, np.asarray(point)[1:]),
            encode=lambda answer: _encode(problem, answer),
            lift_bound=lambda bound: radius * float(bound),
            lift_witness=lambda witness: _prior_of_multipliers(problem, witness),
        ),
    )


def _answer(problem: MinimaxReconstruction, free: Any) -> Reconstruction:
    from dualgap.problems.minimax_reconstruction.spec import Reconstruction

    geometry = problem.geometry
    z = np.asarray(free, dtype=np.float64).reshape(geometry.free.shape[1], geometry.s.shape[1])
    return Reconstruction(H=geometry.matrix(geometry.particular + geometry.free @ z))


def _free(problem: MinimaxReconstruction, answer: Reconstruction) -> np.ndarray:
    geometry = problem.geometry
    core = geometry.core(np.asarray(answer.H, dtype=np.float64))
    return np.asarray(geometry.free.T @ (core - geometry.particular)).ravel()


# The game: f(Z, D) = radius^2 tr(E(Z) D E(Z)'), D in the convex hull of signals' outer products.
def mean_square(free: Any, prior: Any, data: Any) -> Any:
    """``radius^2 tr(E D E')`` with ``E = base + left Z s'``."""
    xp = namespace(prior)
    error = _error(xp, free, data)
    return data["square"] * xp.sum((error @ prior) * error)


def _error(xp: Any, free: Any, data: Any) -> Any:
    left, s = data["left"], data["s"]
    return data["base"] + left @ xp.reshape(free, (left.shape[1], s.shape[1])) @ s.T


def _best_reconstruction(prior: Any, data: Any) -> Any:
    """Wiener's filter for the prior with a little noise beside it, so that what it says of the prior is stable."""
    xp = namespace(prior)
    left, s = data["left"], data["s"]
    noisy = (1.0 - WHITE) * prior + (WHITE / s.shape[1]) * (s @ s.T)
    wanted = left.T @ data["base"] @ noisy @ s
    return xp.reshape(-xp.linalg.solve(s.T @ noisy @ s, wanted.T).T, (-1,))


def _worst_signal(free: Any, data: Any) -> Any:
    error = _error(namespace(free), free, data)
    return Fantope(1).support(-error.T @ error)


def _game(problem: MinimaxReconstruction) -> SaddleProgram:
    geometry = problem.geometry
    base, left = _parts(problem)
    data = {"base": base, "left": left, "s": geometry.s, "square": np.float64(float(problem.radius) ** 2)}
    start = np.zeros(left.shape[1] * geometry.s.shape[1])
    return SaddleProgram(
        mean_square,
        Reals(),
        Fantope(1),
        (start, _white(problem)),
        data,
        best_x=_best_reconstruction,
        best_y=_worst_signal,
    )


def _parts(problem: MinimaxReconstruction) -> tuple[np.ndarray, np.ndarray]:
    """(base, left): E is ``base + left Z s'``."""
    geometry = problem.geometry
    left = geometry.free if geometry.excess else geometry.w @ geometry.free
    return geometry.operator(geometry.particular), np.asarray(left)


def _white(problem: MinimaxReconstruction) -> np.ndarray:
    size = problem.geometry.size
    return np.eye(size) / size


def _prior_of_strategies(problem: MinimaxReconstruction, witness: Witness) -> Prior | None:
    size = problem.geometry.size
    if not isinstance(witness, Strategies) or witness.y.size != size * size:
        return None
    return _prior(problem, np.asarray(witness.y, dtype=np.float64).reshape(size, size))


def _prior(problem: MinimaxReconstruction, square: np.ndarray) -> Prior | None:
    """A prior's D as signals: its eigenvectors, by the roots of what is positive of its eigenvalues."""
    values, vectors = np.linalg.eigh(0.5 * (square + square.T))
    kept = values > 1e-14 * float(np.abs(values).max())
    if not kept.any():
        return None
    return Prior(signals=problem.geometry.frame @ (vectors[:, kept] * np.sqrt(values[kept])))


# min t with [[t I, E], [E', t I]] positive semidefinite; variables (t, Z by rows).
def _semidefinite(problem: MinimaxReconstruction) -> ConicProgram:
    from scipy.sparse import csr_array

    base, left = _parts(problem)
    outer = np.einsum("ia,jb->abij", left, problem.geometry.s).reshape(-1, *base.shape)
    moves = [np.eye(sum(base.shape)), *map(_bordered, outer)]
    matrix = csr_array(-np.column_stack([triangle_of(move) for move in moves]))
    cost = np.eye(len(moves))[0]
    return ConicProgram(cost, matrix, triangle_of(_bordered(base)), Cones(semidefinite=(sum(base.shape),)))


def _bordered(error: np.ndarray) -> np.ndarray:
    """[[0, E], [E', 0]]."""
    rows, columns = error.shape
    return np.block([[np.zeros((rows, rows)), error], [error.T, np.zeros((columns, columns))]])


def _encode(problem: MinimaxReconstruction, answer: Reconstruction) -> np.ndarray:
    geometry = problem.geometry
    core = geometry.core(np.asarray(answer.H, dtype=np.float64))
    norm = np.linalg.svd(geometry.operator(core), compute_uv=False).max(initial=0.0)
    return np.concatenate([[float(norm)], _free(problem, answer)])


def _prior_of_multipliers(problem: MinimaxReconstruction, witness: Witness) -> Prior | None:
    """The dual matrix's lower right block."""
    cones = Cones(semidefinite=(sum(_parts(problem)[0].shape),))
    if not isinstance(witness, ConicMultipliers) or len(witness.rows) != cones.rows:
        return None
    dual = matrix_of(np.asarray(witness.rows, dtype=np.float64), cones.semidefinite[0])
    return _prior(problem, dual[-problem.geometry.size :, -problem.geometry.size :])
