"""Reading plugins: a Python file as a module, what a hook returns, the classes of a module without hooks."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pluggy

from dualgap.core.problem import Problem
from dualgap.core.solver import Solver


def local_name(file: Path) -> str:
    """The module name of a Python file, one of its own."""
    return f"dualgap_local_{file.stem}_{hashlib.sha256(str(file).encode()).hexdigest()[:8]}"


def import_file(file: Path) -> Any:
    """The module in a Python file."""
    name = local_name(file)
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file.name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pydantic look their module up while it runs
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def called(implementation: pluggy.HookImpl, hook: str) -> dict[str, Any]:
    """The mapping that a hook returns."""
    offered: Any = implementation.function()
    if offered is None:
        return {}
    if not isinstance(offered, Mapping) or not all(isinstance(name, str) and name for name in offered):
        raise TypeError(f"{hook} returned {type(offered).__name__}, expected a mapping from names")
    return dict(offered)


def classes(module: Any) -> dict[str, dict[str, Any]]:
    """Solver and problem classes that a module without hooks defines."""
    classes = [
        item
        for item in vars(module).values()
        if isinstance(item, type) and item.__module__ == getattr(module, "__name__", None)
    ]
    solvers = {item.name: item for item in classes if issubclass(item, Solver) and item.name}
    problems = {item.kind: item for item in classes if issubclass(item, Problem) and item.kind}
    if not solvers and not problems:
        raise ImportError("it defines no dualgap hook, no Solver with a name and no Problem with a kind")
    return {"solvers": solvers, "problems": problems}
