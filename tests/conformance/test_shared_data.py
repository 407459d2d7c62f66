"""Real instances: no certificate contradicts a published optimum, and no two certificates contradict each other."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import dualgap
from dualgap.core.certificate import Certificate, Verdict

pytestmark = [pytest.mark.shared_data, pytest.mark.slow]

QUICK = ("greedy", "bisection", "dual-ascent", "dynamic-programming")
RECORDED = ("greedy", "dual-ascent")


def certificates(problem: dualgap.Problem, solvers: tuple[str, ...], seconds: float) -> dict[str, Certificate]:
    runs = {name: dualgap.solve(problem, name, time=seconds, isolate=False) for name in solvers}
    return {name: run.certificate for name, run in runs.items() if run.certificate is not None}


def contradictions(found: dict[str, Certificate]) -> list[str]:
    """Verified values above verified bounds, and verdicts that say that a solver was wrong."""
    wrong = [f"{name}: {c.statement}" for name, c in found.items() if c.verdict.exit_code == 5]
    best = max(c.value for c in found.values() if c.feasible)
    wrong += [
        f"{name}: bound {c.bound} below {best}" for name, c in found.items() if c.bound is not None and c.bound < best
    ]
    return wrong


def test_jooken(shared_data: Path) -> None:
    folder = shared_data / "knapsack" / "jooken"
    with (folder / "optima.csv").open() as file:
        optima = {row["name"]: int(row["optimum"]) for row in csv.DictReader(file)}
    proved = 0
    for name, optimum in sorted(optima.items()):
        problem = dualgap.load(folder / f"{name}.in.gz")
        solvers = QUICK if problem.capacity[0] <= 10**6 else QUICK[:3]
        found = certificates(problem, solvers, 10.0)
        assert not contradictions(found), name
        for certificate in found.values():
            assert certificate.value <= optimum <= certificate.bound, (name, certificate.statement)
            proved += certificate.verdict is Verdict.OPTIMAL
            assert certificate.verdict is not Verdict.OPTIMAL or certificate.value == optimum, name
    assert proved >= 20


def test_kplib(shared_data: Path) -> None:
    proved = 0
    for path in sorted((shared_data / "knapsack" / "kplib").glob("*R01000*.kp.gz")):
        problem = dualgap.load(path)
        found = certificates(problem, QUICK if problem.size <= 1000 else QUICK[:3], 10.0)
        assert not contradictions(found), path.name
        proved += any(certificate.verdict is Verdict.OPTIMAL for certificate in found.values())
    assert proved >= 20


@pytest.mark.parametrize("name", ["mknapcb1.txt.gz", "mknapcb5.txt.gz"])
def test_or_library(shared_data: Path, name: str) -> None:
    """The best known values are feasible: no verified bound may be below them (Chu and Beasley 1998)."""
    folder = shared_data / "knapsack" / "mknapcb"
    lines = (folder / "best-feasible-slns.txt").read_text().splitlines()
    size = "5.100" if "mknapcb1" in name else "10.250"
    words = [line.split() for line in lines if line.strip().startswith(size)]
    best = {word[0]: int(word[1]) for word in words if word[1].isdigit()}  # the table after it has relaxations
    assert best
    for index in (1, 11, 21):
        problem = dualgap.load({"kind": "knapsack", "file": str(folder / name), "instance": index})
        found = certificates(problem, RECORDED, 10.0)
        known = best[f"{size}-{index - 1:02d}"]
        assert not contradictions(found)
        assert all(certificate.bound >= known for certificate in found.values())
