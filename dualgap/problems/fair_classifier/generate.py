"""Instances: people with small whole features, whose groups differ in features and base rates.

Numbers come from NumPy's ``Generator(PCG64(seed))``: the same seed gives the same instance.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from dualgap.problems.options import GeneratorOptions, read_options

_NAMES = "abcdefghijkl"


class FairClassifierOptions(GeneratorOptions):
    """Options of the generator.

    Attributes:
        features: columns of people; each takes the values 0 to ``levels`` - 1.
        levels: of a feature.
        groups: that people belong to.
        bias: by how much features and labels of a group lean from those of the next.
        noise: of labels, in units of a feature.
        test: the share of people in a test split.
        metric, difference, epsilon, hypothesis, group_aware, randomized: see ``FairClassifier``.
    """

    features: int = Field(3, ge=1, le=1000)
    levels: int = Field(2, ge=2, le=1000)
    groups: int = Field(2, ge=2, le=len(_NAMES))
    bias: float = Field(0.5, ge=0.0, le=10.0)
    noise: float = Field(0.5, ge=0.0, le=10.0)
    test: float = Field(0.0, ge=0.0, lt=1.0)
    metric: Literal["demographic-parity", "equalized-odds", "equal-opportunity", "covariance"] = "demographic-parity"
    difference: Literal["max-min", "to-overall", "ratio"] = "max-min"
    epsilon: float = Field(0.05, ge=0.0)
    hypothesis: Literal["threshold", "linear", "network", "table"] = "linear"
    group_aware: bool = False
    randomized: bool = True


def generate(size: int, seed: int, **options: Any) -> dict[str, Any]:
    """The fields of a problem with ``size`` people of each group; ``options`` are those of ``FairClassifierOptions``.

    Raises:
        UsageError: an unknown or impossible option.
    """
    given = read_options(FairClassifierOptions, options, "fair-classifier", size)
    rng = np.random.Generator(np.random.PCG64(seed))
    groups = np.repeat(np.arange(given.groups), size)
    n = len(groups)
    lean = given.bias * (groups - (given.groups - 1) / 2) / given.groups
    chance = np.clip(0.5 + 0.4 * lean, 0.05, 0.95)
    features = rng.binomial(given.levels - 1, chance[:, None], (n, given.features))
    effect = rng.normal(size=given.features)
    signal = (features - (given.levels - 1) / 2) @ effect + lean + given.noise * rng.normal(size=n)
    label = (signal > 0).astype(np.int64)
    label[[0, size]] = 0, 1  # both occur
    split = np.zeros(n, dtype=np.int64)
    split[rng.permutation(n)[: int(given.test * n)]] = 1
    split[[0, size]] = 0
    chosen = given.model_dump(include={"metric", "difference", "epsilon", "hypothesis", "group_aware", "randomized"})
    scores = {"score": np.round(features @ effect, 2)} if given.hypothesis == "threshold" else {}
    splits = {"split": split, "split_names": ("train", "test")} if split.any() else {}
    if given.metric == "covariance":
        chosen["hypothesis"] = "linear"
    return {
        "features": features,
        "label": label,
        "groups": groups,
        "group_names": tuple(_NAMES[: given.groups]),
        "min_group": min(30, size // 2),
        **chosen,
        **scores,
        **splits,
    }
