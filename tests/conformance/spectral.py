"""Small instances of problems about subspaces: (problem, optimum, judge, slack) by singular values of the raw data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dualgap import ConceptErasure, MinimaxReconstruction

Judge = Callable[[np.ndarray], tuple[bool, float]]
Instance = tuple[ConceptErasure | MinimaxReconstruction, float, Judge, float]

_SLACK = 2e-6


def erasure(
    rng: np.random.Generator, *, groups: int = 3, rank: int | str = "full", dependent: bool = False
) -> Instance:
    """R^2 by least squares; the least is the total less the largest squared singular values of what is told."""
    group = np.arange(24) % groups
    features = rng.normal(size=(24, 5)) + rng.normal(size=(groups, 5))[group]
    if dependent:
        features[:, 4] = features[:, 0] - 2 * features[:, 1]
    concept = np.eye(groups)[group] - np.eye(groups)[group].mean(axis=0)
    centred = features - features.mean(axis=0)
    basis, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    told = np.linalg.svd(basis[:, sizes > 1e-9].T @ concept, compute_uv=False) ** 2 / np.sum(concept**2)
    allowed = groups - 1 if rank == "full" else int(rank)

    def judge(point: np.ndarray) -> tuple[bool, float]:
        directions = point.reshape(5, -1)
        count = directions.shape[1]
        left = centred - centred @ directions @ directions.T
        fitted = left @ np.linalg.lstsq(left, concept, rcond=1e-9)[0]
        orthonormal = np.allclose(directions.T @ directions, np.eye(count), atol=1e-6)
        return bool(orthonormal and count <= allowed), 1.0 - float(np.sum((concept - fitted) ** 2) / np.sum(concept**2))

    problem = ConceptErasure(features=features, concept=[f"g{k}" for k in group], rank=rank)
    return problem, float(told[allowed:].sum()), judge, _SLACK


def reconstruction(rng: np.random.Generator, *, criterion: str = "regret", consistent: bool = False) -> Instance:
    """The least worst case from the cosine of the largest angle between two planes in five dimensions."""
    w, s = rng.normal(size=(2, 5, 2))
    first, second = (np.linalg.qr(columns)[0] for columns in (w, s))
    cosine = float(np.linalg.svd(first.T @ second, compute_uv=False).min())
    sine = float(np.sqrt(1.0 - cosine**2))
    optimum = {
        ("regret", False): sine,
        ("error", False): 1.0,
        ("regret", True): sine / cosine,
        ("error", True): 1.0 / cosine,
    }[criterion, consistent]
    target = first @ first.T if criterion == "regret" else np.eye(5)

    def judge(point: np.ndarray) -> tuple[bool, float]:
        whole = w @ point.reshape(2, 2) @ s.T
        met = not consistent or np.allclose(s.T @ whole, s.T, atol=1e-5 * np.abs(s).max())
        return bool(met), 2.0 * float(np.linalg.norm(whole - target, 2))

    problem = MinimaxReconstruction(W=w, S=s, radius=2, criterion=criterion, consistent=consistent)
    return problem, 2.0 * optimum, judge, _SLACK
