"""What is measured of answers: unfairness, and what a prompt's answers mean to people by group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap_prompts.network import sigmoid

if TYPE_CHECKING:
    from dualgap_prompts.language import Language


def twins(problem: Language) -> np.ndarray:
    """(c,) shares of the people by pair of twins."""
    total = problem.shares.sum(axis=1)
    return np.asarray(total[: len(total) // 2] + total[len(total) // 2 :])


def unfairness(xp: Any, weights: Any, found: Any) -> Any:
    """(P,) mean square of the difference between a person's answer and the twin's, over the people.

    Args:
        xp: ``numpy`` or ``jax.numpy``.
        weights: (c,) shares by pair of twins.
        found: (P, 2 c) log odds of "yes".
    """
    sure, half = sigmoid(xp, found), found.shape[-1] // 2
    return xp.sum(weights * (sure[..., :half] - sure[..., half:]) ** 2, axis=-1)


def measures(problem: Language, found: np.ndarray) -> dict[str, float]:
    """What (2 c,) log odds after one prompt mean to people.

    Demographic parity is the difference between the groups' shares of yes; equalised odds the larger of the differences
    of true and of false positive rates; a flip is a person whose answer is another one for the twin.
    """
    half = len(found) // 2
    yes, shares = (found > 0).astype(float), problem.shares
    swapped = np.concatenate([yes[half:], yes[:half]])

    def apart(columns: slice) -> float:
        rates = []
        for side in (slice(half), slice(half, None)):
            weight = shares[side, columns].sum(axis=1)
            total = float(weight.sum())
            rates.append(float(weight @ yes[side]) / total if total else 0.0)
        return abs(rates[0] - rates[1])

    return {
        "accuracy": float(shares[:, 1] @ yes + shares[:, 0] @ (1 - yes)),
        "demographic parity": apart(slice(None)),
        "equalised odds": max(apart(slice(1, 2)), apart(slice(1))),
        "counterfactual flips": float(shares.sum(axis=1) @ (yes != swapped)),
    }
