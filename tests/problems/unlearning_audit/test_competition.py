"""The competition's forget quality against its definition, threshold by threshold; its ceiling; the notes' own."""

from __future__ import annotations

import numpy as np
import pytest

from dualgap import UnlearningAudit
from dualgap.problems.unlearning_audit.competition import grid_attacks, note_scores, row_scores
from dualgap.problems.unlearning_audit.epsilon import CAP, score

DELTA = 1e-5


def one(fpr: float, fnr: float) -> float | None:
    """Epsilon of one attack; None for an attack that doesn't count."""
    if fpr == 0 and fnr == 0:
        return CAP
    if fpr == 0 or fnr == 0:
        return None
    parts = [np.log(1 - DELTA - a) - np.log(b) for a, b in ((fpr, fnr), (fnr, fpr)) if 1 - DELTA - a > 0]
    return float(np.clip(max(parts), 0, CAP)) if parts else None


def literal(unlearned: np.ndarray, retrained: np.ndarray) -> float:
    """Epsilon of one row, by loops over the thresholds that the definition names."""
    positive, negative = (
        (retrained, unlearned) if np.median(retrained) > np.median(unlearned) else (unlearned, retrained)
    )
    found = []
    low, high = min(positive.min(), negative.min()), max(positive.max(), negative.max())
    for threshold in np.linspace(low, high, int(np.ceil((high - low) * 100))):
        found.append(one(float((negative >= threshold).mean()), float((positive < threshold).mean())))
    inner, outer = (negative, positive) if np.ptp(positive) >= np.ptp(negative) else (positive, negative)
    width = np.ptp(inner)
    for right in np.linspace(inner.min() + width - 2, inner.max() + 2, 400):
        for left in np.linspace(right - width - 2, right - width + 2, 400):
            caught = (left <= outer) & (outer <= right)
            found.append(one(float(caught.mean()), float(1 - ((left <= inner) & (inner <= right)).mean())))
    return max(epsilon for epsilon in found if epsilon is not None)


@pytest.mark.parametrize(("shift", "spread"), [(0.0, 1.0), (1.0, 0.5)])
def test_each_row_agrees_with_the_definition(shift: float, spread: float) -> None:
    rng = np.random.default_rng(3)
    unlearned, retrained = shift + spread * rng.normal(size=(9, 1)), rng.normal(size=(8, 1))
    ((epsilon, lower, upper),) = grid_attacks(unlearned, retrained)
    assert epsilon == pytest.approx(literal(unlearned[:, 0], retrained[:, 0]), abs=1e-9)
    assert lower < upper


def test_the_score_halves_from_bin_to_bin_and_ends_where_the_models_do() -> None:
    assert score(np.array([0.0, 0.49, 0.5, 1.2]), 512).tolist() == [1, 1, 0.5, 0.25]
    last = np.ceil(np.log(511))
    assert score(np.array([last - 0.01, last]), 512).tolist() == [2.0**-13, 0]


def test_models_that_do_not_vary_are_found_out() -> None:
    rng = np.random.default_rng(0)
    assert row_scores(np.zeros((8, 3)), rng.normal(size=(8, 3))).tolist() == [0, 0, 0]


def test_retraining_against_itself_scores_far_below_one() -> None:
    """With 32 models a side, unit normals get .18 by the published grid; hence the ceiling."""
    rng = np.random.default_rng(0)
    same = row_scores(rng.normal(size=(32, 60)), rng.normal(size=(32, 60))).mean()
    assert 0.12 < same < 0.25
    assert row_scores(1.5 + rng.normal(size=(32, 60)), rng.normal(size=(32, 60))).mean() < same / 2


def test_two_sets_of_retrained_models_reach_the_ceiling_within_its_interval() -> None:
    audit = UnlearningAudit.generate(60, 4, models=32)
    share = audit.reference["F / ceiling"]
    assert float(share["2.5 %"]) <= 1 <= float(share["97.5 %"])
    worse = UnlearningAudit.generate(60, 4, models=32, shift=1.5).reference["F / ceiling"]
    assert float(worse["97.5 %"]) < 1


def test_the_notes_score_is_another_metric() -> None:
    rng = np.random.default_rng(0)
    apart = note_scores(9 + rng.normal(size=(8, 4)), -9 + rng.normal(size=(8, 4)))
    assert apart == pytest.approx(np.ones(4))  # perfectly told apart, no rate positive: their score says 1
    audit = UnlearningAudit.generate(5, 0, models=8)
    assert "F of the notes" not in audit.reference
    assert "F of the notes" in UnlearningAudit(**{**audit.content(), "metric": "note"}).reference


def test_membership_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import roc_auc_score

    audit = UnlearningAudit.generate(12, 1, models=6, unseen=9, shift=0.5)
    areas = [
        roc_auc_score(np.repeat([1, 0], [12, 9]), np.concatenate([forgotten, unseen]))
        for forgotten, unseen in zip(audit.unlearned, audit.unseen_unlearned)
    ]
    assert audit.reference["membership AUC, unlearned"]["value"] == pytest.approx(np.mean(areas), abs=1e-12)
