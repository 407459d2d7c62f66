"""Random small instances of every variant of the built-in problems, with their optimum by enumeration.

Data are drawn as integers and enumerated as integers, apart from all code under test; decimals are the same in tenths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import optimize

from dualgap import AdversarialExample, CoinChange, ConicProblem, IntegerProgram, Knapsack, LogSumExpBall, Problem
from dualgap.problems.adversarial_example import PerturbedInputs
from dualgap.problems.attention_placement import Placement
from dualgap.problems.concept_erasure import Erasure
from dualgap.problems.conic_program import ConicAnswer
from dualgap.problems.convex_concave_game import Allocations
from dualgap.problems.discriminant import Directions
from dualgap.problems.fair_classifier import Classifier
from dualgap.problems.integer_program import IntegerProgramAnswer
from dualgap.problems.load_balance import Shares
from dualgap.problems.log_sum_exp_ball import LogSumExpAnswer
from dualgap.problems.matrix_game import MixedStrategies
from dualgap.problems.minimax_reconstruction import Reconstruction
from dualgap.problems.operator_sharding import Sharding
from dualgap.problems.parallel_strategy import Plan
from dualgap.problems.ring_attention import RingOrder
from dualgap.problems.universal_template import Template
from dualgap.problems.unlearning import Parameters
from dualgap.problems.unlearning_audit import Attacks
from tests.conformance.covariance import covariance
from tests.conformance.fair import fair
from tests.conformance.forgetting import audit, unlearning
from tests.conformance.games import matrix_game, power_game
from tests.conformance.placing import balance, placement, ring, sharding, strategy
from tests.conformance.spectral import discriminant, erasure, reconstruction
from tests.conformance.templates import template
from tests.problems.networks import enumerated

ITEMS = 4


@dataclass(frozen=True)
class Drawn:
    """An instance: ``optimum`` is None where nothing is feasible; ``judge`` gives (feasible, value) of a point.

    ``slack`` is how far values may be from the optimum, relatively: continuous columns come out of float arithmetic.
    ``exact`` says whether some form states the problem exactly, so that exact solvers must meet the optimum.
    """

    problem: Problem
    optimum: float | None
    judge: Callable[[np.ndarray], tuple[bool, float]]
    slack: float = 1e-9
    exact: bool = True


def _grid(limits: np.ndarray) -> np.ndarray:
    """(n, points) every vector of counts within the limits."""
    return np.indices(tuple(limits + 1)).reshape(len(limits), -1)


def knapsack(
    rng: np.random.Generator, *, rows: int = 1, copies: str = "one", tenths: bool = False, flavour: str = "any"
) -> Drawn:
    weights = rng.integers(1 if copies == "unbounded" else 0, 10, (rows, ITEMS))
    values = rng.integers(0, 12, ITEMS)
    if flavour == "subset-sum":
        values = weights[0].copy()
    if flavour == "twins":
        weights[:, 1:], values[1:] = weights[:, :1], values[0]
    capacity = rng.integers(0, 13 if copies == "unbounded" else max(2, int(weights.sum() // rows)), rows)
    if flavour == "nothing fits":
        capacity, weights = np.zeros(rows, dtype=int), weights + 1
    number = {"one": np.ones(ITEMS, dtype=int), "some": rng.integers(0, 4, ITEMS)}.get(copies)
    limits = number if number is not None else np.full(ITEMS, int(capacity.min()))
    counts = _grid(limits)
    fits = (weights @ counts <= capacity[:, None]).all(axis=0)
    scale = 10 if tenths else 1
    optimum = float((values @ counts)[fits].max()) / scale

    def judge(found: np.ndarray) -> tuple[bool, float]:
        within = (found >= 0).all() and (copies == "unbounded" or (found <= limits).all())
        return bool(within and (weights @ found <= capacity).all()), float(values @ found) / scale

    data = {"values": values / 10 if tenths else values, "weights": weights / 10 if tenths else weights}
    given = {"one": 1, "some": number, "unbounded": "unbounded"}[copies]
    problem = Knapsack(**data, capacity=capacity / 10 if tenths else capacity, copies=given)
    return Drawn(problem, optimum, judge)


def coin_change(
    rng: np.random.Generator, *, copies: str = "unbounded", costs: bool = False, tenths: bool = False, step: int = 1
) -> Drawn:
    coins = rng.integers(2, 10, ITEMS) * step
    amount = int(rng.integers(0, 19)) * step + (int(rng.integers(0, 2)) if step > 1 else 0)
    prices = rng.integers(0, 6, ITEMS) if costs else np.ones(ITEMS, dtype=int)
    number = rng.integers(0, 4, ITEMS) if copies == "some" else None
    limits = amount // coins if number is None else np.minimum(number, amount // coins)
    counts = _grid(limits)
    pays = coins @ counts == amount
    optimum = float((prices @ counts)[pays].min()) if pays.any() else None

    def judge(found: np.ndarray) -> tuple[bool, float]:
        within = (found >= 0).all() and (number is None or (found <= number).all())
        return bool(within and coins @ found == amount), float(prices @ found)

    scaled: dict[str, Any] = (
        {"coins": coins / 10, "amount": amount / 10} if tenths else {"coins": coins, "amount": amount}
    )
    given = {"copies": "unbounded" if number is None else number, "costs": prices if costs else 1}
    return Drawn(CoinChange(**scaled, **given), optimum, judge)


def integer_program(
    rng: np.random.Generator, *, whole: str = "all", short: bool = False, tenths: bool = False
) -> Drawn:
    """Rows of every type around a planted point; ``short`` asks for one more than any point of the box reaches.

    Whole columns are enumerated; what is left of the others is a linear program for SciPy.
    """
    rows, scale = 2, 10 if tenths else 1
    matrix, cost = rng.integers(-4, 5, (rows, ITEMS)), rng.integers(-5, 6, ITEMS)
    lower = rng.integers(-2, 1, ITEMS)
    upper = lower + rng.integers(0, 4, ITEMS)
    activity = matrix @ rng.integers(lower, upper, endpoint=True)
    kind = rng.integers(0, 4, rows)  # <=, >=, =, both
    low = np.where(kind == 0, -np.inf, activity - np.where(kind == 2, 0, 1))
    high = np.where(kind == 1, np.inf, activity + np.where(kind == 2, 0, 1))
    if short:
        most = np.maximum(matrix[0] * lower, matrix[0] * upper).sum()
        low[0], high[0] = most + 1, np.inf
    integer = {"all": np.ones(ITEMS), "none": np.zeros(ITEMS)}.get(whole, np.arange(ITEMS) % 2).astype(int)
    fixed = np.where(integer == 1, upper - lower, 0)
    points = _grid(fixed) + lower[:, None]
    if whole == "all":
        loads = matrix @ points
        fits = ((loads >= low[:, None]) & (loads <= high[:, None])).all(axis=0)
        values = (cost @ points)[fits].tolist()
    else:
        values = [_best_of_the_rest(cost, matrix, (low, high), point, upper - lower - fixed) for point in points.T]
    optimum = min((value / scale for value in values if value is not None), default=None)

    def judge(found: np.ndarray) -> tuple[bool, float]:
        load = matrix @ found
        within = (found >= lower - 1e-6).all() and (found <= upper + 1e-6).all()
        holds = (load >= low - 1e-5).all() and (load <= high + 1e-5).all()
        return bool(within and holds and (found == np.rint(found))[integer == 1].all()), float(cost @ found) / scale

    data = {"matrix": matrix / scale, "cost": cost / scale, "row_lower": low / scale, "row_upper": high / scale}
    problem = IntegerProgram(**data, lower=lower, upper=upper, integer=integer)  # type: ignore[call-arg]
    return Drawn(problem, optimum, judge, 1e-9 if whole == "all" else 1e-6)


def _best_of_the_rest(
    cost: np.ndarray, matrix: np.ndarray, sides: tuple[np.ndarray, np.ndarray], point: np.ndarray, room: np.ndarray
) -> float | None:
    """The least cost of the points from ``point`` upwards as far as ``room``; None where none holds."""
    shift = matrix @ point
    rows, ends = np.vstack([matrix, -matrix]), np.concatenate([sides[1] - shift, shift - sides[0]])
    kept = np.isfinite(ends)
    found = optimize.linprog(cost, A_ub=rows[kept], b_ub=ends[kept], bounds=[(0, float(most)) for most in room])
    return float(found.fun) + float(cost @ point) if found.status == 0 else None


def conic_program(rng: np.random.Generator, *, curved: bool = False, sense: int = 1, short: bool = False) -> Drawn:
    """``c'x``, or ``1/2 x'x + c'x``, in a disc around a centre; ``short`` asks for a column beyond it."""
    cost, centre = rng.integers(-4, 5, 2).astype(float), rng.integers(-3, 4, 2).astype(float)
    radius = float(rng.integers(1, 4))
    size, start = float(np.linalg.norm(cost + curved * centre)), float(cost @ centre + curved * centre @ centre / 2)
    inside = curved and size <= radius
    best = start - size**2 / 2 if inside else start - radius * size + curved * radius**2 / 2
    matrix, right = [[0.0, 0.0], [-1.0, 0.0], [0.0, -1.0]], [radius, *-centre]
    problem = ConicProblem(
        objective="minimize" if sense > 0 else "maximize",
        cost=sense * cost,
        quadratic=sense * np.eye(2) if curved else None,
        matrix=([[-1.0, 0.0]] if short else []) + matrix,
        right_side=([-(centre[0] + radius + 1)] if short else []) + right,
        cones={"nonnegative": int(short), "second_order": [3]},
    )

    def judge(found: np.ndarray) -> tuple[bool, float]:
        value = cost @ found + curved * found @ found / 2
        return bool(np.linalg.norm(found - centre) <= radius + 1e-5), sense * float(value)

    return Drawn(problem, None if short else sense * best, judge, 1e-5)


