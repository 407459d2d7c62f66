"""The plugin manager: what is installed, by name, resolved when it is first used; faults stay with their plugin."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pluggy

from dualgap.core.errors import NoRouteError, UsageError
from dualgap.core.problem import Problem
from dualgap.core.solver import Solver
from dualgap.core.views import Bridge
from dualgap.plugins import hookspecs

GROUP = "dualgap"
BUILT_IN = "dualgap"
LOCAL = "(registered here)"
API = 1


@dataclass
class Plugin:
    """One installed plugin: where it came from, and its error if it is broken."""

    name: str
    source: str
    version: str = ""
    error: str = ""
    clashes: list[str] = field(default_factory=list)


@dataclass
class Entry:
    """Something a plugin offers under a name."""

    name: str
    target: Any
    plugin: str
    rival: str = ""

    def resolve(self) -> Any:
        """The object itself, imported if need be.

        Raises:
            UsageError: two plugins offer the name.
            NoRouteError: the plugin's module can't be imported.
        """
        if self.rival:
            raise UsageError(f"{self.name!r} is offered by both {self.plugin} and {self.rival}; uninstall one of them")
        if isinstance(self.target, str):
            module, _, attribute = self.target.partition(":")
            try:
                self.target = getattr(importlib.import_module(module), attribute)
            except Exception as error:  # a plugin may raise anything at import; it must not take the rest along
                raise NoRouteError(f"{self.name!r} of plugin {self.plugin} can't be imported: {error!r}") from error
        return self.target


class Registry:
    """All plugins of this process. Third-party ones are chosen by ``DUALGAP_PLUGINS`` (names, or empty for none)."""

    def __init__(self, third_party: bool = True) -> None:
        self.plugins: dict[str, Plugin] = {}
        self.solvers: dict[str, Entry] = {}
        self.problems: dict[str, Entry] = {}
        self.bridges: dict[str, Entry] = {}
        self.readers: dict[str, Entry] = {}
        self.paths: list[str] = []
        self._manager = pluggy.PluginManager(hookspecs.NAME)
        self._manager.add_hookspecs(hookspecs)
        self._load_module("dualgap.plugins.builtin", BUILT_IN)
        if third_party:
            self._load_entry_points()

    # Loading.
    def _load_entry_points(self) -> None:
        wanted = os.environ.get("DUALGAP_PLUGINS")
        names = None if wanted is None else {name.strip() for name in wanted.split(",")}
        for point in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda point: point.name):
            if names is not None and point.name not in names:
                continue
            plugin = Plugin(point.name, point.value, point.dist.version if point.dist else "")
            self._guarded(plugin, point.load)

    def _load_module(self, module: str, name: str) -> None:
        self._guarded(Plugin(name, module), lambda: importlib.import_module(module))

    def load_path(self, path: str | Path) -> None:
        """Loads ``--plugin ./mine.py``: its hooks, or else every solver and problem class that it defines.

        Raises:
            UsageError: no such file, or it can't be imported.
        """
        file = Path(path).resolve()
        if not file.is_file():
            raise UsageError(f"--plugin {path}: no such file")
        name = f"dualgap_local_{file.stem}"
        if str(file) in self.paths:
            return
        plugin = Plugin(file.name, str(file))
        self._guarded(plugin, lambda: _import_file(name, file))
        if plugin.error:
            raise UsageError(f"--plugin {path} can't be loaded: {plugin.error.strip().splitlines()[-1]}")
        self.paths.append(str(file))

    def _guarded(self, plugin: Plugin, load: Callable[[], Any]) -> None:
        """Loads one plugin; whatever it raises is kept as its error."""
        self.plugins[plugin.name] = plugin
        try:
            module = load()
            self._manager.register(module, name=plugin.name)
            hooked = self._manager.get_hookcallers(module) or []
            called = {caller.name: self._call(caller.name, module) for caller in hooked}
            if not called:
                called = _offers(module)
            for kind in ("solvers", "problems", "bridges", "readers"):
                for name, target in dict(called.get(f"dualgap_{kind}") or {}).items():
                    self._offer(getattr(self, kind), plugin, name, target)
        except Exception:  # whatever a plugin raises is its own fault, shown by `plugins list`
            plugin.error = traceback.format_exc()

    def _call(self, hook: str, module: Any) -> Any:
        if hook == "dualgap_choices":
            return None
        return getattr(module, hook)()

    def _offer(self, table: dict[str, Entry], plugin: Plugin, name: str, target: Any) -> None:
        _check_api(name, target)
        known = table.get(name)
        if known is None or known.plugin == plugin.name:
            table[name] = Entry(name, target, plugin.name)
            return
        plugin.clashes.append(f"{name!r} is already offered by {known.plugin}")
        if known.plugin != BUILT_IN:
            known.rival = plugin.name

    def register(self, thing: Any) -> Any:
        """Registers a solver (class or instance) or a problem class of this process; returns it.

        Raises:
            UsageError: it is neither, or its name is taken.
        """
        cls = thing if isinstance(thing, type) else type(thing)
        if issubclass(cls, Solver):
            table, name = self.solvers, cls.name
        elif issubclass(cls, Problem):
            table, name = self.problems, cls.kind
        else:
            raise UsageError(f"register takes a Solver or a Problem, not {cls.__name__}")
        if not name:
            raise UsageError(f"{cls.__name__} needs a class variable {'name' if table is self.solvers else 'kind'!r}")
        known = table.get(name)
        if known is not None and known.plugin != LOCAL:
            raise UsageError(
                f"{name!r} is offered by {known.plugin}; {cls.__module__}.{cls.__qualname__} needs another name"
            )
        table[name] = Entry(name, thing, LOCAL)
        return thing

    # Looking up.
    def solver(self, name: str) -> Any:
        """The solver class (or registered instance) of a name; a bare engine takes its first interface.

        Raises:
            UsageError: unknown, with the nearest names.
        """
        return self.solvers[self.solver_name(name)].resolve()

    def solver_name(self, name: str) -> str:
        """The full name: ``cbc`` is ``cbc@pulp``."""
        if name in self.solvers:
            return name
        interfaces = [known for known in self.solvers if known.partition("@")[0] == name]
        if interfaces:
            return interfaces[0]
        raise UsageError(f"no solver {name!r}; {_nearest(name, self.solvers)}")

    def is_local(self, solver: str) -> bool:
        """Whether a solver exists in this process only."""
        return self.solvers[solver].plugin == LOCAL

    def problem_kinds(self) -> Mapping[str, type[Problem]]:
        """Problem classes by kind, imported when they are looked up."""
        return _Lazy(self.problems)

    def all_bridges(self) -> list[Bridge]:
        """Every bridge that can be imported; one that can't is left out and marked on its plugin."""
        found = []
        for entry in list(self.bridges.values()):
            try:
                found.append(entry.resolve())
            except NoRouteError as error:
                self.plugins[entry.plugin].error = str(error)
                del self.bridges[entry.name]
        return found

    def choices(self, problem: Problem) -> list[Any]:
        """What plugins would take for a problem, in the order of registration (built-ins last)."""
        found = self._manager.hook.dualgap_choices(problem=problem)
        return [choice for choices in found if choices for choice in choices]


