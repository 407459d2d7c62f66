"""Audits as problems: the strongest attack by counting, files on three scales, bad ones."""

from __future__ import annotations

from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap import SpecError, UnlearningAudit
from dualgap.core.witness import Exhaustion
from dualgap.problems.unlearning_audit.attacks import shown
from dualgap.problems.unlearning_audit.epsilon import score


def best(problem: UnlearningAudit) -> float:
    """The least mean score over all intervals whose ends occur, by going through them."""
    unlearned, retrained = problem.confidences
    found = []
    for row in range(unlearned.shape[1]):
        ends = sorted({*unlearned[:, row], *retrained[:, row]})
        sides = unlearned[:, [row]], retrained[:, [row]]
        pairs = combinations_with_replacement(ends, 2)
        found.append(max(float(shown(*sides, np.array([low]), np.array([high]))[0]) for low, high in pairs))
    return float(score(np.array(found), len(unlearned)).mean())


def test_counting_finds_the_strongest_attack_and_the_grid_does_not_beat_it() -> None:
    problem = UnlearningAudit.generate(4, 2, models=7, shift=0.7)
    exact = dualgap.solve(problem, "exhaustive-attack", isolate=False)
    grid = dualgap.solve(problem, "grid-attack", isolate=False)
    assert exact.certificate.verdict == "optimal"
    assert exact.certificate.value == pytest.approx(best(problem), abs=1e-12)
    assert grid.certificate.value >= exact.certificate.value
    assert grid.certificate.value == pytest.approx(problem.reference["F"]["value"])
    assert "ceiling" in exact.certificate.statement


def test_rows_that_the_verifier_has_no_time_for_count_as_found_out() -> None:
    problem = UnlearningAudit.generate(4, 2, models=7)
    assert problem.bound(Exhaustion(), seconds=-1.0).value == 0


@pytest.mark.parametrize("scale", ["probability", "loss"])
def test_probabilities_and_losses_become_confidences(scale: str, tmp_path: Path) -> None:
    chance = np.random.default_rng(0).uniform(0.05, 0.95, (2, 5, 3))
    given = chance if scale == "probability" else -np.log(chance)
    for name, side in zip(("u", "r"), given):
        np.savez(tmp_path / f"{name}.npz", side)
    spec = tmp_path / "audit.toml"
    spec.write_text(f'kind = "unlearning-audit"\nunlearned = "u.npz"\nretrained = "r.npz"\nscale = "{scale}"\n')
    problem = dualgap.load(spec)
    assert problem.unlearned == pytest.approx(np.log(chance[0]) - np.log(1 - chance[0]), abs=1e-9)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"unlearned": [[0.1, 0.2]] * 3}, "unlearned: 3 models.*4 at least"),
        ({"retrained": [[0.1]] * 4}, "retrained: 1 columns, with 2 forgotten rows"),
        ({"unseen_unlearned": [[0.1]] * 3}, "unseen_unlearned: shape"),
        ({"scale": "odds"}, "scale: 'odds' is no scale"),
        ({"scale": "probability", "unlearned": [[1.5, 0.2]] * 4}, "unlearned: a probability outside"),
        ({"scale": "loss", "unlearned": [[-1.0, 0.2]] * 4}, "unlearned: a negative loss"),
        ({"unlearned": [["a", 0.2]] * 4}, "unlearned"),
        ({"metric": "seed"}, "metric"),
    ],
)
def test_bad_specs_name_the_place(fields: dict[str, Any], said: str) -> None:
    whole = {"unlearned": [[0.1, 0.2], [0.3, 0.1], [0.2, 0.5], [0.7, 0.8]], "retrained": [[0.1, 0.2]] * 4}
    with pytest.raises(SpecError, match=said):
        dualgap.load({"kind": "unlearning-audit", **whole, **fields})
