"""Solution files as solvers write them: CBC's own, and the documented forms of the others."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pulp.apis import PULP_CBC_CMD

from dualgap.core.forms import MixedIntegerProgram
from dualgap.problems.knapsack import Knapsack
from dualgap.solvers.mps import write_mps
from dualgap.study.answers import read_answer
from dualgap.study.solution_files import read_pairs

SCIP = """\
solution status: optimal solution found
objective value:                                 -220
b                                                   1 \t(obj:-100)
c                                                   1 \t(obj:-120)
"""
GUROBI = "# Solution for model knapsack\n# Objective value = -220\na 0\nb 1\nc 1\n"
MIPLIB = "=obj= -220\nb 1\nc 1\n"
HIGHS = """\
Model status
Optimal

# Primal solution values
Feasible
Objective -220
# Columns 3
a 0
b 1
c 1
# Rows 1
capacity 50
"""


@pytest.mark.parametrize("text", [SCIP, GUROBI, MIPLIB, HIGHS], ids=["scip", "gurobi", "miplib", "highs"])
def test_each_solver_s_form_gives_the_same_answer(knapsack: Knapsack, tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.sol"
    path.write_text(text)
    assert read_answer(knapsack, path).counts.tolist() == [0, 1, 1]


@pytest.mark.parametrize("printing", [(), ("printingOptions", "all")], ids=["columns", "rows-and-columns"])
def test_cbc_s_own_files(knapsack: Knapsack, tmp_path: Path, printing: tuple[str, ...]) -> None:
    form = knapsack.views()[0].build()
    assert isinstance(form, MixedIntegerProgram)
    write_mps(form, tmp_path / "m.mps")
    command = [PULP_CBC_CMD.pulp_cbc_path, "m.mps", "solve", *printing, "solution", "a.sol"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert read_answer(knapsack, tmp_path / "a.sol").counts.tolist() == [0, 1, 1]


def test_cbc_marks_what_is_violated() -> None:
    text = "Infeasible - objective value 3\n**      0 x y       2         1\n      1 z    -1.5   0\n"
    assert [(name, float(value)) for name, value in read_pairs(text)] == [("x y", 2.0), ("z", -1.5)]


def test_names_may_hold_spaces_and_look_like_words() -> None:
    assert list(read_pairs("# written by hand\noptimal share 3\nfeasible 1\n")) == [
        ("optimal share", 3),
        ("feasible", 1),
    ]


def test_a_file_that_says_all_is_zero() -> None:
    assert list(read_pairs("=obj= 0\n")) == []


@pytest.mark.parametrize("text", ["", "\n\n", "hello", "a 1\nb one\n", '<?xml version="1.0"?>\n<CPLEXSolution>\n'])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no line with a name|has no name and value"):
        read_pairs(text)
