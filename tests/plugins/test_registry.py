"""Plugins of all kinds of quality beside each other: the good ones work, the others are listed with their error."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

import dualgap
from dualgap.core.errors import NoRouteError, UsageError
from dualgap.core.solver import Choice
from dualgap.plugins.registry import LOCAL, Registry
from tests.plugins.fake_plugins import SOLVER, Install, solver_code

KNAPSACK = dualgap.Knapsack(values=[3, 4], weights=[2, 3], capacity=4)

BROKEN = {
    "import": ("raise RuntimeError('no licence server')", "RuntimeError: no licence server"),
    "syntax": ("def (", "SyntaxError"),
    "missing": ("import a_module_that_is_not_there", "a_module_that_is_not_there"),
    "exit": ("import sys; sys.exit('bye')", "SystemExit: bye"),
    "raising": (
        "from dualgap import hookimpl\n@hookimpl\ndef dualgap_solvers():\n    return {'a': 1 / 0}",
        "ZeroDivision",
    ),
    "returns": ("from dualgap import hookimpl\n@hookimpl\ndef dualgap_solvers():\n    return [1]", "returned list"),
    "misspelt": ("from dualgap import hookimpl\n@hookimpl\ndef dualgap_solver():\n    return {}", "dualgap_solvers"),
    "arguments": ("from dualgap import hookimpl\n@hookimpl\ndef dualgap_choices(task):\n    return []", "task"),
    "empty": ("x = 1", "defines no dualgap hook"),
    "notasolver": (
        "from dualgap import hookimpl\n@hookimpl\ndef dualgap_solvers():\n    return {'a': dict}",
        "subclass",
    ),
    "notabridge": ("from dualgap import hookimpl\n@hookimpl\ndef dualgap_bridges():\n    return {'a': 3}", "Bridge"),
    "interface": (solver_code("future").replace("summary =", "api = 99; summary ="), "plugin interface 99"),
    "nameless": (solver_code("").replace('{"":', '{"some":'), "needs a class variable 'name'"),
    "renamed": (solver_code("one").replace('{"one":', '{"two":'), "offered as 'two', but its name is 'one'"),
    "formless": (solver_code("formless").replace("(MixedIntegerProgram,)", "()"), "'accepts'"),
    "text": (solver_code("text").replace("summary =", "requires = ('numpy'); summary ="), "'requires'"),
    "traits": (solver_code("traits").replace("summary =", "traits = {'exact'}; summary ="), "'traits'"),
    "undecorated": (
        solver_code("undecorated")
        .replace("@dataclass(frozen=True)\n", "")
        .replace("summary =", "depth: int = 3; summary ="),
        "decorated",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_listed_and_the_others_work(name: str, install: Install, capsys: Any) -> None:
    code, said = BROKEN[name]
    install(name, "print('hello from a plugin')\n" + code if name != "syntax" else code)
    install("working", solver_code("works"))
    registry = Registry()
    registry.solver("works")
    registry.solver("highs")
    assert said in registry.plugins[name].error
    assert "\n" not in registry.plugins[name].error
    assert "Traceback" in registry.plugins[name].detail or "Error" in registry.plugins[name].detail
    assert not registry.plugins["working"].error
    assert not registry.plugins["dualgap"].error
    assert capsys.readouterr().out == ""


def test_using_what_a_broken_plugin_offers_says_whose_fault_it_is(install: Install) -> None:
    install("interface", BROKEN["interface"][0])
    with pytest.raises(NoRouteError, match=r"'future' of plugin interface can't be used: .*plugin interface 99"):
        Registry().solver("future")


def test_an_unknown_solver_mentions_broken_plugins(install: Install) -> None:
    install("import", BROKEN["import"][0])
    with pytest.raises(UsageError, match=r"no solver 'hihgs'; did you mean highs.*broken plugins.*import"):
        Registry().solver("hihgs")


def test_strings_are_imported_when_they_are_used(install: Install, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "late_plugin.py").write_text("print('imported')\n" + SOLVER.format(name="late", cls="Late"))
    install(
        "lazy",
        """
        from dualgap import hookimpl
        @hookimpl
        def dualgap_solvers():
            return {"late": "late_plugin:Late", "gone": "late_plugin:Gone", "odd": "late_plugin"}
        """,
    )
    registry = Registry()
    assert capsys.readouterr().err == ""
    assert registry.solver("late").name == "late"
    assert capsys.readouterr() == ("", "imported\n")
    assert not registry.plugins["lazy"].error
    registry.inspect()
    assert "Gone" in registry.plugins["lazy"].error
    with pytest.raises(NoRouteError, match="module:attribute"):
        registry.solver("odd")


def test_a_clash_with_a_built_in_leaves_the_built_in_working(install: Install) -> None:
    install("greedyone", solver_code("highs"))
    registry = Registry()
    assert registry.solver("highs").__module__ == "dualgap.solvers.highs"
    assert registry.plugins["greedyone"].clashes == ["'highs' is already offered by dualgap"]


def test_two_third_party_plugins_with_one_name_lose_it_to_each_other(install: Install) -> None:
    install("first", solver_code("same") + SOLVER.format(name="other", cls="Other"))
    install("second", solver_code("same"))
    registry = Registry()
    with pytest.raises(UsageError, match="'same' is offered by both first and second"):
        registry.solver("same")
    assert registry.plugins["first"].clashes
    assert registry.plugins["second"].clashes
    assert registry.solver("highs")


def test_a_disputed_bridge_is_left_out(install: Install) -> None:
    bridge = """
        from dualgap import Bridge, MixedIntegerProgram, Relation, hookimpl
        @hookimpl
        def dualgap_bridges():
            return {"same": Bridge("same", MixedIntegerProgram, MixedIntegerProgram, Relation.EXACT, None)}
        """
    install("first", bridge)
    install("second", bridge)
    assert "same" not in {found.name for found in Registry().all_bridges()}


def test_distributions_with_one_entry_point_name_are_both_listed(install: Install) -> None:
    install("one", solver_code("one"), point="shared")
    install("two", solver_code("two"), point="shared")
    install("sly", solver_code("sly"), point="dualgap")
    registry = Registry()
    assert {"shared", "shared (two)", "dualgap (sly)"} <= set(registry.plugins)
    assert registry.solver("one")
    assert registry.solver("two")


def test_the_environment_chooses_plugins(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("red", "green", "blue"):
        install(name, solver_code(name))
    for chosen, found in {"": set(), "red": {"red"}, "red, blue,": {"red", "blue"}}.items():
        monkeypatch.setenv("DUALGAP_PLUGINS", chosen)
        registry = Registry()
        assert {"red", "green", "blue"} & set(registry.solvers) == found
        assert "highs" in registry.solvers
    monkeypatch.setenv("DUALGAP_PLUGINS", "purple")
    assert "not installed; installed: blue, green, red" in Registry().plugins["purple"].error


def test_versions_and_sources_are_known(install: Install) -> None:
    install("versioned", solver_code("versioned"), version="3.4")
    plugin = Registry().plugins["versioned"]
    assert (plugin.version, plugin.source) == ("3.4", "versioned_plugin")


CHOICES = """
from dualgap import Choice, hookimpl

