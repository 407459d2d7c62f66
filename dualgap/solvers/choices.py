"""What the built-in solvers offer where nobody names one, in the order that measurements suggest.

The cheap and certain comes first: whoever proves ends the sequence, so solvers that prove stand before those whose
word has to be taken. Nothing is imported for it, not even the problem classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.problem import Problem
from dualgap.core.solver import Choice

if TYPE_CHECKING:
    from dualgap.problems.adversarial_example import AdversarialExample
    from dualgap.problems.coin_change import CoinChange
    from dualgap.problems.concept_erasure import ConceptErasure
    from dualgap.problems.conic_program import ConicProblem
    from dualgap.problems.convex_concave_game import ConvexConcaveGame
    from dualgap.problems.discriminant import Discriminant
    from dualgap.problems.fair_classifier import FairClassifier
    from dualgap.problems.integer_program import IntegerProgram
    from dualgap.problems.knapsack import Knapsack
    from dualgap.problems.log_sum_exp_ball import LogSumExpBall
    from dualgap.problems.matrix_game import MatrixGame
    from dualgap.problems.minimax_reconstruction import MinimaxReconstruction
    from dualgap.problems.minimax_regret import MinimaxRegret
    from dualgap.problems.universal_template import UniversalTemplate

BRANCHING_ITEMS = 100
"""Up to here OR-Tools' branch and bound wins; its reduction takes 0.26 s at 10,000 items and 8 s at 100,000."""

SMALL_COLUMNS = 150
"""Up to here clause learning is three to seven times as quick as branch and cut on whole numbers, if at all."""

FIXABLE_COLUMNS, FIXABLE_RATIO = 1_000, 20
"""With so many columns, and so many for every row, prices tell most columns' values."""

FIRST_ORDER_ENTRIES = 200_000
"""From here on first-order methods overtake simplex and interior points on linear programs."""

LINKED_NEURONS = 200
"""Of all inputs' networks together: up to here branch and cut finds the best template within seconds."""

LINEAR_CELLS = 300
"""Up to here branch and cut finds the best linear classifier without chance within seconds, where epsilon isn't 0."""

GAME_ENTRIES = 100_000
"""From here on regret matching has an interval of 1e-6 before the linear program is solved."""

_LEARNING = Choice("cp-sat", "clause learning is quick on small programs in whole numbers", seconds=1.0)


def choices(problem: Problem) -> list[Choice]:
    """Solvers to try in turn; none for kinds that the built-ins have no opinion on."""
    offer = _BY_KIND.get(problem.kind)
    return offer(problem) if offer is not None else []


def _knapsack(problem: Knapsack) -> list[Choice]:
    return _one_row(problem) if len(problem.capacity) == 1 else _several_rows()


def _game(problem: MatrixGame) -> list[Choice]:
    exact = Choice("lp-vertex", "simplex, and its vertex in exact arithmetic")
    regrets = Choice("regret-matching", "two matrix-vector products a turn overtake simplex on large games")
    gradients = Choice("pdhg", "gradient steps of both, restarted")
    return [exact, regrets, gradients] if problem.payoff.size <= GAME_ENTRIES else [regrets, exact, gradients]


def _power(problem: ConvexConcaveGame) -> list[Choice]:
    return [
        Choice("price-bisection", "the prices of both budgets, one inside the other"),
        Choice("extragradient", "the game itself, step by step"),
        Choice("optimistic-gradient", "one gradient a step"),
    ]


def _robustness(problem: AdversarialExample) -> list[Choice]:
    exact = Choice("relu-branching", "splits what is left open, and proves it by its trees")
    return [
        Choice("crown", "an interval for every input in milliseconds"),
        Choice("attack", "gradients from many starts"),
        *([exact] if problem.norm != "2" or len(problem.network.layers) == 1 else []),
    ]


def _erasure(problem: ConceptErasure) -> list[Choice]:
    return [
        Choice("eigh", "an eigenvalue decomposition is the closed form"),
        Choice("alternating-gradient", "the game of eraser and predictor, step by step"),
        Choice("pgd", "the relaxation over the fantope"),
    ]


def _reconstruction(problem: MinimaxReconstruction) -> list[Choice]:
    return [
        Choice("principal-angles", "the closed form"),
        Choice("clarabel", "the spectral norm as a semidefinite program"),
        Choice("alternating-gradient", "the game against a prior over signals, step by step"),
    ]


def _discriminant(problem: Discriminant) -> list[Choice]:
    return [
        Choice("low-rank", "classes span few directions: one Cholesky factorisation and a narrow decomposition"),
        Choice("whitened-gradient", "gradient steps where the metric is the identity"),
        Choice("stiefel-descent", "gradient steps in the coordinates as they are"),
    ]


def _one_row(problem: Knapsack) -> list[Choice]:
    branching = Choice("or-knapsack", f"branch and bound is quick up to {BRANCHING_ITEMS} items")
    return [
        Choice("greedy", "takes no time, and its bound often proves it"),
        Choice("core-knapsack", "fixes what prices decide, and proves the rest by a list of states"),
        Choice("dynamic-programming", "a table, where lists grow too long"),
        *([branching] if problem.size <= BRANCHING_ITEMS else []),
        Choice("cp-sat", "for stubborn ones, from the best answer so far"),
    ]