def smallest_sum(rng: np.random.Generator, *, short: bool = False) -> Drawn:
    """The sum of the rows of a ball in one dimension, least at an end of an interval; ``short`` leaves none."""
    slopes, constants = rng.choice([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0], ITEMS), rng.integers(-9, 10, ITEMS) / 10
    slopes[1] = slopes[0]
    constants[1] = constants[0] + (3.0 if short else 0.0)
    ends = np.sort((np.array([[-1.0], [1.0]]) - constants) / slopes, axis=0)
    lower, upper = float(ends[0].max()), float(ends[1].min())
    values = [float((slopes * x + constants).sum()) for x in (lower, upper)]
    problem = LogSumExpBall(A=slopes[:, None], b=constants, radius=1, objective="linear")

    def judge(found: np.ndarray) -> tuple[bool, float]:
        rows = slopes * found[0] + constants
        return bool((np.abs(rows) <= 1 + 1e-5).all()), float(rows.sum())

    return Drawn(problem, min(values) if lower <= upper else None, judge, 1e-5)


def perturbed(
    rng: np.random.Generator,
    *,
    norm: str = "inf",
    goal: str = "margin",
    target: str | int = "any",
    minimal: bool = False,
) -> Drawn:
    """Two inputs of a network of 2-3-2-3 neurons, whose pieces are gone through by linear programs."""
    widths = (2, 3, 2, 3)
    chosen = -1 if target == "any" else int(target)
    given = {"norm": norm, "clip": (0.0, 1.0), "target": chosen}
    radius = float(rng.integers(1, 4)) / 8
    radii = [np.inf]
    while not np.isfinite(radii).all():  # some networks name one class wherever they look
        layers = [(rng.integers(-6, 7, (b, a)) / 4, rng.integers(-2, 3, b) / 4) for a, b in pairwise(widths)]
        inputs = rng.integers(0, 9, (2, 2)) / 8
        labels = [int(enumerated.forward(layers, x).argmax()) for x in inputs]
        labels = [1 if label == chosen else label for label in labels]
        radii = [enumerated.least_radius(layers, x, y, **given) for x, y in zip(inputs, labels)]
    margins = [enumerated.least_margin(layers, x, radius, y, **given) for x, y in zip(inputs, labels)]
    optimum = float(np.mean(radii if minimal else margins))
    if goal == "verdict":
        optimum = float(np.mean([margin > 0 for margin in margins]))
    problem = AdversarialExample(
        network={"layers": [{"weight": weight, "bias": bias} for weight, bias in layers]},
        inputs=inputs,
        labels=labels,
        radius="minimal" if minimal else radius,
        target=target,
        goal=goal,
        norm=norm,
        clip=(0, 1),
    )

    def judge(found: np.ndarray) -> tuple[bool, float]:
        points = found.reshape(inputs.shape)
        sizes = np.linalg.norm(points - inputs, {"inf": np.inf, "1": 1}[norm], axis=1)
        worst = [enumerated.margin(layers, x, y, chosen) for x, y in zip(points, labels)]
        within = bool(((points >= -1e-5) & (points <= 1 + 1e-5)).all())
        if minimal:
            return within and max(worst) <= 1e-5, float(sizes.mean())
        value = np.mean(np.array(worst) > 0) if goal == "verdict" else np.mean(worst)
        return within and bool((sizes <= radius + 1e-5).all()), float(value)

    return Drawn(problem, optimum, judge, 1e-5)


