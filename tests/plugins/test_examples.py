"""The plugins under ``examples/plugins``, built and installed: all of them, one of them broken on purpose, and none."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from scipy.io import loadmat

import dualgap
import dualgap.testing
from dualgap.cli import main
from dualgap.plugins.registry import Registry, using
from dualgap.study.sections import sections

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples" / "plugins").glob("*/pyproject.toml"))
SOLVERS = {
    "dualgap-coind": {"closed-form@coind", "penalty@coind", "dual-ascent@coind", "network@coind"},
    "dualgap-mpax": {"pdhg@mpax"},
    "dualgap-prompts": {
        "enumeration@prompts",
        "gumbel@prompts",
        "gumbel-soft@prompts",
        "coordinate@prompts",
        "random@prompts",
        "lora@prompts",
        "lora-dual@prompts",
    },
    "dualgap-scipy": {
        "milp@scipy",
        "linprog@scipy",
        "slsqp@scipy",
        "trust-constr@scipy",
        "differential-evolution@scipy",
    },
}

KIND = "conditional-independence"
SPEC = {"kind": KIND, "shares": [[1, 1], [1, 0]], "draws": 100}
ASK = """kind = "prompt-attack"
generate = {size = 20, seed = 0, vocabulary = 3, length = 2, width = 4, layers = 1, heads = 1, steps = 0}
"""
MISLEADING = "a low one does not mean that the unseen pair comes out right"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for ``sys.path`` with every example, built by setuptools without network."""
    folder = tmp_path_factory.mktemp("plugins")
    sources = [folder / path.name for path in EXAMPLES]
    for path, source in zip(EXAMPLES, sources):
        shutil.copytree(path, source, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    target = folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*pip, "--target", target, *sources], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def on_path(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the installed plugins on ``sys.path``, for one test to spoil; their modules go afterwards."""
    site = tmp_path / "site"
    shutil.copytree(installed, site)
    monkeypatch.delenv("DUALGAP_PLUGINS", raising=False)
    monkeypatch.syspath_prepend(site)
    before = set(sys.modules)
    yield site
    for name in set(sys.modules) - before:
        if name.startswith("dualgap_"):
            del sys.modules[name]


def third_party(known: Registry) -> dict[str, set[str]]:
    """Names of solvers by the plugin that offers them, without the built-ins."""
    found: dict[str, set[str]] = {}
    for name, entry in known.solvers.items():
        if entry.plugin != "dualgap":
            found.setdefault(entry.plugin, set()).add(name)
    return found


def test_every_example_is_in_the_matrix() -> None:
    assert {path.name for path in EXAMPLES} == set(SOLVERS)


@pytest.mark.parametrize("path", [*EXAMPLES, ROOT / "dualgap" / "plugins" / "templates"], ids=lambda path: path.name)
def test_only_public_names_are_used(path: Path) -> None:
    sources = [source for source in (*path.rglob("*.py"), *path.rglob("*.py.tmpl")) if "packaged" not in source.name]
    assert sources
    for source in sources:
        text = source.read_text(encoding="utf-8").replace("$module", "own").replace("$name", "own")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "dualgap":
                assert node.module in ("dualgap", "dualgap.testing"), f"{source.name}: {node.module}"
                public = dualgap.__all__ if node.module == "dualgap" else dualgap.testing.__all__
                assert {alias.name for alias in node.names} <= set(public), f"{source.name}, line {node.lineno}"
            if isinstance(node, ast.Import):
                assert not [alias.name for alias in node.names if alias.name.startswith("dualgap.")]


def test_with_the_plugins_their_solvers_are_there(on_path: Path) -> None:
    known = Registry()
    known.inspect()
    assert third_party(known) == SOLVERS
    assert known.exporters["mat"].plugin == "dualgap-scipy"
    assert known.problems[KIND].plugin == "dualgap-coind"
    assert {name: known.plugins[name].error for name in SOLVERS} == dict.fromkeys(SOLVERS, "")
    with using(known):
        problem = dualgap.Knapsack.generate(12, 0)
        run = dualgap.solve(problem, "milp@scipy", isolate=False)
        assert run.certificate.value == dualgap.solve(problem, "highs", isolate=False).certificate.value
        chosen = dualgap.solve(SPEC, isolate=False)
        assert (chosen.solver, chosen.certificate.verdict) == ("closed-form@coind", "optimal")
        alone = dualgap.solve({**SPEC, "pinned": False}, "closed-form@coind", isolate=False)
        page = sections(chosen.problem, [chosen, alone])
        assert MISLEADING in page
        assert page.index("is composed") < page.index("is elsewhere")
        assert MISLEADING not in sections(problem, [run])


def test_a_plugin_without_its_backend_says_what_to_install(on_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "mpax" else there(name, *rest))
    with using(Registry()), pytest.raises(dualgap.NoRouteError, match="mpax"):
        dualgap.solve(dualgap.IntegerProgram(minimize={"x": 1}, rows={}), "pdhg@mpax", isolate=False)


@pytest.mark.parametrize("place", ["__init__.py", "programs.py"])
def test_with_one_broken_the_others_and_the_built_ins_stay(place: str, on_path: Path) -> None:
    (on_path / "dualgap_scipy" / place).write_text("import a_module_that_is_not_there\n")
    known = Registry()
    known.inspect()
    assert "a_module_that_is_not_there" in known.plugins["dualgap-scipy"].error
    for other in SOLVERS.keys() - {"dualgap-scipy"}:
        assert third_party(known)[other] == SOLVERS[other]
    with using(known):
        assert dualgap.solve(dualgap.Knapsack.generate(12, 0), "highs", isolate=False).certificate.feasible
        with pytest.raises((dualgap.UsageError, dualgap.NoRouteError), match="dualgap-scipy"):
            dualgap.solve(dualgap.Knapsack.generate(12, 0), "milp@scipy", isolate=False)


def test_with_none_there_is_nothing_of_them(
    on_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DUALGAP_PLUGINS", "")
    assert third_party(Registry()) == {}
    assert "mat" not in Registry().exporters
    assert KIND not in Registry().problems
    assert set(Registry().sections) == {"measures"}
    with using(Registry()):
        assert main(["--help"]) == 0
        assert main(["prompts", "show", "ask.toml"]) == 2
    shown = capsys.readouterr()
    assert "prompts" not in shown.out
    assert "No such command 'prompts'" in shown.err
    monkeypatch.delenv("DUALGAP_PLUGINS")
    shutil.rmtree(on_path)
    assert not third_party(Registry()).keys() & SOLVERS.keys()


def test_the_command_line_lists_and_runs_them(installed: Path, tmp_path: Path) -> None:
    """In processes of their own: the parent's registry and the worker's find the same plugin."""
    path = os.pathsep.join(filter(None, [str(installed), os.environ.get("PYTHONPATH", "")]))
    own = {name: value for name, value in os.environ.items() if name != "DUALGAP_PLUGINS"} | {"PYTHONPATH": path}

    def cli(*arguments: str) -> str:
        command = [sys.executable, "-m", "dualgap", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    listed = {plugin["name"]: plugin for plugin in json.loads(cli("plugins", "list", "--json"))}
    for name, solvers in SOLVERS.items():
        assert set(listed[name]["offers"]["solvers"]) == solvers
        assert (listed[name]["distribution"], listed[name]["version"]) == (name, "0.1.0")
        more = {
            "dualgap-scipy": ["dualgap_exporters"],
            "dualgap-coind": ["dualgap_choices", "dualgap_problems", "dualgap_sections"],
            "dualgap-prompts": ["dualgap_choices", "dualgap_commands", "dualgap_problems"],
        }
        assert listed[name]["hooks"] == sorted([*more.get(name, []), "dualgap_solvers"])
    (tmp_path / "bag.toml").write_text('kind = "knapsack"\nvalues = [10, 13, 7]\nweights = [3, 4, 2]\ncapacity = 7\n')
    run = json.loads(cli("solve", "bag.toml", "-s", "milp@scipy", "--json"))
    assert (run["certificate"]["value"], run["isolated"]) == (23, True)
    cli("solve", "bag.toml", "-s", "highs", "-o", "run.json")
    cli("export", "run.json", "--to", "mat", "-o", "answer.mat")
    assert "Of the plugin dualgap-prompts." in cli("--help")
    (tmp_path / "ask.toml").write_text(ASK)
    unfair = json.loads(cli("solve", "ask.toml", "--json", "-o", "asked.json"))
    shown = cli("prompts", "show", "asked.json", "-n", "1").splitlines()[1]
    assert shown.startswith(" ".join(unfair["answer"]["words"]))
    assert f"{unfair['certificate']['value']:.3g}" in shown
    text = (ROOT / "examples" / "plugins" / "dualgap-coind" / "README.md").read_text(encoding="utf-8")
    (tmp_path / "pairs.toml").write_text(text.partition("```toml\n")[2].partition("```")[0])
    shown, said = " ".join(text.split()), json.loads(cli("solve", "pairs.toml", "--json"))
    assert said["certificate"]["statement"] in shown
    measures = said["certificate"]["metrics"]["all"]
    assert all(f"{name} {value:.4g} " in shown for name, value in measures.items())
    packed = loadmat(tmp_path / "answer.mat")["items"][0, 0]
    assert {name: int(packed[name].item()) for name in packed.dtype.names} == {"x0": 1, "x1": 1}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dualgap-mpax", "dualgap-coind", "dualgap-prompts"])
def test_the_commands_of_its_page_run(name: str, installed: Path, tmp_path: Path) -> None:
    """The page of dualgap-scipy builds its own package, and is run as pages are."""
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for title, body in re.findall(r'^```toml title="([^"]+)"\n(.*?)^```$', page, re.M | re.S):
        (tmp_path / title).write_text(body, encoding="utf-8")
    (block,) = re.findall(r"^```sh\n(.*?)^```$", page, re.M | re.S)
    install, *commands = block.splitlines()
    assert install == f"pip install -e examples/plugins/{name}"  # which ``installed`` stands for
    assert commands
    path = os.pathsep.join(filter(None, [str(installed), os.environ.get("PYTHONPATH", "")]))
    env = {**os.environ, "PYTHONPATH": path, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for command in commands:
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, command + done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("dualgap-scipy", "Milp or Linprog or test_problems"),  # the contract of the others takes most of a minute
        ("dualgap-mpax", ""),
        ("dualgap-coind", "not test_the_network_composes"),
        ("dualgap-prompts", "test_prompts or kinds or enumeration"),  # the other solvers compile for long
    ],
)
def test_an_example_passes_its_own_tests(name: str, chosen: str, installed: Path, tmp_path: Path) -> None:
    path = os.pathsep.join(filter(None, [str(installed), os.environ.get("PYTHONPATH", "")]))
    own = next(example for example in EXAMPLES if example.name == name)
    shutil.copytree(own / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(own / "pyproject.toml", tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "-k", chosen, "tests"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout
