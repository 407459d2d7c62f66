"""What the unseen pair looks like: draws from its composed scores, and how independent the conditions are.

All of it is computed from the spec and the answer: the draws are those of the spec's seed.
"""

from __future__ import annotations

import numpy as np

from dualgap_coind.scores import Scores, answered
from dualgap_coind.world import World, middles, noise

_DATA = 256
_BEGIN = 0.35  # half of the variance and more is noise: clusters overlap, so that posteriors say something


def samples(answer: Scores, told: World, draws: int, steps: int, seed: int) -> np.ndarray:
    """(draws, 2) of the unseen pair by its composed score, in deterministic steps (DDIM; Song, Meng and Ermon 2021)."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((draws, 2))
    a, b = noise(np.linspace(1.0, 0.0, steps + 1))
    for now, nxt in zip(range(steps), range(1, steps + 1)):
        here = np.full(draws, a[now]), np.full(draws, b[now])
        mean = np.einsum("c,ncd->nd", told.unseen, answered(answer, told, x, *here))
        noisy = b[now] * (x - a[now] * mean) / told.variance(a[now], b[now])
        x = a[nxt] * (x - b[now] * noisy) / a[now] + b[nxt] * noisy
    return x


def divergence(answer: Scores, told: World, levels: int, seed: int) -> float:
    """Jensen-Shannon divergence in nats of the pairs' posterior from the product of the attributes', over noised data.

    The data are noised until clusters overlap. Posteriors are those that the scores imply, by the evidence lower bound
    (Kingma et al., variational diffusion models, 2021; Li et al., your diffusion model is secretly a zero-shot
    classifier, 2023), all conditions alike beforehand. Never above log 2.
    """
    rng = np.random.default_rng([seed, 1])
    pairs = rng.choice(3, _DATA, p=told.shares)
    data = told.centres[pairs] + told.sigma * rng.standard_normal((_DATA, 2))
    clear, blur = noise(np.array([_BEGIN]))
    data = clear * data + blur * rng.standard_normal((_DATA, 2))
    a, b = noise(_BEGIN + (1 - _BEGIN) * middles(levels))
    kept = a / clear  # x_t = kept data + sqrt(1 - kept^2) eps
    added = np.sqrt(1 - kept**2)
    edges = noise(_BEGIN + (1 - _BEGIN) * np.arange(levels + 1) / levels)[0] / clear
    ratio = 2 * np.log(edges) - np.log(np.maximum(1 - edges**2, added[0] ** 2 / 4))
    evidence = np.zeros((_DATA, 9))
    for level, weight in enumerate(-np.diff(ratio)):
        eps = rng.standard_normal((_DATA, 2))
        x = kept[level] * data + added[level] * eps
        found = answered(answer, told, x, np.full(_DATA, a[level]), np.full(_DATA, b[level]))
        found = np.concatenate([found, np.einsum("c,ncd->nd", told.unseen, found)[:, None]], axis=1)
        said = added[level] * (x[:, None] - a[level] * found) / told.variance(a[level], b[level])
        evidence -= 0.5 * weight * np.sum((said - eps[:, None]) ** 2, axis=2)
    first, second = _posterior(evidence[:, 3:5]), _posterior(evidence[:, 5:7])
    joint = _posterior(evidence[:, [0, 1, 2, 8]])
    product = np.stack([first[:, i] * second[:, j] for i, j in _places(told)], axis=1)
    middle = (joint + product) / 2
    return float(np.mean(_relative(joint, middle) + _relative(product, middle)) / 2)


def _places(told: World) -> list[tuple[int, int]]:
    """(first, second) signs of the three observed pairs and the unseen one."""
    return [(int(row[4] > 0), int(row[6] > 0)) for row in (*told.rows, told.unseen)]


def _posterior(evidence: np.ndarray) -> np.ndarray:
    likely = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    return np.asarray(likely / likely.sum(axis=1, keepdims=True))


def _relative(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """(n,) sums of ``p log(p / q)``, with 0 log 0 = 0."""
    inside = p > 0
    return np.asarray(np.sum(p * np.log(np.where(inside, p, 1.0) / np.where(inside, q, 1.0)), axis=1))
