"""Drawn people, as arrays and as problems."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualgap.problems.fair_classifier import FairClassifier


def people(seed: int = 0, n: int = 60, groups: int = 2, *, test: int = 0, features: int = 3, **spec: Any) -> Any:
    """A problem of people with 0-1 features; every group has both labels in both splits of a problem with ``test``."""
    rng = np.random.default_rng(seed)
    codes, labels = rng.integers(0, groups, n), rng.integers(0, 2, n)
    split = np.zeros(n, dtype=int)
    split[n - test :] = 1
    for start in {0, n - test} if test else {0}:
        codes[start : start + 2 * groups] = np.repeat(np.arange(groups), 2)
        labels[start : start + 2 * groups] = np.tile([0, 1], groups)
    fields: dict[str, Any] = {
        "features": rng.integers(0, 2, (n, features)),
        "label": labels,
        "groups": codes,
        "group_names": tuple("abcdef"[:groups]),
        "min_group": 1,
        "hypothesis": "table",
    }
    if test:
        fields |= {"split": split, "split_names": ("train", "test")}
    return FairClassifier(**{**fields, **spec})
