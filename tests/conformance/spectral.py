"""Small instances of problems about subspaces: (problem, optimum, judge, slack) by singular values of the raw data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dualgap import ConceptErasure, Discriminant, MinimaxReconstruction

Judge = Callable[[np.ndarray], tuple[bool, float]]
Instance = tuple[ConceptErasure | Discriminant | MinimaxReconstruction, float, Judge, float]

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


def discriminant(rng: np.random.Generator, *, scatter: str = "observed") -> Instance:
    """The sum of the two largest eigenvalues of the scatters, each summed up example by example."""
    examples, width, gamma, ridge = 24, 6, 5.0, 0.05
    label, value = np.arange(examples) % 3, rng.integers(0, 2, examples)
    own = rng.normal(size=(examples, width)) + rng.normal(size=(3, width))[label]
    versions = own + rng.normal(size=(2, 1, width))
    features = versions[value, np.arange(examples)]
    seen = versions.mean(axis=0) if scatter == "interventional" else features
    centres = np.array([seen[label == k].mean(axis=0) for k in range(3)])
    cells = np.array([seen[(label == k) & (value == v)].mean(axis=0) for k, v in zip(label, value)])
    between = sum(np.outer(m, m) for m in centres[label] - seen.mean(axis=0)) / examples
    moved = sum(np.outer(m, m) for m in cells - centres[label]) / examples
    left = sum(np.outer(m, m) for m in seen - cells) / examples
    if scatter == "interventional":
        left = left + moved
        moved = sum(np.outer(m, m) for version in versions for m in version - seen) / (2 * examples)
    unit = np.trace(between + moved + left) / width
    if scatter == "projection":
        kept = np.eye(width) - moved @ np.linalg.pinv(moved, rcond=1e-9)
        between, left, moved = kept @ between @ kept, kept @ left @ kept, 0.0
        unit = np.trace(between + left) / width
    metric = left + gamma * moved + ridge * unit * np.eye(width)
    values = np.sort(np.linalg.eigvals(np.linalg.solve(metric, between)).real)[::-1]

    def judge(point: np.ndarray) -> tuple[bool, float]:
        frame = point.reshape(width, -1)
        ratio = np.linalg.solve(frame.T @ metric @ frame, frame.T @ between @ frame)
        return frame.shape[1] <= 2, float(np.trace(ratio))

    fields = {"features": features, "label": [f"c{k}" for k in label], "spurious": [f"v{v}" for v in value]}
    set_apart = {"counterfactuals": versions} if scatter == "interventional" else {}
    problem = Discriminant(**fields, **set_apart, scatter=scatter, gamma=gamma, ridge=ridge)
    return problem, float(values[:2].sum()), judge, _SLACK
