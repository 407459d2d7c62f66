"""``dualgap plugins check PATH``: what a plugin offers, and whether it keeps to the contract."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from dualgap.core.errors import DualgapError, UsageError
from dualgap.plugins.registry import BUILT_IN, GROUP, TABLES, Entry, Registry, using
from dualgap.testing.bridges import examine_bridge
from dualgap.testing.pipeline import small_instances
from dualgap.testing.problems import examine_problem
from dualgap.testing.report import Report, Row, ensure, run_checks
from dualgap.testing.solvers import examine_solver


def check(path: str | Path) -> Report:
    """Examines a plugin by itself, beside the built-ins only.

    Args:
        path: a Python file, or the folder of a package whose ``pyproject.toml`` has the entry-point group ``dualgap``.
            It needn't be installed.

    Raises:
        UsageError: there is nothing of the kind at ``path``.
    """
    place = Path(path).resolve()
    if not place.exists():
        raise UsageError(f"{path}: no such file or folder")
    if place.is_dir() and not (place / "pyproject.toml").is_file():
        raise UsageError(f"{path} has no pyproject.toml; name a package's folder or a Python file")
    with using(Registry(third_party=False)) as alone:
        if place.is_file():
            rows = run_checks("loading", [("the file loads", lambda: _said(partial(alone.load_path, path)))])
            return _examined(path, alone, rows)
        with _importable(place):
            points = _entry_points(place)
            rows = run_checks("loading", [("pyproject.toml names entry points", lambda: _named(points))])
            loads = [
                (f"{name} = {target}", partial(_said, partial(alone.load_module, name, target)))
                for name, target in points.items()
            ]
            rows += run_checks("loading", loads)
            return _examined(path, alone, rows)


def _examined(path: str | Path, alone: Registry, rows: tuple[Row, ...]) -> Report:
    """Looks at everything that isn't a built-in."""
    offers: list[str] = []
    for kind in TABLES:
        for entry in [one for one in getattr(alone, kind).values() if one.plugin != BUILT_IN]:
            offered = f"{kind.removesuffix('s')} {entry.name}"
            rows += run_checks(offered, [("it can be imported", partial(_said, entry.resolve))])
            report = _report(entry) if rows[-1].passed else Report("", ())
            rows += report.rows
            offers.append("; ".join([offered, *report.offers]))
    rows += run_checks("choices", [("dualgap_choices answers for every problem", lambda: _choices(alone))])
    return Report(f"plugin at {path}", rows, tuple(offers))


def _report(entry: Entry) -> Report:
    if entry.kind == "solvers":
        return examine_solver(entry.resolve())
    if entry.kind == "problems":
        return examine_problem(entry.resolve())
    if entry.kind == "bridges":
        return examine_bridge(entry.resolve())
    return Report("", ())


def _said(action: Callable[[], Any]) -> None:
    """Runs it; an error that dualgap raises on purpose is a failed check in its own words."""
    try:
        action()
    except DualgapError as error:
        raise AssertionError(str(error)) from None


def _choices(alone: Registry) -> str | None:
    for kind in alone.problems:
        for problem in small_instances(alone.problem_kinds()[kind])[:1]:
            alone.choices(problem)
    wrong = [f"{name}: {plugin.error}" for name, plugin in alone.plugins.items() if plugin.error and name != BUILT_IN]
    ensure(not wrong, "; ".join(wrong))
    return None


def _named(points: dict[str, str]) -> str:
    ensure(bool(points), f'add [project.entry-points.{GROUP}] with name = "package.module"')
    return ", ".join(points)


def _entry_points(folder: Path) -> dict[str, str]:
    """The entry points of the group ``dualgap``.

    Raises:
        UsageError: the file isn't TOML.
    """
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{folder / 'pyproject.toml'}: {error}") from None
    return {str(name): str(target) for name, target in project.get("entry-points", {}).get(GROUP, {}).items()}


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """The folder's packages first on the import path, an installed copy of them out of the way."""
    source = folder / "src" if (folder / "src").is_dir() else folder
    tops = {target.partition(":")[0].partition(".")[0] for target in _entry_points(folder).values()}
    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in tops}
    for name in kept:
        del sys.modules[name]
    sys.path.insert(0, str(source))
    try:
        yield
    finally:
        sys.path.remove(str(source))
        for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
            del sys.modules[name]
        sys.modules.update(kept)
