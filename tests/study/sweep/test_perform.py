"""Making a run: where the clock starts."""

from __future__ import annotations

from pathlib import Path

from dualgap.plugins.registry import Registry, using
from dualgap.study.sweep.cases import Case, Instance, Job
from dualgap.study.sweep.perform import perform

NOTED = """
from pathlib import Path

import numpy as np
import dualgap


class Noted(dualgap.Solver):
    name, accepts = "noted", (dualgap.Knapsack,)

    def solve(self, problem, ctx):
        with (Path(__file__).parent / "gaps").open("a") as file:
            print(ctx.budget.gap, file=file)
        return dualgap.Claim(point=problem.answer_type(counts=np.zeros(problem.size, dtype=np.int64)), feasible=True)
"""


def test_a_worker_rehearses_what_it_has_not_met(tmp_path: Path) -> None:
    (tmp_path / "noted.py").write_text(NOTED)
    with using(Registry()) as plugins:
        plugins.load_path(tmp_path / "noted.py")
        for seed in range(2):
            instance = Instance(generate=(("kind", "knapsack"), ("seed", seed), ("size", 5)))
            case = Case(instance, "noted", budget=(("gap", 0.25), ("time", 5.0)))
            outcome = perform(Job(case, case.key()))
            assert outcome.run["budget"]["gap"] == 0.25
    assert (tmp_path / "gaps").read_text().split() == ["1.0", "0.25", "0.25"]
