"""``dualgap plugins new NAME``: a small installable package with a solver, a problem and tests."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
from importlib.resources import files
from pathlib import Path
from string import Template

import dualgap
from dualgap.core.errors import UsageError
from dualgap.plugins.registry import Registry

_FILES = {
    "pyproject.toml.tmpl": "pyproject.toml",
    "README.md.tmpl": "README.md",
    "example.toml.tmpl": "example.toml",
    "init.py.tmpl": "{module}/__init__.py",
    "solver.py.tmpl": "{module}/solver.py",
    "problem.py.tmpl": "{module}/problem.py",
    "test_plugin.py.tmpl": "tests/test_plugin.py",
}
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def create(name: str, folder: Path) -> list[Path]:
    """Writes the package ``folder/name`` and returns its files; nothing is overwritten.

    The plugin offers a solver and a problem kind, both called ``name``.

    Raises:
        UsageError: the name can't be one of a package, is taken, or the folder exists.
    """
    module = _module(name)
    root = Path(folder) / name
    if root.exists():
        raise UsageError(f"{root} is there already; nothing is overwritten: take another name or folder")
    fields = {"name": name, "module": module, "version": dualgap.__version__}
    written = []
    for template, place in _FILES.items():
        path = root / place.format(module=module)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = files("dualgap.plugins").joinpath("templates", template).read_text(encoding="utf-8")
        path.write_text(Template(text).substitute(fields), encoding="utf-8")
        written.append(path)
    return written


def _module(name: str) -> str:
    """The importable name.

    Raises:
        UsageError: it isn't one, or something else has it.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a plugin: take lower-case letters, digits and hyphens, as in my-solver"
        )
    module = name.replace("-", "_")
    built_in = Registry(third_party=False)
    if name in built_in.solvers or name in built_in.problems:
        raise UsageError(f"{name!r} is a built-in; take another name")
    if keyword.iskeyword(module) or module in sys.stdlib_module_names or importlib.util.find_spec(module) is not None:
        raise UsageError(f"Python has a module {module!r} already; take another name")
    return module
