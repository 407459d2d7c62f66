"""The kinds and their solvers under dualgap's own suite."""

import pytest
from dualgap_prompts.attack import PromptAttack
from dualgap_prompts.minmax import PromptMinmax
from dualgap_prompts.search import Coordinate, Enumeration, Gumbel, GumbelSoft, Random
from dualgap_prompts.tuning import Lora, LoraDual

from dualgap import Solver
from dualgap.testing import check_problem, check_solver

TINY = {"vocabulary": 4, "length": 2, "width": 4, "heads": 1, "layers": 1, "steps": 0}
ATTACKS = [PromptAttack.generate(20, 0, **TINY), PromptAttack.generate(20, 1, **TINY)]
MINMAX = [PromptMinmax.generate(20, 0, level=0.05, rank=1, **TINY)]


@pytest.mark.parametrize("instances", [ATTACKS, MINMAX], ids=["prompt-attack", "prompt-minmax"])
def test_the_kinds_keep_to_the_contract(instances: list) -> None:
    check_problem(type(instances[0]), instances)


@pytest.mark.parametrize(
    "solver",
    [Enumeration(), Gumbel(steps=20), GumbelSoft(steps=20), Coordinate(), Random(draws=10)],
    ids=lambda solver: solver.name,
)
def test_attacks_keep_to_the_contract(solver: Solver) -> None:
    check_solver(solver, ATTACKS)


@pytest.mark.parametrize(
    "solver", [Lora(iterations=20, prompts=4), LoraDual(iterations=20, prompts=4)], ids=lambda solver: solver.name
)
def test_training_keeps_to_the_contract(solver: Solver) -> None:
    check_solver(solver, MINMAX)