class _Lazy(Mapping[str, type[Problem]]):
    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries

    def __getitem__(self, name: str) -> type[Problem]:
        resolved: type[Problem] = self._entries[name].resolve()
        return resolved

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def _import_file(name: str, file: Path) -> Any:
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file.name} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _offers(module: Any) -> dict[str, dict[str, Any]]:
    """Solver and problem classes that a module without hooks defines."""
    classes = [item for item in vars(module).values() if isinstance(item, type) and item.__module__ == module.__name__]
    solvers = {item.name: item for item in classes if issubclass(item, Solver) and item.name}
    problems = {item.kind: item for item in classes if issubclass(item, Problem) and item.kind}
    if not solvers and not problems:
        raise ImportError("it defines no dualgap hook, no Solver with a name and no Problem with a kind")
    return {"dualgap_solvers": solvers, "dualgap_problems": problems}


def _check_api(name: str, target: Any) -> None:
    api = getattr(target, "api", API)
    if isinstance(target, type) and api != API:
        raise TypeError(f"{name!r} is written for plugin interface {api}, this dualgap has {API}")


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"did you mean {', '.join(near)}?" if near else f"there are: {', '.join(sorted(known))}"


_registry: Registry | None = None


def registry() -> Registry:
    """The registry of this process, loaded at first use."""
    global _registry
    if _registry is None:
        _registry = Registry()
    return _registry
