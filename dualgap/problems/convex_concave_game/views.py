"""The game as a saddle program, and as one conic program.

For the conic program power's maximum is replaced by its dual, the least over its price lambda (``responses``), which
is convex in lambda and n together, being a supremum over p of convex functions:

    sup over p >= 0 of log(1 + beta p / s) - lambda p  =  min over v of v^2 - 1 - 2 log v,   beta v^2 <= lambda s,

where ``s = sigma + n``: v = 1 where the price is too high for the channel, and else the constraint holds with equality.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.forms import Cones, ConicProgram, SaddleProgram
from dualgap.core.relations import Relation
from dualgap.core.sets import Simplex
from dualgap.core.traced import namespace
from dualgap.core.views import View
from dualgap.core.witness import ConicMultipliers, Strategies, Witness
from dualgap.problems.convex_concave_game.responses import best_noise, water_filling

if TYPE_CHECKING:
    from dualgap.problems.convex_concave_game.spec import Allocations, ConvexConcaveGame


def views(problem: ConvexConcaveGame) -> tuple[View, ...]:
    """``saddle``, with both best responses, and ``cones``; both exact."""
    return (
        View(
            name="saddle",
            form_type=SaddleProgram,
            relation=Relation.EXACT,
            build=lambda: saddle_program(problem),
            decode=lambda point: _allocations(*point),
            encode=lambda answer: _pair(problem, answer),
            lift_witness=lambda witness: witness if isinstance(witness, Strategies) else None,
        ),
        View(
            name="cones",
            form_type=ConicProgram,
            relation=Relation.EXACT,
            build=lambda: conic_program(problem),
            decode=lambda point: _answered(problem, point[1 : 1 + problem.size]),
            encode=lambda answer: _conic_point(problem, answer.noise),
            lift_bound=None,  # a solver's own misses by more than the allocation of power proves
            lift_witness=lambda witness: _from_cones(problem, witness),
        ),
    )


def saddle_program(problem: ConvexConcaveGame) -> SaddleProgram:
    """x is the noise, y the power, each on its scaled simplex, from even allocations."""
    size, budgets = problem.size, (float(problem.noise), float(problem.power))
    return SaddleProgram(
        objective=rate,
        x_set=Simplex(budgets[0]),
        y_set=Simplex(budgets[1]),
        initial=(np.full(size, budgets[0] / size), np.full(size, budgets[1] / size)),
        data={
            "beta": problem.beta.astype(np.float64),
            "sigma": problem.sigma.astype(np.float64),
            "noise": np.float64(budgets[0]),
            "power": np.float64(budgets[1]),
        },
        best_x=lambda power, data: best_noise(data["beta"] * power, data["sigma"], float(data["noise"]))[0],
        best_y=lambda noise, data: water_filling(data["beta"] / (data["sigma"] + noise), float(data["power"]))[0],
    )


def rate(noise: Any, power: Any, data: Any) -> Any:
    """``sum_i log(1 + beta_i p_i / (sigma_i + n_i))``."""
    xp = namespace(noise)
    return xp.sum(xp.log1p(data["beta"] * power / (data["sigma"] + noise)))


def conic_program(problem: ConvexConcaveGame) -> ConicProgram:
    """``min P lambda + sum v_i^2 - 1 - 2 l_i`` over (lambda, n, v, l), each of n, v, l a vector.

    Rows: ``1'n = N``; ``n >= 0``; then for each i the cone ``beta_i v_i^2 <= lambda (sigma_i + n_i)``, as
    ``||(2 v, a - b)|| <= a + b`` where ``v^2 <= a b``, and ``exp(l_i) <= v_i``. lambda and n are in units of what they
    are under even noise (``_even``), so that budgets of any size are solved as well.
    """
    from scipy.sparse import block_array, csr_array, diags_array, eye_array, kron

    size, one = problem.size, np.ones((problem.size, 1))
    reach, price = _even(problem)
    unit, steep = eye_array(size), diags_array(price * reach / problem.beta)
    first, second, third = (csr_array(np.eye(3)[:, [k]]) for k in range(3))
    rows = block_array(
        [
            [None, csr_array(reach[np.newaxis] / float(problem.noise)), None, None],
            [csr_array((size, 1)), -unit, None, None],
            [kron(one, -first - third), kron(steep, third - first), kron(-2.0 * unit, second), None],
            [None, None, kron(-unit, third), kron(-unit, first)],
        ],
        format="csr",
    )
    there = np.kron(price * problem.sigma / problem.beta, [1.0, 0.0, -1.0])
    return ConicProgram(
        cost=np.concatenate([[float(problem.power) * price], np.zeros(2 * size), np.full(size, -2.0)]),
        matrix=csr_array(rows),
        right_side=np.concatenate([[1.0], np.zeros(size), there, np.tile([0.0, 1.0, 0.0], size)]),
        cones=Cones(zero=1, nonnegative=size, second_order=(3,) * size, exponential=size),
        quadratic=csr_array(diags_array(np.repeat([0.0, 2.0, 0.0], [1 + size, size, size]))),
        offset=-float(size),
    )


def _even(problem: ConvexConcaveGame) -> tuple[np.ndarray, float]:
    """(n,) all the noise of each channel under even noise, and the price of power there."""
    reach = problem.sigma + float(problem.noise) / problem.size
    return reach, water_filling(problem.beta / reach, float(problem.power))[1]


def _conic_point(problem: ConvexConcaveGame, noise: np.ndarray) -> np.ndarray:
    reach, price = _even(problem)
    there = problem.sigma + noise
    _, paid = water_filling(problem.beta / there, float(problem.power))
    v = np.minimum(1.0, np.sqrt(paid * there / problem.beta))
    return np.concatenate([[paid / price], noise / reach, v, np.log(v)])


def _from_cones(problem: ConvexConcaveGame, witness: Witness) -> Witness | None:
    """Power is what the second-order cones' multipliers put on lambda, whose cost is the budget."""
    if not isinstance(witness, ConicMultipliers):
        return None
    cones = np.asarray(witness.rows)[1 + problem.size : 1 + 4 * problem.size].reshape(-1, 3)
    power = np.maximum(cones[:, 0] + cones[:, 2], 0.0)
    noise, _ = best_noise(problem.beta * power, problem.sigma.astype(np.float64), float(problem.noise))
    return Strategies(x=noise, y=power)


def _answered(problem: ConvexConcaveGame, noise: np.ndarray) -> Allocations:
    """Noise, scaled to its budget, and power's best response."""
    kept = np.maximum(noise, 0.0) * _even(problem)[0]
    kept = kept * (float(problem.noise) / kept.sum())
    return _allocations(kept, water_filling(problem.beta / (problem.sigma + kept), float(problem.power))[0])


def _allocations(noise: Any, power: Any) -> Allocations:
    from dualgap.problems.convex_concave_game.spec import Allocations

    return Allocations(noise=np.asarray(noise, dtype=np.float64), power=np.asarray(power, dtype=np.float64))


def _pair(problem: ConvexConcaveGame, answer: Any) -> tuple[np.ndarray, np.ndarray]:
    power = answer.power
    if len(power) != problem.size:
        power, _ = water_filling(problem.beta / (problem.sigma + answer.noise), float(problem.power))
    return answer.noise, power