def point_of(answer: Any) -> np.ndarray:
    """An answer of any kind as a vector; of a classifier or a plan, whose members are of several kinds, as it is."""
    if isinstance(answer, Classifier | Plan):
        return np.array(answer, dtype=object)
    if isinstance(answer, Erasure | Directions):
        return answer.directions.reshape(-1)
    if isinstance(answer, Sharding):
        return np.asarray(answer.choice).ravel()
    if isinstance(answer, Shares):
        return answer.shares
    if isinstance(answer, Placement):
        return answer.counts.reshape(-1)
    if isinstance(answer, RingOrder):
        return np.asarray(answer.held).ravel()
    if isinstance(answer, Attacks):
        return np.concatenate([answer.lower, answer.upper])
    if isinstance(answer, Parameters):
        return answer.parameters
    if isinstance(answer, Reconstruction):
        return answer.H.reshape(-1)
    if isinstance(answer, MixedStrategies):
        return answer.rows
    if isinstance(answer, Allocations):
        return answer.noise
    if isinstance(answer, LogSumExpAnswer):
        return answer.x
    if isinstance(answer, Template):
        return answer.delta
    if isinstance(answer, PerturbedInputs):
        return answer.points.reshape(-1)
    point: np.ndarray = answer.values if isinstance(answer, IntegerProgramAnswer | ConicAnswer) else answer.counts
    return point