@hookimpl
def dualgap_choices({argument}):
    return {result}
"""


def test_choices_of_plugins_come_before_those_of_the_built_ins(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("axis", CHOICES.format(argument="problem", result='[Choice("highs", problem.kind)]'))
    install("bard", CHOICES.format(argument="", result='[Choice("cbc", "no argument needed")]'))
    install("none", CHOICES.format(argument="problem", result="None"))
    registry = Registry()
    built_in = registry._implementations("dualgap_choices", "dualgap")
    monkeypatch.setattr(built_in[0], "function", lambda problem: [Choice("greedy", "built in")])
    assert [choice.reason for choice in registry.choices(KNAPSACK)] == ["knapsack", "no argument needed", "built in"]


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ('["highs"]', "expected"),
        ('[Choice("nobody", "")]', "no solver 'nobody'"),
        ("7", ""),
    ],
)
def test_choices_that_fail_leave_the_others_standing(
    result: str, said: str, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("faulty", CHOICES.format(argument="problem", result=result))
    install("sound", CHOICES.format(argument="problem", result='[Choice("highs", "sound")]'))
    registry = Registry()
    built_in = registry._implementations("dualgap_choices", "dualgap")
    monkeypatch.setattr(built_in[0], "function", lambda problem: [])
    assert [choice.reason for choice in registry.choices(KNAPSACK)] == ["sound"]
    assert said in registry.plugins["faulty"].error
    assert registry.plugins["faulty"].error


# --plugin ./mine.py.
def test_a_file_with_classes_only(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(SOLVER.format(name="mine", cls="Mine"))
    registry = Registry(third_party=False)
    registry.load_path(file)
    registry.load_path(file)
    assert registry.solver("mine").name == "mine"
    assert registry.paths == [str(file)]
    assert not registry.is_local("mine")


def test_files_of_one_name_in_two_folders(tmp_path: Path) -> None:
    registry = Registry(third_party=False)
    for name in ("left", "right"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.py").write_text(SOLVER.format(name=name, cls="Mine"))
        registry.load_path(tmp_path / name / "mine.py")
    assert registry.solver("left") is not registry.solver("right")
    assert len(registry.plugins) == 3


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def (", "SyntaxError"),
        ("x = 1", "defines no dualgap hook"),
        (SOLVER.format(name="highs", cls="Mine"), "'highs' is already offered by dualgap"),
        (SOLVER.format(name="fine", cls="Mine") + "\n    api = 2", "plugin interface 2"),
        (SOLVER.format(name="fine", cls="A") + SOLVER.format(name="highs", cls="B"), "already offered"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_an_error_and_leaves_nothing(code: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(code)
    registry = Registry(third_party=False)
    with pytest.raises(UsageError, match=said):
        registry.load_path(tmp_path / "mine.py")
    assert "fine" not in registry.solvers
    assert list(registry.plugins) == ["dualgap"]
    assert registry.paths == []


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        Registry(third_party=False).load_path(tmp_path / "nowhere.py")


# dualgap.register.
@dataclass(frozen=True)
class Mine(dualgap.Solver):
    name: ClassVar[str] = "mine"
    accepts: ClassVar[tuple[type, ...]] = (dualgap.Knapsack,)
    depth: int = 1

    def solve(self, form: Any, ctx: Any) -> dualgap.Claim:
        return dualgap.Claim(point=form.trivial(), feasible=True)


def test_registering_again_replaces() -> None:
    registry = Registry(third_party=False)
    assert registry.register(Mine) is Mine
    object_ = registry.register(Mine(depth=2))
    assert registry.solver("mine") is object_
    assert registry.is_local("mine")
    assert LOCAL in registry.plugins


def test_register_takes_problem_classes() -> None:
    class Sack(dualgap.Knapsack):
        kind = "sack"

    registry = Registry(third_party=False)
    registry.register(Sack)
    assert registry.problem_kinds()["sack"] is Sack


@pytest.mark.parametrize(
    "thing", [3, dict, KNAPSACK, dualgap.Solver, dualgap.Problem, type("Bad", (Mine,), {"api": 7})]
)
def test_register_refuses_what_it_cannot_use(thing: Any) -> None:
    with pytest.raises(UsageError):
        Registry(third_party=False).register(thing)


def test_register_refuses_a_name_that_is_taken() -> None:
    with pytest.raises(UsageError, match=r"'highs' is offered by dualgap; .*Taken needs another name"):
        Registry(third_party=False).register(type("Taken", (Mine,), {"name": "highs"}))
