"""Small MIPLIB programs by the default route: the published optimum, and nothing that contradicts it."""

from __future__ import annotations

from pathlib import Path

import pytest

import dualgap
from dualgap.core.certificate import Verdict

pytestmark = pytest.mark.shared_data

NAMES = ("bell5", "egout", "enigma", "flugpl", "gt2", "lseu", "misc03", "p0548", "rgn")
TOLERANCE = 1e-6  # relative: published optima are rounded


def optima(folder: Path) -> dict[str, float]:
    """The published optima by name (lines ``=opt= name value``)."""
    lines = (line.split() for line in (folder / "optima.solu").read_text().splitlines())
    return {name: float(value) for mark, name, value in lines if mark == "=opt="}


@pytest.mark.parametrize("name", NAMES)
def test_the_published_optimum(shared_data: Path, name: str) -> None:
    run = dualgap.solve(shared_data / "mip" / f"{name}.mps", time=20)
    assert run.certificate is not None
    assert run.certificate.verdict in (Verdict.OPTIMAL, Verdict.CLAIMED_OPTIMAL), run.attempts
    assert float(run.certificate.value) == pytest.approx(optima(shared_data / "mip")[name], rel=TOLERANCE)