Maker = Callable[[np.random.Generator], Drawn]

VARIANTS: Mapping[str, Mapping[str, Maker]] = {
    "knapsack": {
        "0/1": knapsack,
        "bounded": lambda rng: knapsack(rng, copies="some"),
        "unbounded": lambda rng: knapsack(rng, copies="unbounded"),
        "two rows": lambda rng: knapsack(rng, rows=2),
        "two rows, bounded": lambda rng: knapsack(rng, rows=2, copies="some"),
        "decimal": lambda rng: knapsack(rng, tenths=True),
        "decimal, bounded": lambda rng: knapsack(rng, tenths=True, copies="some"),
        "subset sum": lambda rng: knapsack(rng, flavour="subset-sum"),
        "twins": lambda rng: knapsack(rng, flavour="twins"),
        "nothing fits": lambda rng: knapsack(rng, flavour="nothing fits"),
    },
    "coin-change": {
        "unbounded": coin_change,
        "copies": lambda rng: coin_change(rng, copies="some"),
        "costs": lambda rng: coin_change(rng, costs=True),
        "copies and costs": lambda rng: coin_change(rng, copies="some", costs=True),
        "decimal": lambda rng: coin_change(rng, tenths=True),
        "common divisor": lambda rng: coin_change(rng, step=3),
    },
    "integer-program": {
        "whole": integer_program,
        "whole, decimal": lambda rng: integer_program(rng, tenths=True),
        "mixed": lambda rng: integer_program(rng, whole="some"),
        "linear": lambda rng: integer_program(rng, whole="none"),
        "infeasible": lambda rng: integer_program(rng, short=True),
    },
    "matrix-game": {
        "rows": lambda rng: Drawn(*matrix_game(rng)),
        "columns": lambda rng: Drawn(*matrix_game(rng, maximizer="columns")),
        "decimal": lambda rng: Drawn(*matrix_game(rng, decimal=True)),
        "twins": lambda rng: Drawn(*matrix_game(rng, twins=True)),
    },
    "convex-concave-game": {
        "two channels": lambda rng: Drawn(*power_game(rng)),
    },
    "conic-program": {
        "linear": conic_program,
        "quadratic": lambda rng: conic_program(rng, curved=True),
        "concave": lambda rng: conic_program(rng, curved=True, sense=-1),
        "infeasible": lambda rng: conic_program(rng, short=True),
    },
    "concept-erasure": {
        "two groups": lambda rng: Drawn(*erasure(rng, groups=2)),
        "one direction": lambda rng: Drawn(*erasure(rng, rank=1)),
        "dependent features": lambda rng: Drawn(*erasure(rng, groups=4, rank=2, dependent=True)),
    },
    "minimax-reconstruction": {
        "regret": lambda rng: Drawn(*reconstruction(rng)),
        "error": lambda rng: Drawn(*reconstruction(rng, criterion="error")),
        "consistent, regret": lambda rng: Drawn(*reconstruction(rng, consistent=True)),
        "consistent, error": lambda rng: Drawn(*reconstruction(rng, criterion="error", consistent=True)),
    },
    "unlearning": {
        "two classes": lambda rng: Drawn(*unlearning(rng)),
        "three classes, the hardest": lambda rng: Drawn(*unlearning(rng, classes=3, hardest=True)),
        "noise": lambda rng: Drawn(*unlearning(rng, sigma=1.0)),
    },
    "attention-placement": {
        family: lambda rng, family=family: Drawn(*placement(rng, family))
        for family in ("equal", "uniform", "unrelated")
    },
    "ring-attention": {
        "equal devices": lambda rng: Drawn(*ring(rng, equal=True)),
        "devices of several speeds": lambda rng: Drawn(*ring(rng, equal=False)),
    },
    "load-balance": {
        "known": lambda rng: Drawn(*balance(rng, known=True)),
        "random": lambda rng: Drawn(*balance(rng, known=False)),
    },
    "operator-sharding": {"three operators": lambda rng: Drawn(*sharding(rng))},
    "parallel-strategy": {
        "whole layers": lambda rng: Drawn(*strategy(rng, recompute="layer")),
        "operators": lambda rng: Drawn(*strategy(rng, recompute="operator")),
    },
    "unlearning-audit": {
        "alike": lambda rng: Drawn(*audit(rng, shift=0.0)),
        "apart": lambda rng: Drawn(*audit(rng)),
    },
    "discriminant": {
        "observed": lambda rng: Drawn(*discriminant(rng)),
        "interventional": lambda rng: Drawn(*discriminant(rng, scatter="interventional")),
        "projection": lambda rng: Drawn(*discriminant(rng, scatter="projection")),
    },
    "adversarial-example": {
        "margin": perturbed,
        "margin, l1": lambda rng: perturbed(rng, norm="1"),
        "verdict": lambda rng: perturbed(rng, goal="verdict"),
        "one target": lambda rng: perturbed(rng, target=0),
        "least radius": lambda rng: perturbed(rng, minimal=True),
    },
    "universal-template": {
        "success": lambda rng: Drawn(*template(rng, "success", "inf")),
        "margin, l1": lambda rng: Drawn(*template(rng, "margin", "1")),
    },
    "fair-classifier": {
        "cells": lambda rng: Drawn(*fair(rng, "table", "demographic-parity", "max-min", groups=3)),
        "cells, no chance": lambda rng: Drawn(
            *fair(rng, "table", "equalized-odds", "to-overall", randomized=False, aware=True)
        ),
        "thresholds": lambda rng: Drawn(*fair(rng, "threshold", "equalized-odds", "ratio", aware=True)),
        "linear": lambda rng: Drawn(*fair(rng, "linear", "demographic-parity", "ratio"), exact=False),
        "linear, no chance": lambda rng: Drawn(*fair(rng, "linear", "equal-opportunity", "max-min", randomized=False)),
        "network": lambda rng: Drawn(*fair(rng, "network", "equal-opportunity", "to-overall"), exact=False),
        "covariance": lambda rng: Drawn(*covariance(rng)),
        "covariance, three groups": lambda rng: Drawn(*covariance(rng, groups=3)),
    },
    "log-sum-exp-ball": {
        "sum": smallest_sum,
        "empty": lambda rng: smallest_sum(rng, short=True),
    },
}
