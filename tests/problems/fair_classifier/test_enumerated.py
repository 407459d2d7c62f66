"""Every metric and difference, of every class that can be enumerated, against the enumeration."""

from __future__ import annotations

import numpy as np
import pytest

import dualgap
from tests.conformance.drawn import Drawn
from tests.conformance.fair import fair
from tests.conformance.judged import faults

METRICS = ("demographic-parity", "equalized-odds", "equal-opportunity")
DIFFERENCES = ("max-min", "to-overall", "ratio")
CLASSES = ("table", "threshold", "linear")


@pytest.mark.parametrize("randomized", [True, False], ids=["chance", "none"])
@pytest.mark.parametrize("hypothesis", CLASSES)
@pytest.mark.parametrize("difference", DIFFERENCES)
@pytest.mark.parametrize("metric", METRICS)
def test_highs_says_nothing_false(metric: str, difference: str, hypothesis: str, randomized: bool) -> None:
    rng = np.random.default_rng([METRICS.index(metric), DIFFERENCES.index(difference), CLASSES.index(hypothesis)])
    exact = not (hypothesis == "linear" and randomized)
    for aware in (False, True):
        drawn = Drawn(*fair(rng, hypothesis, metric, difference, randomized=randomized, aware=aware), exact=exact)
        run = dualgap.solve(drawn.problem, "highs", isolate=False)
        assert not faults(drawn, run, frozenset({dualgap.Trait.EXACT}))
