"""Instances: groups with models of their own, imbalanced classes, and signals at several noise levels.

Numbers come from NumPy's ``Generator(PCG64(seed))``: the same seed gives the same instance.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from dualgap.problems.options import GeneratorOptions, read_options


class MinimaxRegretOptions(GeneratorOptions):
    """Options of the generator.

    Attributes:
        family: "regression" (linear data; every group has coefficients of its own), "classification" (the same with
            classes, logistic loss), "denoising" (the best linear filter of a correlated signal at ``size`` noise
            levels, in closed form: quadratics, no samples and no chance).
        features: of the data; of denoising the taps of the filter.
        samples: of the smallest group; the largest has ten times as many.
        noise: the strongest noise of denoising, in units of the signal; the weakest is a tenth of it.
        goal: see ``MinimaxRegret``.
    """

    family: Literal["regression", "classification", "denoising"] = "regression"
    features: int = Field(3, ge=1, le=1000)
    samples: int = Field(10, ge=1, le=100_000)
    noise: float = Field(1.0, gt=0.0, le=100.0)
    goal: Literal["regret", "risk", "ratio"] = "regret"


def generate(size: int, seed: int, **options: Any) -> dict[str, Any]:
    """The fields of a problem with ``size`` groups; ``options`` are those of ``MinimaxRegretOptions``.

    Raises:
        UsageError: an unknown or impossible option.
    """
    given = read_options(MinimaxRegretOptions, options, "minimax-regret", size)
    if given.family == "denoising":
        return {**_denoising(size, given.features, given.noise), "goal": given.goal}
    rng = np.random.Generator(np.random.PCG64(seed))
    return {**_samples(rng, size, given), "goal": given.goal}


def _samples(rng: np.random.Generator, size: int, given: MinimaxRegretOptions) -> dict[str, Any]:
    """Rows with two decimals, so that specs stay readable."""
    counts = np.rint(np.linspace(10, 1, size) * given.samples).astype(int)
    common = rng.normal(size=given.features)
    features, labels, groups = [], [], []
    for s, count in enumerate(counts.tolist()):
        own = common + 0.5 * rng.normal(size=given.features)
        x = np.round(rng.normal(size=(count, given.features)), 2)
        signal = x @ own + rng.normal(scale=0.3 + 0.1 * s, size=count)
        features.append(x)
        labels.append((signal > 0).astype(np.int64) if given.family == "classification" else np.round(signal, 2))
        groups += [f"g{s + 1}"] * count
    loss = "logistic" if given.family == "classification" else "squared"
    return {"features": np.vstack(features), "label": np.concatenate(labels), "groups": groups, "loss": loss}


def _denoising(size: int, taps: int, noise: float) -> dict[str, Any]:
    """The mean squared error of ``sum_j theta_j y_j`` as an estimate of the middle of a window.

    The signal has variance 1 and correlation 0.95 between neighbours, y is the signal and white noise.
    """
    levels = [float(f"{level:.4g}") for level in noise * np.linspace(0.1, 1.0, size)]
    signal = 0.95 ** np.abs(np.subtract.outer(np.arange(taps), np.arange(taps)))
    return {
        "quadratic": np.array([2.0 * (signal + level**2 * np.eye(taps)) for level in levels]),
        "linear": np.tile(2.0 * signal[taps // 2], (size, 1)),
        "constant": np.ones(size),
        "groups": [f"noise {level:g}" for level in levels] if len(set(levels)) == size else (),
        "names": [f"tap {j - taps // 2:+d}" if j != taps // 2 else "tap 0" for j in range(taps)],
    }
