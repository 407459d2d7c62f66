"""Weak duality on drawn instances: what every approximate solver's certificate must satisfy, in exact arithmetic."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

import dualgap
from dualgap.core.exact import fraction
from tests.conformance.drawn import VARIANTS, Drawn

EXACT = ("knapsack", "coin-change")
"""Kinds whose optima and bounds are exact; integer programs have continuous columns and columns without bounds."""

CELLS = st.sampled_from([(kind, variant) for kind in EXACT for variant in VARIANTS[kind]])
SEEDS = st.integers(0, 2**32 - 1)


def drawn(cell: tuple[str, str], seed: int) -> Drawn:
    kind, variant = cell
    return VARIANTS[kind][variant](np.random.default_rng(seed))


def assert_weak_duality(instance: Drawn, run: dualgap.Run) -> None:
    """A proved bound that the optimum doesn't beat, an answer between zero and the optimum, or proved infeasibility."""
    certificate, optimum = run.certificate, instance.optimum
    assert certificate is not None
    if optimum is None:
        assert certificate.verdict in ("infeasible", "nothing"), certificate.statement
        return
    exact = Fraction(optimum).limit_denominator(10)
    sign = 1 if instance.problem.sense == "maximize" else -1
    assert certificate.evidence == "proved", certificate.statement
    assert sign * (as_exact(certificate.bound) - exact) >= 0
    if certificate.feasible:
        assert sign * (exact - as_exact(certificate.value)) >= 0


def as_exact(value: Any) -> Fraction:
    return fraction(value)
