"""The promise of docs/stability.md: its names are there, documented, and take what they took."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import warnings
from pathlib import Path
from typing import Any

import pytest

import dualgap
import dualgap.testing
from dualgap.core.errors import UsageError
from dualgap.plugins import entries, hookspecs
from dualgap.plugins.entries import solver_faults
from dualgap.plugins.registry import Registry

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "stability.md").read_text(encoding="utf-8")
PROMISED = json.loads((ROOT / "tests" / "promised.json").read_text(encoding="utf-8"))
"""Parameters and methods of every public name when it was promised; only ever added to."""

PUBLIC = {
    *(f"dualgap.{name}" for name in dualgap.__all__),
    *(f"dualgap.testing.{name}" for name in dualgap.testing.__all__),
}

CONTRACT = (dualgap.Solver, dualgap.Context, dualgap.Problem, dualgap.Set, dualgap.Batch, dualgap.Witness)
"""What plugins derive from, or call: their methods are promised too."""


def found(name: str) -> Any:
    module = dualgap.testing if name.startswith("dualgap.testing.") else dualgap
    return getattr(module, name.rpartition(".")[2])


def promised(thing: Any) -> dict[str, bool]:
    """What somebody may rely on: parameters, each with whether it must be given, and methods of the contract."""
    methods = [name for name in vars(thing) if not name.startswith("_")] if thing in CONTRACT else []
    return {**dict.fromkeys(methods, False), **parameters(thing)}


def parameters(thing: Any) -> dict[str, bool]:
    """The names that a call or a record takes, each with whether it must be given."""
    if isinstance(thing, type) and hasattr(thing, "model_fields"):
        return {name: field.is_required() for name, field in thing.model_fields.items()}
    if dataclasses.is_dataclass(thing):
        missing = dataclasses.MISSING
        return {
            item.name: item.default is missing and item.default_factory is missing for item in dataclasses.fields(thing)
        }
    if isinstance(thing, type) and issubclass(thing, str):
        return dict.fromkeys(thing.__members__, False)  # type: ignore[attr-defined]
    if inspect.isfunction(thing):
        given = inspect.signature(thing).parameters.values()
        return {one.name: one.default is one.empty and one.kind is not one.VAR_KEYWORD for one in given}
    return {}


def test_the_page_lists_the_public_names() -> None:
    tables, _, _ = PAGE.partition("## What staying means")
    first, _, second = tables.partition("From `dualgap.testing`")
    second, _, hooks = second.partition("And the hooks")
    listed = {f"dualgap.{name}" for name in _cells(first)} | {f"dualgap.testing.{name}" for name in _cells(second)}
    assert listed == PUBLIC
    assert set(re.findall(r"`(dualgap_\w+)`", hooks)) == {
        name for name in vars(hookspecs) if name.startswith("dualgap_")
    }


def _cells(text: str) -> list[str]:
    return [name for row in re.findall(r"^\| [^|]+ \| (`.+`) \|$", text, re.M) for name in re.findall(r"`(\w+)`", row)]


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_public_name_is_documented(name: str) -> None:
    thing = found(name)
    if isinstance(thing, type):
        assert vars(thing).get("__doc__"), "it has no docstring of its own"
    elif callable(thing) and not name.endswith(("Array", "Vector", "Matrix", "Number", "Options")):
        assert thing.__doc__


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_what_was_promised_is_still_taken(name: str) -> None:
    """A parameter that goes, or a new one that must be given, breaks somebody's plugin."""
    now = promised(found(name))
    assert set(PROMISED[name]) <= set(now)
    added = set(now) - set(PROMISED[name])
    assert not [one for one in added if now[one]], "a new parameter needs a default"


def test_every_public_name_is_promised() -> None:
    """A new name: add it to docs/stability.md, and its parameters to tests/promised.json."""
    assert set(PROMISED) == PUBLIC


def test_type_checkers_know_every_public_name() -> None:
    stub = (ROOT / "dualgap" / "__init__.pyi").read_text(encoding="utf-8")
    imported = re.findall(r"from (\S+) import (\w+)(?: as \2)?$", stub, re.M)
    renamed = {old: new for new, old in re.findall(r"^(\w+) = (\w+)$", stub, re.M)}
    typed = {renamed.get(name, name): (module, name) for module, name in imported}
    lazy = {name: target.partition(":") for name, target in dualgap._PUBLIC.items()}
    assert typed == {name: (module, attribute or name) for name, (module, _, attribute) in lazy.items()}


def test_a_name_that_moved_warns_and_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(dualgap._RENAMED, "Optimizer", ("Solver", "0.3"))
    with pytest.warns(DeprecationWarning, match=r"dualgap\.Solver now; the old name goes with 0\.3"):
        assert dualgap.Optimizer is dualgap.Solver


def _solver(api: Any) -> type[dualgap.Solver]:
    def solve(self: dualgap.Solver, form: Any, ctx: Any) -> dualgap.Claim:
        return dualgap.Claim()

    accepts = (dualgap.MixedIntegerProgram,)
    return type("Mine", (dualgap.Solver,), {"name": "mine", "accepts": accepts, "api": api, "solve": solve})


@pytest.mark.parametrize("api", [0, 2, "1", None, True, 1.0])
def test_an_interface_that_is_not_known_is_a_fault(api: Any) -> None:
    (fault,) = solver_faults(_solver(api))
    assert fault == f"written for plugin interface {api}, this dualgap has 1"
    bridge = dualgap.Bridge("b", dualgap.SmoothProgram, dualgap.SmoothProgram, dualgap.Relation.EXACT, id, api=api)
    with pytest.raises(TypeError, match="written for plugin interface"):
        entries.check_offer("bridges", "b", bridge)


def test_an_older_interface_works_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "API", 2)
    with pytest.warns(DeprecationWarning, match="plugin interface 1, which the next minor release drops; it is 2 now"):
        assert solver_faults(_solver(1)) == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert solver_faults(_solver(2)) == []


def test_a_module_with_hooks_has_a_number_too(tmp_path: Path) -> None:
    file = tmp_path / "hooks.py"
    file.write_text(
        "from dualgap import hookimpl\nDUALGAP_API = 7\n\n@hookimpl\ndef dualgap_solvers():\n    return {}\n"
    )
    with pytest.raises(UsageError, match="written for plugin interface 7, this dualgap has 1"):
        Registry(third_party=False).load_path(file)