def _several_rows() -> list[Choice]:
    return [
        Choice("greedy", "an answer at once"),
        Choice("lagrangian-core", "branches on what the best prices leave, and proves it by its tree"),
        Choice("highs", "branch and cut, for what branching alone doesn't settle"),
    ]


def _change(problem: CoinChange) -> list[Choice]:
    return [
        Choice("dynamic-programming", "proves change-making by a table over amounts or deficits"),
        Choice("cp-sat", "for amounts that are too large for tables"),
    ]


def _regret(problem: MinimaxRegret) -> list[Choice]:
    return [
        Choice("dual-ascent", "a few dozen reweighed fits close the gap", {"rule": "level"}),
        Choice("clarabel", "interior points on its cones, where the weights are hard to find"),
        Choice("pooled-fit", "what the usual training gives"),
    ]


def _ball(problem: LogSumExpBall) -> list[Choice]:
    exact = (
        Choice("clarabel", "interior points on exponential cones")
        if problem.smooth
        else Choice("highs", "simplex on the linear program")
    )
    return [
        exact,
        Choice("pgd", "gradient steps, each projected by a quadratic program"),
        Choice("dual-recovery", "the dual linear program, and x from the rows with a price"),
    ]


def _template(problem: UniversalTemplate) -> list[Choice]:
    neurons = sum(len(operator.bias) for operator in problem.network.operators[:-1])
    linked = len(problem.inputs) * neurons <= LINKED_NEURONS and problem.norm != "2"
    exact = Choice("highs", f"one program for all inputs, up to {LINKED_NEURONS} neurons in all")
    return [Choice("attack", "gradient steps, and a bound from every input alone"), *([exact] if linked else [])]


def _cones(problem: ConicProblem) -> list[Choice]:
    return [
        Choice("clarabel", "interior points, with multipliers that prove the bound"),
        Choice("scs", "first-order steps, where factorisations are too large"),
    ]


def _classifier(problem: FairClassifier) -> list[Choice]:
    if problem.rates is None:
        return [
            Choice("covariance-newton", "a dual in a number for each group, by Newton's method"),
            Choice("clarabel", "interior points on a cone for each row"),
        ]
    if problem.hypothesis in ("table", "threshold"):
        what = "cells" if problem.hypothesis == "table" else "thresholds"
        return [
            Choice("highs", f"one program over all {what}, with multipliers that prove the bound"),
            Choice("dual-ascent", "prices of the rates, from classifiers that pay them", {"rule": "level"}),
        ]
    exact = Choice("highs", f"an integer program over the cells, up to {LINEAR_CELLS}", seconds=5.0)
    if problem.margin > 0:  # which training doesn't know of
        return [exact]
    trained = [
        Choice("proxy-lagrangian", "true rates set the prices, soft rates the gradients"),
        Choice("proxy-augmented", "the same with a penalty"),
    ]
    small = problem.hypothesis == "linear" and not problem.randomized and len(problem.cells) <= LINEAR_CELLS
    return [*([exact] if small else []), *trained]


def _program(problem: IntegerProgram) -> list[Choice]:
    rows, columns = problem.matrix.shape
    if not problem.integer.any():
        large = len(problem.matrix.data) >= FIRST_ORDER_ENTRIES
        first_order = Choice("pdlp", f"first-order steps, for over {FIRST_ORDER_ENTRIES:,} entries")
        return [*([first_order] if large else []), Choice("highs", "simplex, with duals that prove the bound")]
    whole = _is_whole(problem)
    inner = {"solver": "cp-sat"} if whole else {}
    fixing = Choice("presolve", "prices fix most of so many columns in so few rows", inner)
    last = Choice("cp-sat", "clause learning, from the best answer so far")
    return [
        *([_LEARNING] if whole and columns <= SMALL_COLUMNS else []),
        *([fixing] if columns >= FIXABLE_COLUMNS and columns >= FIXABLE_RATIO * rows else []),
        Choice("highs", "branch and cut, and a proof of a bound by the relaxation's duals"),
        last if whole else Choice("scip", "other cuts and heuristics"),
    ]


def _is_whole(problem: IntegerProgram) -> bool:
    """Whether everything is a whole number, and every column has finite bounds."""
    numbers = (problem.cost, problem.matrix.data, problem.lower, problem.upper)
    return (
        bool(problem.integer.all())
        and all(np.array_equal(part, np.rint(part)) for part in numbers)
        and bool(np.isfinite(problem.lower).all() and np.isfinite(problem.upper).all())
    )


_BY_KIND: Mapping[str, Callable[[Any], list[Choice]]] = {
    "knapsack": _knapsack,
    "coin-change": _change,
    "fair-classifier": _classifier,
    "integer-program": _program,
    "conic-program": _cones,
    "matrix-game": _game,
    "convex-concave-game": _power,
    "minimax-regret": _regret,
    "adversarial-example": _robustness,
    "universal-template": _template,
    "log-sum-exp-ball": _ball,
    "concept-erasure": _erasure,
    "minimax-reconstruction": _reconstruction,
    "discriminant": _discriminant,
}
