"""Plans: what they amount to, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dualgap.core.errors import SpecError
from dualgap.study.sweep.plan import Plan, read_plan

GENERATED = {"generate": {"kind": "knapsack", "size": [10, 20], "seed": "0:3"}}


def plan(**fields: object) -> Plan:
    return Plan.model_validate({"instances": [GENERATED], "solvers": [{"name": "greedy"}], **fields})


def test_the_grid_is_the_product_of_everything(tmp_path: Path) -> None:
    asked = plan(
        solvers=[{"name": "greedy"}, {"name": "highs", "parameters": {"presolve": ["on", "off"]}}],
        budget={"time": [1, 2], "gap": 0.01},
        seeds="0:2",
    )
    cases = asked.cases(tmp_path)
    assert len(cases) == 2 * 3 * (1 + 2) * 2 * 2
    assert {case.label for case in cases} == {"", "highs[presolve=on]", "highs[presolve=off]"}
    assert {case.settings.time for case in cases} == {1.0, 2.0}
    assert len({case.instance.name for case in cases}) == 6


def test_what_comes_twice_runs_once(tmp_path: Path) -> None:
    assert len(plan(instances=[GENERATED, GENERATED]).cases(tmp_path)) == 6


def test_drawn_parameters_lie_in_their_range_and_come_again(tmp_path: Path) -> None:
    solver = {
        "name": "pgd",
        "parameters": {"step": {"low": 1e-4, "high": 1.0, "scale": "log"}, "iterations": {"low": 10, "high": 20}},
        "samples": 50,
        "seed": 3,
    }
    instances = [{"generate": {"kind": "knapsack", "size": 5}}]
    drawn = [dict(case.parameters) for case in plan(instances=instances, solvers=[solver]).cases(tmp_path)]
    assert len(drawn) == 50
    assert all(1e-4 <= one["step"] <= 1.0 and 10 <= one["iterations"] <= 20 for one in drawn)
    assert all(isinstance(one["iterations"], int) for one in drawn)
    assert sum(one["step"] < 1e-2 for one in drawn) > 10  # half of a logarithmic range
    assert drawn == [dict(case.parameters) for case in plan(instances=instances, solvers=[solver]).cases(tmp_path)]


def test_files_are_found_from_the_plans_folder(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    for name in ("b", "a"):
        (tmp_path / "specs" / f"{name}.toml").write_text("")
    instances = [{"file": "specs/*.toml", "set": {"capacity": 5}}]
    names = [case.instance.name for case in plan(instances=instances).cases(tmp_path)]
    assert names == ["a.toml capacity=5", "b.toml capacity=5"]
    with pytest.raises(SpecError, match=r"instances\[0\].file.*no file"):
        plan(instances=[{"file": "nothing/*.toml"}]).cases(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "not TOML"),
        ("[[solvers]]\nname = 'greedy'", "instances: missing"),
        ("[[instances]]\nfile = 'a'\ngenerate = {kind = 'knapsack', size = 1}\n[[solvers]]\nname = 'x'", "either file"),
        ("[[instances]]\ngenerate = {size = 1}\n[[solvers]]\nname = 'x'", "a kind and a size"),
        ("[[instances]]\nfile = 'a'\n[[solvers]]\nnam = 'x'", r"solvers\[0\].nam: unknown field"),
        (
            "[[instances]]\nfile = 'a'\n[[solvers]]\nname = 'x'\nparameters = {a = {low = 0, high = 1}}",
            "samples = 20",
        ),
        ("seeds = [-1]\n[[instances]]\nfile = 'a'\n[[solvers]]\nname = 'x'", "seeds"),
        ("[budget]\ntime = 0\n[[x]]", "time"),
    ],
)
def test_faults_name_their_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    with pytest.raises(SpecError, match=said):
        read_plan(path)


def test_a_plan_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="can't be read"):
        read_plan(tmp_path / "none.toml")
