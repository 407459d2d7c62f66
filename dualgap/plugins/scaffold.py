"""``dualgap plugins new``: a small package with a solver, a problem and tests, or one around a file of yours."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import dualgap
from dualgap.core.errors import UsageError
from dualgap.plugins.registry import BUILT_IN, Registry
from dualgap.plugins.sources import local_name

_FILES = {
    "pyproject.toml.tmpl": "pyproject.toml",
    "README.md.tmpl": "README.md",
    "example.toml.tmpl": "example.toml",
    "init.py.tmpl": "{module}/__init__.py",
    "solver.py.tmpl": "{module}/solver.py",
    "problem.py.tmpl": "{module}/problem.py",
    "test_plugin.py.tmpl": "tests/test_plugin.py",
}
_PACKAGED = {
    "pyproject.toml.tmpl": "pyproject.toml",
    "packaged_readme.md.tmpl": "README.md",
    "packaged_init.py.tmpl": "{module}/__init__.py",
    "packaged_test.py.tmpl": "tests/test_plugin.py",
}
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def create(name: str, folder: Path) -> list[Path]:
    """Writes the package ``folder/name`` and returns its files; nothing is overwritten.

    The plugin offers a solver and a problem kind, both called ``name``.

    Raises:
        UsageError: the name can't be one of a package, is taken, or the folder exists.
    """
    module = _module(name)
    built_in = Registry(third_party=False)
    if name in built_in.solvers or name in built_in.problems:
        raise UsageError(f"{name!r} is a built-in; take another name")
    fields = {"name": name, "module": module, "package": module, "version": dualgap.__version__}
    return _write(
        Path(folder) / name, {place.format(module=module): _filled(one, fields) for one, place in _FILES.items()}
    )


def package(file: Path, folder: Path, name: str = "") -> list[Path]:
    """Writes a package around a plugin's file, ``--plugin``'s: the file itself, hooks for its classes, and their tests.

    Args:
        file: with classes, or with hooks of its own, which stay as they are.
        folder: where the package goes.
        name: of the distribution; the file's own by default.

    Raises:
        UsageError: the file can't be loaded, or there can be no package of that name.
    """
    name = name or file.stem.lower().replace("_", "-")
    module = _module(name, but=file)
    alone = Registry(third_party=False)
    alone.load_path(file)
    own = [plugin for plugin in alone.plugins.values() if plugin.name != BUILT_IN]
    things = _things(alone, vars(sys.modules[local_name(file.resolve())]))
    where = f"{module}.{file.stem}"
    fields = {
        "name": name,
        "module": where if own[0].hooks else module,
        "package": module,
        "version": dualgap.__version__,
        "offers": "\n".join(f"- {thing.kind.removesuffix('s')} `{thing.name}`" for thing in things),
        "hooks": "\n\n\n".join(_hook(kind, where, things) for kind in sorted({thing.kind for thing in things})),
        "checks": ", ".join(sorted({thing.check for thing in things})),
        "attributes": ", ".join(sorted(thing.attribute for thing in things)),
        "where": where,
        "tests": "\n\n\n".join(thing.test for thing in things),
    }
    texts = {place.format(module=module): _filled(one, fields) for one, place in _PACKAGED.items()}
    if own[0].hooks:
        texts[f"{module}/__init__.py"] = f'"""A plugin of dualgap; its hooks are in ``{where}``."""\n'
    texts[f"{module}/{file.stem}.py"] = file.read_text(encoding="utf-8")
    return _write(Path(folder) / name, texts)


@dataclass(frozen=True)
class _Thing:
    """Something that a file offers, and what it is called there."""

    kind: str
    name: str
    attribute: str

    @property
    def check(self) -> str:
        return f"check_{self.kind.removesuffix('s')}"

    @property
    def test(self) -> str:
        words = re.sub(r"\W+", "_", self.name)
        return f"def test_{words}_keeps_to_the_contract() -> None:\n    {self.check}({self.attribute})"


def _things(alone: Registry, module: Mapping[str, Any]) -> list[_Thing]:
    """The solvers, problems and bridges of a file.

    Raises:
        UsageError: a hook of it names something by a text, which would mean another module in a package.
    """
    attributes = {id(value): name for name, value in module.items()}
    found = []
    for kind in ("bridges", "problems", "solvers"):
        for entry in getattr(alone, kind).values():
            if entry.plugin == BUILT_IN:
                continue
            if id(entry.target) not in attributes:
                raise UsageError(
                    f"the hook dualgap_{kind} gives {entry.target!r} for {entry.name!r}: name what is in the file"
                )
            found.append(_Thing(kind, entry.name, attributes[id(entry.target)]))
    return found


def _hook(kind: str, where: str, things: Sequence[_Thing]) -> str:
    listed = ", ".join(f'"{one.name}": "{where}:{one.attribute}"' for one in things if one.kind == kind)
    return f"@hookimpl\ndef dualgap_{kind}() -> dict[str, str]:\n    return {{{listed}}}"


def _filled(template: str, fields: Mapping[str, str]) -> str:
    text = files("dualgap.plugins").joinpath("templates", template).read_text(encoding="utf-8")
    return Template(text).substitute(fields)


def _write(root: Path, texts: Mapping[str, str]) -> list[Path]:
    """Writes the files, all of them or none.

    Raises:
        UsageError: the folder exists.
    """
    if root.exists():
        raise UsageError(f"{root} is there already; nothing is overwritten: take another name or folder")
    for place, text in texts.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(text, encoding="utf-8")
    return [root / place for place in texts]


def _module(name: str, but: Path | None = None) -> str:
    """The importable name; a module in the file ``but`` may have it.

    Raises:
        UsageError: it isn't one, or something else has it.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a plugin: take lower-case letters, digits and hyphens, as in my-solver"
        )
    module = name.replace("-", "_")
    taken = keyword.iskeyword(module) or module in sys.stdlib_module_names
    there = None if taken else importlib.util.find_spec(module)
    if taken or (there is not None and (but is None or there.origin != str(but.resolve()))):
        raise UsageError(f"Python has a module {module!r} already; take another name")
    return module
